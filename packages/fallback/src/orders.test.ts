import {
  type AIPart,
  type AIProvider,
  type AIRequest,
  RoomKitError,
  type SpeechPart,
  silence,
  type TtsProvider,
} from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { withFallback } from "./with-fallback.ts";

/**
 * A provider that is given up may be deaf: it does not hear that it was, and goes on.
 *
 * | what it does after it was given up | then                                                |
 * | ---------------------------------- | --------------------------------------------------- |
 * | nothing, for ever                  | the next has all that was not said                  |
 * | says something                     | that was never said, and is not gone on from        |
 * | calls a tool                       | that was never called: others may take over still   |
 * | gives audio                        | that was never heard                                |
 * | nothing, and the caller aborts     | the stream ends all the same                        |
 */
const { signal } = new AbortController();
const [down] = [new RoomKitError("down", "down")];
const finish: AIPart = { type: "finish", reason: "stop" };
const request: AIRequest = { messages: [{ role: "user", content: "hi" }] };

function collect<T>(stream: AsyncIterable<T>): { readonly items: T[]; error?: string; over: boolean } {
  const got: { items: T[]; error?: string; over: boolean } = { items: [], over: false };
  void (async () => {
    try {
      for await (const item of stream) got.items.push(item);
    } catch (error) {
      got.error = RoomKitError.from(error).code;
    }
    got.over = true;
  })();
  return got;
}

describe("models", () => {
  const capabilities = { tools: true };
  const model = (name: string, generate: AIProvider["generate"]): AIProvider => ({ name, capabilities, generate });
  function rig(late: AIPart[], second: AIPart[]) {
    const clock = new VirtualClock();
    const asked: AIRequest[] = [];
    const deaf = model("deaf", async function* () {
      await clock.sleep(1_500);
      yield* late;
    });
    const breaks = model("breaks", async function* () {
      yield { type: "text-delta", text: "One " };
      await clock.sleep(2_000);
      yield* second;
    });
    const last = model("last", async function* (seen) {
      asked.push(seen);
      yield { type: "text-delta", text: "two." };
      yield finish;
    });
    const provider = withFallback([deaf, breaks, last], { clock, firstByteMs: 1_000 });
    return { clock, asked, got: collect(provider.generate(request, { signal })) };
  }
  const failing: AIPart[] = [{ type: "error", error: down }];

  it("what one says that was given up is not gone on from", async () => {
    const { clock, asked, got } = rig([{ type: "text-delta", text: "Late " }, finish], failing);
    await clock.advance(5_000);
    expect(got.items.flatMap((part) => (part.type === "text-delta" ? [part.text] : []))).toEqual(["One ", "two."]);
    expect(asked[0]?.messages[1]).toEqual({ role: "assistant", content: "One " });
  });

  it("a tool that one calls that was given up keeps nobody from taking over", async () => {
    const { clock, got } = rig([{ type: "tool-call", id: "1", name: "pay", arguments: {} }, finish], failing);
    await clock.advance(5_000);
    expect(got.items.at(-1)).toEqual(finish);
  });

  it.each(["the caller's abort", "close"])(
    "a deaf one in the middle of its answer does not outlive %s",
    async (end) => {
      const clock = new VirtualClock();
      const hangs = model("hangs", async function* () {
        yield { type: "text-delta", text: "One " };
        await new Promise(() => {});
      });
      const provider = withFallback([hangs, hangs], { clock });
      const caller = new AbortController();
      const got = collect(provider.generate(request, { signal: caller.signal }));
      await settle();
      if (end === "close") await provider.close?.();
      else caller.abort();
      await settle();
      expect([got.over, got.items.length]).toEqual([true, end === "close" ? 2 : 1]);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it("a listener that is asynchronous and fails is its own trouble", async () => {
    const clock = new VirtualClock();
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    const fails = model("fails", async function* () {
      yield { type: "error", error: down };
    });
    const works = model("works", async function* () {
      yield finish;
    });
    const onSwitch = async (): Promise<void> => {
      throw new Error("no pager");
    };
    const got = collect(withFallback([fails, works], { clock, onSwitch }).generate(request, { signal }));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect([got.items, unhandled]).toEqual([[finish], []]);
  });
});

describe("voices", () => {
  const capabilities = { sampleRate: 24_000, streamingInput: true, wordTimings: false };
  const voice = (name: string, synthesize: TtsProvider["synthesize"]): TtsProvider => ({
    ...{ name, capabilities, synthesize },
  });
  async function* text(...pieces: string[]): AsyncGenerator<string> {
    yield* pieces;
  }
  const audio = (ms: number): SpeechPart => ({
    type: "audio",
    frame: silence({ sampleRate: 24_000, channels: 1 }, ms),
  });

  it.each([
    ["nothing, for ever", async (): Promise<void> => await new Promise(() => {})],
    ["audio after it was given up", async (clock: VirtualClock): Promise<void> => await clock.sleep(1_500)],
  ])("the next says all that one was given who gave %s", async (_what, hang) => {
    const clock = new VirtualClock();
    const spoken: string[] = [];
    const deaf = voice("deaf", async function* (pieces) {
      for await (const _ of pieces);
      await hang(clock);
      yield { type: "segment", text: "Hello there. How are you?" };
      yield audio(1_000);
    });
    const works = voice("works", async function* (pieces) {
      for await (const piece of pieces) {
        spoken.push(piece);
        yield { type: "segment", text: piece };
        await clock.sleep(1_000);
        yield audio(20);
      }
    });
    const provider = withFallback([deaf, works], { clock, firstByteMs: 1_000 });
    const got = collect(provider.synthesize(text("Hello there. ", "How are you?"), { signal }));
    await clock.advance(10_000);
    expect([got.over, spoken.join("")]).toEqual([true, "Hello there. How are you?"]);
    expect(got.items.filter(({ type }) => type === "audio")).toHaveLength(spoken.length);
  });
});
