import { type AIPart, RoomKitError, type SpeechPart, silence, type TranscriptPart } from "@roomkit/core";
import { type AIScript, ScriptedAI, ScriptedStt, ScriptedTts, type SttScript, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { FallbackOptions, FallbackSwitch } from "./options.ts";
import { withFallback } from "./with-fallback.ts";

const down = new RoomKitError("down", "down", { retryable: true });

function watch(clock: VirtualClock, more: FallbackOptions = {}) {
  const switches: FallbackSwitch[] = [];
  return { switches, options: { clock, onSwitch: (change: FallbackSwitch) => void switches.push(change), ...more } };
}

/** Runs an async iterable to its end on a virtual clock. */
async function drain<T>(clock: VirtualClock, items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  let error: unknown;
  let done = false;
  void (async () => {
    try {
      for await (const item of items) got.push(item);
    } catch (thrown) {
      error = thrown;
    }
    done = true;
  })();
  await clock.advanceUntil(() => done, 600_000);
  if (error !== undefined) throw error;
  return got;
}

describe("models", () => {
  const request = { messages: [{ role: "user", content: "hi" }] } as const;
  const ask = (
    clock: VirtualClock,
    provider: ReturnType<typeof make>["provider"],
    signal = new AbortController().signal,
  ) => drain<AIPart>(clock, provider.generate(request, { signal }));
  function make(first: AIScript[], second: AIScript[], more: FallbackOptions = {}, msPerWord = 0) {
    const clock = new VirtualClock();
    const a = new ScriptedAI(clock, first, msPerWord);
    const b = new ScriptedAI(clock, second);
    const { switches, options } = watch(clock, more);
    return { clock, a, b, switches, provider: withFallback([a, b], options) };
  }
  const textOf = (parts: AIPart[]): string =>
    parts.flatMap((part) => (part.type === "text-delta" ? [part.text] : [])).join("");

  it("the first answers while it works", async () => {
    const m = make(["Hello there."], []);
    expect(textOf(await ask(m.clock, m.provider))).toBe("Hello there.");
    expect(m.b.requests).toEqual([]);
  });

  it("the second answers when the first fails, and somebody is told", async () => {
    const m = make([down], ["Here I am."]);
    expect(textOf(await ask(m.clock, m.provider))).toBe("Here I am.");
    expect(m.switches).toEqual([{ from: "scripted-ai", to: "scripted-ai", error: down }]);
    expect(m.b.requests[0]).toEqual(request);
  });

  it("the second goes on where the first broke off, and repeats nothing", async () => {
    const m = make(
      [
        [
          { type: "text-delta", text: "One two " },
          { type: "error", error: down },
        ],
      ],
      ["three four."],
    );
    const parts = await ask(m.clock, m.provider);
    expect(textOf(parts)).toBe("One two three four.");
    expect(parts.filter((part) => part.type === "finish")).toHaveLength(1);
    expect(m.b.requests[0]?.messages[1]).toEqual({ role: "assistant", content: "One two " });
  });

  it("a stream that just ends is a failure", async () => {
    const m = make([[{ type: "text-delta", text: "One " }]], ["two."]);
    expect(textOf(await ask(m.clock, m.provider))).toBe("One two.");
  });

  it("a first word that does not come in time is a failure, and the slow model is stopped", async () => {
    const m = make(["Slow."], ["Quick."], { firstByteMs: 1_000 }, 5_000);
    expect(textOf(await ask(m.clock, m.provider))).toBe("Quick.");
    expect(m.a.open).toBe(0);
    expect(m.switches[0]?.error.code).toBe("timeout");
  });

  it("nobody takes over once a tool was called: it would be called again", async () => {
    const m = make(
      [
        [
          { type: "tool-call", id: "1", name: "pay", arguments: {} },
          { type: "error", error: down },
        ],
      ],
      ["never"],
    );
    const parts = await ask(m.clock, m.provider);
    expect(parts.at(-1)).toEqual({ type: "error", error: down });
    expect(m.b.requests).toEqual([]);
  });

  it("all failing gives one error", async () => {
    const m = make([down], [new RoomKitError("worse", "worse")]);
    expect(await ask(m.clock, m.provider)).toMatchObject([{ type: "error", error: { code: "worse" } }]);
  });

  it("row 61: a model that keeps failing is left out, tried again after a while, and taken back when it works", async () => {
    const m = make([down, down, "Back."], ["1.", "2.", "3."], { breakerFailures: 2, breakerOpenMs: 10_000 });
    await ask(m.clock, m.provider);
    await ask(m.clock, m.provider);
    await ask(m.clock, m.provider);
    expect(m.a.requests).toHaveLength(2);
    await m.clock.advance(10_000);
    expect(textOf(await ask(m.clock, m.provider))).toBe("Back.");
    expect(m.a.requests).toHaveLength(3);
  });

  it("the caller's abort is nobody's failure", async () => {
    const m = make(["One two three."], ["never"], { breakerFailures: 1 }, 100);
    const abort = new AbortController();
    m.clock.setTimeout(() => abort.abort(), 150);
    await expect(ask(m.clock, m.provider, abort.signal)).rejects.toMatchObject({ code: "aborted" });
    expect(m.switches).toEqual([]);
    expect(m.a.open).toBe(0);
  });
});

describe("voices", () => {
  async function* pieces(...texts: string[]): AsyncGenerator<string> {
    yield* texts;
  }

  it("the second says what the first did not, and times go on counting", async () => {
    const clock = new VirtualClock();
    const a = new ScriptedTts(clock, { failsOn: "Two", wordTimings: true });
    const b = new ScriptedTts(clock, { wordTimings: true });
    const { switches, options } = watch(clock);
    const parts = await drain<SpeechPart>(
      clock,
      withFallback([a, b], options).synthesize(pieces("One.", "Two.", "Three."), {
        signal: new AbortController().signal,
      }),
    );
    expect(a.spoken).toEqual(["One.", "Two."]);
    expect(b.spoken).toEqual(["Two.", "Three."]);
    expect(switches).toHaveLength(1);
    const times = parts.flatMap((part) => (part.type === "audio" ? [part.frame.timestamp] : []));
    expect(times).toEqual([...times].sort((x, y) => x - y));
    expect(parts.filter((part) => part.type === "words").at(-1)).toEqual({
      type: "words",
      words: [{ text: "Three", startMs: 400, endMs: 650 }],
    });
    expect([a.open, b.open]).toEqual([0, 0]);
  });

  it("refuses voices of different rates", () => {
    const clock = new VirtualClock();
    const voices = [new ScriptedTts(clock, { sampleRate: 16_000 }), new ScriptedTts(clock, { sampleRate: 24_000 })];
    expect(() => withFallback(voices)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});

describe("recognisers", () => {
  async function* audio(count: number): AsyncGenerator<ReturnType<typeof silence>> {
    for (let i = 0; i < count; i++) yield silence({ sampleRate: 16_000, channels: 1 }, 20, i * 20);
  }
  const run = (scripts: [SttScript[], SttScript[]]) => {
    const clock = new VirtualClock();
    const [a, b] = scripts.map((script) => new ScriptedStt(clock, script)) as [ScriptedStt, ScriptedStt];
    const { switches, options } = watch(clock);
    const parts = drain<TranscriptPart>(
      clock,
      withFallback([a, b], options).transcribe(audio(30), { signal: new AbortController().signal }),
    );
    return { a, b, switches, parts };
  };

  it("the second hears all of it again", async () => {
    const { a, b, parts, switches } = run([[{ error: down }], [{ finals: ["hello"] }]]);
    expect(await parts).toEqual([{ type: "final", text: "hello" }]);
    expect([a.frames, b.frames]).toEqual([[30], [30]]);
    expect(switches).toHaveLength(1);
    expect([a.open, b.open]).toEqual([0, 0]);
  });

  it("fails when all do", async () => {
    const { parts } = run([[{ error: down }], [{ error: down }]]);
    await expect(parts).rejects.toBe(down);
  });
});

it("refuses nothing, and a mixture", () => {
  const clock = new VirtualClock();
  expect(() => withFallback([] as never)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  expect(() => withFallback([new ScriptedAI(clock, []), new ScriptedTts(clock)] as never)).toThrow(
    expect.objectContaining({ code: "invalid_option" }),
  );
});

it("whoever calls is told of switches too, also of those deep inside; a listener that throws keeps nobody from going over", async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const options: FallbackOptions = {
    clock,
    onSwitch() {
      throw new Error("made to throw");
    },
  };
  const inner = withFallback([new ScriptedAI(clock, [down]), new ScriptedAI(clock, [down])], options);
  const model = withFallback([inner, new ScriptedAI(clock, ["Here I am."])], options);
  const call = {
    signal: new AbortController().signal,
    onFallback: ({ from }: FallbackSwitch) => void told.push(from),
  };
  const parts = await drain<AIPart>(clock, model.generate({ messages: [{ role: "user", content: "hi" }] }, call));
  expect(parts.at(-1)).toMatchObject({ type: "finish" });
  expect(told).toEqual(["scripted-ai", "fallback(scripted-ai, scripted-ai)"]);
  const stt = withFallback(
    [new ScriptedStt(clock, [{ error: down }]), new ScriptedStt(clock, [{ finals: ["hi"] }])],
    options,
  );
  const audio = (async function* () {
    yield silence({ sampleRate: 16_000, channels: 1 }, 20);
  })();
  await drain<TranscriptPart>(clock, stt.transcribe(audio, call));
  const tts = withFallback([new ScriptedTts(clock, { failsOn: "hi" }), new ScriptedTts(clock)], options);
  const text = (async function* () {
    yield "hi";
  })();
  await drain<SpeechPart>(clock, tts.synthesize(text, call));
  expect(told.slice(2)).toEqual(["scripted-stt", "scripted-tts"]);
});
