import { type AIPart, type AIProvider, type AIRequest, abortedError, RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { settle } from "../settle.ts";
import { aiConformance } from "./ai.ts";
import type { ConformanceCase } from "./case.ts";
import { CLOSE_DEFECTS, type Connections, HeldConnection, WARM_UP_DEFECTS } from "./close.fixture.ts";

/** What is wrong with a provider, and the case that must find it. */
const DEFECTS = {
  "has no name": "says truthfully",
  "warms up once only": "says truthfully",
  "answers in one piece": "answers in pieces",
  "yields empty text": "answers in pieces",
  "finishes twice": "answers in pieces",
  "does not finish": "answers in pieces",
  "goes on after finish": "answers in pieces",
  "counts half tokens": "answers in pieces",
  "says an answer was cut short": "answers in pieces",
  "yields a kind of part nobody knows": "answers in pieces",
  "answers the first message": "keeps to what it was given",
  "writes to the request": "keeps to what it was given",
  "fails on blank messages": "keeps to what it was given",
  "begins although aborted": "ends at once with `aborted`",
  "stops silently when aborted": "while it answers",
  "yields an error when aborted": "while it answers",
  "does not notice an abort": "while it answers",
  "is spent after an abort": "used again",
  "hangs when its reader stops": "stops when its reader does",
  "mixes answers up": "keeps concurrent answers apart",
  "never calls": "calls a tool",
  "gives arguments as text": "calls a tool",
  "calls without an id": "calls a tool",
  "says stop after calling": "calls a tool",
  "forgets its own data": "calls a tool",
  "survives its end": "ends what runs with `closed`",
  "goes on after its end": "refuses with `closed`",
  "throws when closed": "ends what runs with `closed`",
  "does not end what has only begun": "what has only begun",
  ...CLOSE_DEFECTS,
  ...WARM_UP_DEFECTS,
} as const;
type Defect = keyof typeof DEFECTS;

const tool = {
  definition: { name: "weather", description: "Tells the weather.", parameters: { type: "object" } },
  prompt: "weather in Oslo",
  matches: (args: unknown) => (args as { city?: unknown }).city === "Oslo",
  result: "rain",
};

/** Says back the last thing the user said, word by word; speaks of the weather after asking a tool. */
function echo(connections: Connections, defect?: Defect): AIProvider {
  const is = (name: Defect): boolean => defect === name;
  const closing = new AbortController();
  const connection = new HeldConnection(connections, defect, () => closing.abort());
  let warm = 0;
  let spent = false;
  let shared = "";

  async function* parts(request: AIRequest, signal: AbortSignal): AsyncGenerator<AIPart> {
    if (spent) throw new RoomKitError("spent", "spent");
    const users = request.messages.flatMap((message) => (message.role === "user" ? [message.content] : []));
    if (is("fails on blank messages") && users.includes("")) throw new RoomKitError("blank", "blank");
    if (is("writes to the request")) (request.messages as unknown[]).push({});
    const last = request.messages.at(-1);
    const text = (is("answers the first message") ? users[0] : users.at(-1)) ?? "";
    shared = text;
    await settle(1);
    if (request.tools && last?.role === "user" && !is("never calls")) {
      const args = { city: text.split(" ").at(-1) };
      yield {
        type: "tool-call",
        id: is("calls without an id") ? "" : "call-1",
        name: "weather",
        arguments: is("gives arguments as text") ? JSON.stringify(args) : args,
      };
      const reason = is("says stop after calling") ? "stop" : "tool-calls";
      yield {
        type: "finish",
        reason,
        ...(is("forgets its own data") ? {} : { providerData: { seen: ["signature"] } }),
      };
      return;
    }
    if (last?.role === "tool") {
      const before = request.messages.at(-2) as { providerData?: { seen?: unknown[] } };
      if (before.providerData?.seen?.[0] !== "signature") throw new RoomKitError("lost", "the signature is lost");
      yield { type: "text-delta", text: `The weather: ${last.content}` };
      yield { type: "finish", reason: "stop" };
      return;
    }
    const answer = is("mixes answers up") ? shared : text;
    const words = is("answers in one piece") ? [answer] : answer.split(/(?= )/);
    for (const word of words) {
      if (signal.aborted && !is("does not notice an abort")) throw abortedError(signal);
      yield { type: "text-delta", text: word };
    }
    if (is("yields empty text")) yield { type: "text-delta", text: "" };
    if (is("yields a kind of part nobody knows")) yield { type: "sigh" } as unknown as AIPart;
    const finish: AIPart = {
      type: "finish",
      reason: is("says an answer was cut short") ? "length" : "stop",
      usage: { inputTokens: is("counts half tokens") ? 1.5 : 1 },
    };
    if (!is("does not finish")) yield finish;
    if (is("finishes twice")) yield finish;
    if (is("goes on after finish")) yield { type: "text-delta", text: "more" };
  }

  async function* generate(request: AIRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<AIPart> {
    const closed: AIPart = { type: "error", error: new RoomKitError("closed", "closed") };
    if (closing.signal.aborted && !is("goes on after its end")) {
      if (is("throws when closed")) throw closed.error;
      yield closed;
      return;
    }
    if (signal.aborted && !is("begins although aborted")) throw abortedError(signal);
    if (is("does not end what has only begun")) {
      await settle(1);
      if (closing.signal.aborted) await new Promise(() => {});
    }
    try {
      for await (const part of parts(request, is("begins although aborted") ? new AbortController().signal : signal)) {
        yield part;
        if (signal.aborted && is("yields an error when aborted")) {
          yield { type: "error", error: new RoomKitError("aborted", "x") };
          return;
        }
        if (closing.signal.aborted && !is("survives its end")) {
          if (is("throws when closed")) throw closed.error;
          yield closed;
          return;
        }
      }
    } catch (error) {
      if (signal.aborted && is("is spent after an abort")) spent = true;
      if (signal.aborted && is("stops silently when aborted")) return;
      if (signal.aborted || is("throws when closed")) throw error;
      yield { type: "error", error: RoomKitError.from(error) };
    } finally {
      if (is("hangs when its reader stops")) await new Promise(() => {});
    }
  }

  return {
    name: is("has no name") ? "" : "echo",
    capabilities: { tools: true },
    generate,
    async warmUp() {
      if (is("warms up once only") && warm++ > 0) throw new Error("warm already");
      await connection.warmUp();
    },
    close: () => connection.close(),
  };
}

function conformance(defect?: Defect): ConformanceCase[] {
  const connections = { open: 0 };
  return aiConformance({
    create: () => echo(connections, defect),
    prompts: ["say alpha", "say beta"].map((text) => ({ text, matches: (answer: string) => answer === text })) as never,
    tool,
    patienceMs: 150,
    open: () => connections.open,
  });
}

describe("aiConformance", () => {
  for (const { name, run } of conformance()) it(`a sound provider ${name}`, run);

  it.each(Object.entries(DEFECTS))("finds one that %s", async (defect, finder) => {
    const failed: string[] = [];
    for (const { name, run } of conformance(defect as Defect)) {
      await run().catch(() => failed.push(name));
    }
    expect(failed.some((name) => name.includes(finder))).toBe(true);
  });

  it("passes one without tools and without close", async () => {
    const { name, generate } = echo({ open: 0 });
    const plain = { name, capabilities: { tools: false }, generate };
    const prompts = ["say alpha", "say beta"].map((text) => ({
      text,
      matches: (answer: string) => answer === text,
    })) as never;
    for (const { run } of aiConformance({ create: () => plain, prompts })) await run();
  });
});
