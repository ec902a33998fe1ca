import {
  type AIPart,
  type AIProvider,
  type AudioFrame,
  abortable,
  abortedError,
  RoomKitError,
  type SpeechPart,
  type SttProvider,
  silence,
  type TranscriptPart,
  type TtsProvider,
} from "@roomkit/core";
import { aiConformance, type SpeechSample, settle, sttConformance, tone, ttsConformance } from "@roomkit/testing";
import { describe, expect, it, vi } from "vitest";
import { withFallback } from "./with-fallback.ts";

const down = new RoomKitError("down", "down", { retryable: true });
const format = { sampleRate: 16_000, channels: 1 } as const;
/** How many members are open. */
let open = 0;

/** What members share: they are open from the beginning, and let go once. */
function member(): { close(): Promise<void> } {
  open++;
  let closed = false;
  return {
    async close() {
      if (closed) throw new Error("closed twice by whoever it was given to");
      closed = true;
      await settle(1);
      open--;
    },
  };
}

const WORDS = ["", "alpha", "beta", "gamma", "delta"];

/** Speech of a language in which a word is a frame of its number. */
function sample(...words: string[]): SpeechSample {
  const frames: AudioFrame[] = [];
  for (const word of words) {
    for (let i = 0; i < 6; i++) {
      const samples = new Int16Array(320).fill(i === 2 ? WORDS.indexOf(word) : 0);
      frames.push({ ...silence(format, 20), samples, timestamp: frames.length * 20 });
    }
  }
  return { frames, matches: (text) => text === words.join(" ") };
}

/** Hears that language; a broken one fails as soon as it has heard a word. */
const hearing = (broken: boolean): SttProvider => ({
  name: "hearing",
  capabilities: { streaming: true, turnDetection: false, wordTimings: false, sampleRate: 16_000 },
  async *transcribe(audio, { signal }): AsyncGenerator<TranscriptPart, void, undefined> {
    const words: string[] = [];
    for await (const { samples, sampleRate } of abortable(audio, signal)) {
      if (sampleRate !== 16_000) throw new RoomKitError("unsupported_format", "16 kHz only");
      const word = WORDS[samples[0] ?? 0];
      if (!word) continue;
      if (broken) throw down;
      words.push(word);
      yield { type: "partial", text: words.join(" ") };
    }
    await settle(1);
    if (signal.aborted) throw abortedError(signal);
    if (words.length > 0) yield { type: "final", text: words.join(" ") };
  },
  ...member(),
});

/** Hums 20 ms for each character; a broken one fails before it does. */
const humming = (broken: boolean): TtsProvider => ({
  name: "humming",
  capabilities: { streamingInput: true, wordTimings: false, sampleRate: 16_000 },
  async *synthesize(text, { signal }): AsyncGenerator<SpeechPart, void, undefined> {
    let timestamp = 0;
    for await (const piece of abortable(text, signal)) {
      if (broken) throw down;
      yield { type: "segment", text: piece };
      for (const _ of piece.trim()) {
        if (signal.aborted) throw abortedError(signal);
        yield { type: "audio", frame: { ...format, samples: tone(16_000, 20, 440, 1_000), timestamp } };
        timestamp += 20;
      }
    }
  },
  ...member(),
});

/** Says back what it was told, word by word; a broken one fails before it does. */
const echoing = (broken: boolean): AIProvider => ({
  name: "echoing",
  capabilities: { tools: false },
  async *generate({ messages }, { signal }): AsyncGenerator<AIPart, void, undefined> {
    await settle(1);
    if (broken) throw down;
    const said = messages.at(-1)?.content ?? "";
    for (const text of said.split(/(?= )/)) {
      if (signal.aborted) throw abortedError(signal);
      yield { type: "text-delta", text };
      await settle(1);
    }
    if (signal.aborted) throw abortedError(signal);
    yield { type: "finish", reason: "stop" };
  },
  ...member(),
});

describe.each([
  ["the first answers", false],
  ["the first fails and the second answers", true],
])("several as one, when %s", (_name, broken) => {
  const held = { open: () => open, patienceMs: 2_000 };
  const suites: Record<string, ReturnType<typeof sttConformance>> = {
    recognisers: sttConformance({
      create: () => withFallback([hearing(broken), hearing(false)]),
      samples: [sample("alpha", "beta", "alpha"), sample("gamma", "delta")],
      ...held,
      // All of a call is kept for the next one, up to a minute.
    }).filter(({ name }) => !name.startsWith("reads audio no faster")),
    voices: ttsConformance({ create: () => withFallback([humming(broken), humming(false)]), ...held }),
    models: aiConformance({
      create: () => withFallback([echoing(broken), echoing(false)]),
      prompts: ["say alpha", "say beta"].map((text) => ({
        text,
        matches: (answer: string) => answer === text,
      })) as never,
      ...held,
    }),
  };
  for (const [kind, cases] of Object.entries(suites)) {
    describe(kind, () => {
      for (const { name, run } of cases) it(name, run);
    });
  }
});

describe("the end of several as one", () => {
  it("hands what runs over to nobody", async () => {
    const onSwitch = vi.fn();
    const ai = withFallback([echoing(false), echoing(false)], { onSwitch });
    const parts: AIPart[] = [];
    const { signal } = new AbortController();
    for await (const part of ai.generate({ messages: [{ role: "user", content: "one two three" }] }, { signal })) {
      parts.push(part);
      if (parts.length === 1) await ai.close?.();
    }
    expect(parts).toEqual([
      { type: "text-delta", text: "one" },
      { type: "error", error: expect.objectContaining({ code: "closed" }) },
    ]);
    expect(onSwitch).not.toHaveBeenCalled();
  });

  it("is the end of each, also when that of one fails, and says so", async () => {
    const before = open;
    const failing = { ...hearing(false), close: () => Promise.reject(new RoomKitError("stuck", "stuck")) };
    const stt = withFallback([failing, hearing(false)]);
    expect(open).toBe(before + 2);
    await expect(Promise.all([stt.close?.(), stt.close?.()])).rejects.toMatchObject({ code: "stuck" });
    await vi.waitFor(() => expect(open).toBe(before + 1));
    open = before;
  });

  it("a source that breaks is no recogniser's failure", async () => {
    const onSwitch = vi.fn();
    const stt = withFallback([hearing(false), hearing(false)], { onSwitch });
    async function* broken(): AsyncGenerator<AudioFrame> {
      yield* sample("alpha").frames;
      throw new RoomKitError("source_broke", "made to fail");
    }
    const reading = async (): Promise<void> => {
      for await (const _ of stt.transcribe(broken(), { signal: new AbortController().signal }));
    };
    await expect(reading()).rejects.toMatchObject({ code: "source_broke" });
    expect(onSwitch).not.toHaveBeenCalled();
    await stt.close?.();
  });
});
