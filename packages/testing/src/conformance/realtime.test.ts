import {
  type AudioFormat,
  abortedError,
  Emitter,
  type RealtimeEvent,
  type RealtimeProvider,
  type RealtimeSession,
  RoomKitError,
} from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { settle } from "../settle.ts";
import { tone } from "../signals.ts";
import type { ConformanceCase } from "./case.ts";
import { CLOSE_DEFECTS, type Connections, HeldConnection } from "./close.fixture.ts";
import { realtimeConformance } from "./realtime.ts";

/** What is wrong with a provider, and the case that must find it. */
const DEFECTS = {
  "is at another rate than it says": "says truthfully",
  "says nothing aloud": "answers what is written",
  "gives several finals": "answers what is written",
  "sends audio after the end": "answers what is written",
  "never stops responding": "answers what is written",
  "has no clock": "frames whose clock",
  "answers what it is only told": "knows the history",
  "loses its tool results": "calls a tool",
  "calls the tool twice": "calls a tool",
  "does not stop": "stops at once",
  "forgets the second text": "texts that come in a row",
  "begins what was called off": "called off before it began",
  "calls off what comes after": "right after an interruption",
  "fails at a late result": "the result of a call that was called off",
  "throws when told nonsense": "takes every command",
  "says closed twice": "ends once",
  "talks on after closed": "ends once",
  "connects although aborted": "before it connects",
  "keeps listening to the signal": "lets go of the signal",
  "mixes sessions up": "keeps sessions apart",
  "dies of a listener": "a listener that throws",
  "calls listeners that have gone": "a listener that has gone",
  "leaves its sessions open": "ends what runs with `closed`",
  "is closed before its sessions are": "closes when it is told twice at once",
  "connects after its end": "refuses with `closed`",
  "leaves what is connecting": "what has only begun",
  ...CLOSE_DEFECTS,
} as const;
type Defect = keyof typeof DEFECTS;

const shared: { last: string } = { last: "" };

class ReferenceSession implements RealtimeSession {
  readonly id = "s";
  readonly inbound: AudioFormat = { sampleRate: 16_000, channels: 1 };
  readonly outbound: AudioFormat;
  responding = false;
  readonly #is: (defect: Defect) => boolean;
  readonly #events: Emitter<{ event: RealtimeEvent }>;
  readonly #gone: ((event: RealtimeEvent) => void)[] = [];
  #closed = false;
  #turn = 0;
  #interrupted = false;
  #call: string | undefined;
  #last = "";
  #count = 0;
  #calledOff = false;

  constructor(is: (defect: Defect) => boolean) {
    this.#is = is;
    this.outbound = { sampleRate: is("is at another rate than it says") ? 48_000 : 16_000, channels: 1 };
    this.#events = new Emitter(() => {
      if (is("dies of a listener")) this.#turn = -1;
    });
  }

  onEvent(listener: (event: RealtimeEvent) => void): () => void {
    const stop = this.#events.on("event", listener);
    return () => {
      stop();
      if (this.#is("calls listeners that have gone")) this.#gone.push(listener);
    };
  }

  sendAudio(): void {}
  activityStart(): void {}
  activityEnd(): void {}
  truncate(itemId: string): void {
    if (this.#is("throws when told nonsense") && itemId.startsWith("no such")) throw new Error("no such item");
  }

  interrupt(): void {
    if (!this.#is("does not stop")) this.#interrupted = true;
    this.#calledOff = true;
  }

  sendText(text: string, { respond = true }: { readonly respond?: boolean } = {}): void {
    if (text === "" || this.#closed || (this.#is("forgets the second text") && this.responding)) return;
    this.#last = text;
    if (respond || this.#is("answers what it is only told")) void this.#respond();
    shared.last = text;
  }

  submitToolResult(id: string, result: string): void {
    if (id !== this.#call) return;
    if (this.#calledOff && this.#is("fails at a late result")) {
      this.#emit({ type: "error", error: new RoomKitError("late", "too late"), fatal: false });
      return;
    }
    this.#call = undefined;
    this.#last = this.#is("loses its tool results") ? "result: none" : `result: ${result}`;
    void this.#respond();
  }

  update(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#closed && !this.#is("says closed twice")) return;
    const responding = this.responding;
    this.responding = false;
    if (responding) this.#emit({ type: "response-end", responseId: `r${this.#turn}`, status: "cancelled" });
    this.#emit({ type: "closed", reason: "client" });
    this.#closed = true;
  }

  #emit(event: RealtimeEvent): void {
    if (this.#closed && !this.#is("says closed twice") && !this.#is("talks on after closed")) return;
    this.#events.emit("event", event);
    for (const listener of this.#gone) listener(event);
  }

  async #respond(): Promise<void> {
    if (this.#turn < 0) return;
    while (this.responding) await settle(1);
    const is = this.#is;
    const responseId = `r${++this.#turn}`;
    this.responding = true;
    this.#interrupted = this.#calledOff && is("calls off what comes after");
    this.#emit({ type: "response-start", responseId });
    await settle(1);
    if (is("begins what was called off")) this.#interrupted = false;
    const text = `You said ${is("mixes sessions up") ? shared.last : this.#last}`;
    const audio = (timestamp: number): RealtimeEvent => ({
      type: "audio",
      responseId,
      itemId: responseId,
      frame: {
        samples: tone(16_000, 20, 440, 1_000),
        sampleRate: 16_000,
        channels: 1,
        timestamp: is("has no clock") ? 0 : timestamp,
      },
    });
    const talks = (): boolean => is("talks on after closed") || !this.#closed;
    if (this.#last.startsWith("roll")) {
      this.#call = `c${++this.#count}`;
      this.#emit({ type: "tool-call", id: this.#call, name: "dice", arguments: {} });
      if (is("calls the tool twice")) this.#emit({ type: "tool-call", id: this.#call, name: "dice", arguments: {} });
    } else {
      for (let at = 0; at < 400 && talks() && !this.#interrupted && !is("says nothing aloud"); at += 20) {
        this.#emit(audio(at));
        await settle(1);
      }
      while (is("does not stop") && !this.#closed && this.#turn === 1 && this.#last === "one apple") await settle(1);
      const final = {
        type: "transcript",
        id: responseId,
        itemId: responseId,
        role: "assistant",
        text,
        final: true,
      } as const;
      this.#emit(final);
      if (is("gives several finals")) this.#emit(final);
    }
    if (this.#turn < 0) return;
    this.responding = is("never stops responding");
    const status = this.#interrupted ? "cancelled" : "completed";
    this.#emit({ type: "response-end", responseId, status });
    if (is("sends audio after the end")) this.#emit(audio(400));
  }
}

function provider(connections: Connections, defect?: Defect): RealtimeProvider {
  const is = (name: Defect): boolean => name === defect;
  const sessions: RealtimeSession[] = [];
  let closed = false;
  const connection = new HeldConnection(connections, defect, async () => {
    closed = true;
    if (is("leaves its sessions open")) return;
    const ending = (async () => {
      if (is("is closed before its sessions are")) await settle(5);
      await Promise.all(sessions.map((session) => session.close()));
    })();
    if (!is("is closed before its sessions are")) await ending;
  });
  return {
    name: "reference",
    capabilities: {
      inputSampleRates: [16_000],
      outputSampleRates: [16_000],
      truncation: true,
      serverTurnDetection: false,
      midSessionUpdate: true,
      resumption: false,
    },
    async connect(_config, { signal }) {
      if (closed && !is("connects after its end")) throw new RoomKitError("closed", "closed");
      if (signal.aborted && !is("connects although aborted")) throw abortedError(signal);
      if (is("keeps listening to the signal")) signal.addEventListener("abort", () => {});
      await settle(3);
      if (closed && !is("leaves what is connecting") && !is("connects after its end")) {
        throw new RoomKitError("closed", "closed");
      }
      const session = new ReferenceSession(is);
      sessions.push(session);
      return session;
    },
    close: () => connection.close(),
  };
}

function cases(defect?: Defect): ConformanceCase[] {
  const connections = { open: 0 };
  return realtimeConformance({
    create: () => provider(connections, defect),
    open: () => connections.open,
    prompts: [
      { text: "one apple", matches: (answer) => answer.includes("You said one apple") },
      { text: "two pears", matches: (answer) => answer.includes("You said two pears") },
    ],
    tool: {
      definition: { name: "dice", description: "Rolls.", parameters: { type: "object" } },
      prompt: "roll",
      matches: () => true,
      result: "four",
      answer: (text) => text.includes("result: four"),
    },
    patienceMs: 1_000,
  });
}

describe("realtimeConformance", () => {
  for (const { name, run } of cases()) it(`passes a correct provider: it ${name}`, run);

  for (const [defect, found] of Object.entries(DEFECTS) as [Defect, string][]) {
    it(`finds a provider that ${defect}`, async () => {
      const finder = cases(defect).find(({ name }) => name.includes(found));
      expect(finder, `a case named ${found}`).toBeDefined();
      await expect(finder?.run()).rejects.toThrow();
    });
  }
});
