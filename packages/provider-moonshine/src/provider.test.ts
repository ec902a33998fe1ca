import { getEventListeners } from "node:events";
import { tmpdir } from "node:os";
import type { AudioFrame, SttOptions, SttProvider, TranscriptPart } from "@roomkit/core";
import { quiet, settle, VirtualClock, whiteNoise, wordErrors } from "@roomkit/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { framesOf, stream } from "./clips.fixture.ts";
import { Speaker } from "./flite.fixture.ts";
import type { MoonshineOptions } from "./options.ts";
import { moonshineStt } from "./provider.ts";

const made: SttProvider[] = [];
const stt = (options: MoonshineOptions = {}): SttProvider => {
  const provider = moonshineStt({ workers: 1, ...options });
  made.push(provider);
  return provider;
};
afterEach(async () => {
  await Promise.all(made.splice(0).map((provider) => provider.close?.()));
});

/** For tests that need nothing of their own: its worker is started once. */
const plain = moonshineStt({ workers: 1 });
afterAll(() => plain.close?.());

const hear = async (
  provider: SttProvider,
  frames: readonly AudioFrame[],
  options: Partial<SttOptions> = {},
): Promise<TranscriptPart[]> => {
  const parts: TranscriptPart[] = [];
  const call = { signal: new AbortController().signal, ...options };
  for await (const part of provider.transcribe(stream(frames), call)) parts.push(part);
  return parts;
};
const finals = (parts: readonly TranscriptPart[]) => parts.flatMap((part) => (part.type === "final" ? [part] : []));

describe("moonshineStt", { timeout: 60_000 }, () => {
  const speaker = new Speaker();
  let table: Int16Array;
  beforeAll(async () => {
    table = await speaker.say("I would like to book a table for four people.");
  });
  afterAll(() => speaker.close());

  it("gives a final with its confidence and language", async () => {
    const [final, ...more] = finals(await hear(plain, framesOf(table)));
    expect(more).toEqual([]);
    expect(wordErrors("I would like to book a table for four people", final?.text ?? "").errors).toBeLessThanOrEqual(1);
    expect(final?.confidence).toBeGreaterThan(0.5);
    expect(final?.language).toBe("en");
  });

  it("settles long speech in pieces without losing words between them", async () => {
    const sentences = [
      "The weather will be sunny with a light breeze in the afternoon.",
      "Please leave a message after the tone.",
      "Turn left at the next corner and drive two miles.",
      "The quick brown fox jumps over the lazy dog.",
    ];
    const long = await speaker.say(sentences.join(" "));
    expect(long.length / 16_000).toBeGreaterThan(11);
    const parts = finals(await hear(stt({ segmentMs: 5_000, partialEveryMs: 0 }), framesOf(long)));
    expect(parts.length).toBeGreaterThan(2);
    const { errors, words } = wordErrors(sentences.join(" "), parts.map(({ text }) => text).join(" "));
    expect(errors / words).toBeLessThan(0.25);
  });

  it("makes nothing of noise or silence, unless it is told to", async () => {
    const noise = framesOf(whiteNoise(16_000, 2_000, 1_500));
    expect(finals(await hear(plain, noise))).toEqual([]);
    expect(finals(await hear(plain, framesOf(quiet(16_000, 2_000))))).toEqual([]);
    expect(finals(await hear(stt({ noiseGate: false }), noise))).toHaveLength(1);
  });

  it("takes English and nothing else", async () => {
    expect(finals(await hear(plain, framesOf(table), { language: "en-GB" }))).toHaveLength(1);
    await expect(hear(plain, [], { language: "fr" })).rejects.toMatchObject({ code: "unsupported_language" });
  });

  it.each([
    { partialEveryMs: 50 },
    { partialEveryMs: Number.NaN },
    { segmentMs: 1_000 },
    { segmentMs: 60_000 },
    { workers: 0 },
    { queueLimit: 0 },
    { jobTimeoutMs: 0 },
  ])("refuses the option %o", (options) => {
    expect(() => moonshineStt(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("says what it can", () => {
    expect(plain.capabilities).toEqual({
      streaming: true,
      turnDetection: false,
      wordTimings: false,
      languages: ["en"],
      sampleRate: 16_000,
    });
    expect(stt({ partialEveryMs: 0 }).capabilities.streaming).toBe(false);
  });

  it("says that there is no model where there is none", async () => {
    const provider = stt({ modelDir: tmpdir() });
    await expect(hear(provider, framesOf(table))).rejects.toMatchObject({ code: "model_not_found", retryable: false });
    await expect(provider.warmUp?.()).rejects.toMatchObject({ code: "model_not_found" });
  });

  it("says that it is busy when too many wait", async () => {
    const provider = stt({ queueLimit: 1, partialEveryMs: 0 });
    const calls = Array.from({ length: 5 }, () => hear(provider, framesOf(table)));
    const results = await Promise.allSettled(calls);
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(5);
    for (const reason of refused) expect(reason).toMatchObject({ code: "busy", retryable: true });
  });

  it("leaves nothing behind on its caller's signal, nor on the clock", async () => {
    const clock = new VirtualClock();
    const provider = stt({ clock });
    const { signal } = new AbortController();
    await hear(provider, framesOf(table), { signal });
    await settle(3);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("can be warmed up, and aborted meanwhile", async () => {
    const provider = stt();
    await expect(provider.warmUp?.(AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
    await provider.warmUp?.();
    await provider.close?.();
    await expect(provider.warmUp?.()).rejects.toMatchObject({ code: "closed" });
  });
});
