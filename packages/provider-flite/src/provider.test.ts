import { getEventListeners } from "node:events";
import { frameDurationMs, type SpeechPart, type TtsOptions } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { FliteOptions } from "./options.ts";
import { fliteTts } from "./provider.ts";

const made: ReturnType<typeof fliteTts>[] = [];
const tts = (options: FliteOptions = {}) => {
  const provider = fliteTts({ workers: 1, ...options });
  made.push(provider);
  return provider;
};
afterEach(async () => {
  await Promise.all(made.splice(0).map((provider) => provider.close?.()));
});
/** For tests that need nothing of their own: its worker is started once. */
const plain = fliteTts({ workers: 1 });
afterAll(() => plain.close?.());

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}
async function say(
  provider: ReturnType<typeof fliteTts>,
  texts: readonly string[],
  options: Partial<TtsOptions> = {},
): Promise<SpeechPart[]> {
  const parts: SpeechPart[] = [];
  const call = { signal: new AbortController().signal, ...options };
  for await (const part of provider.synthesize(pieces(...texts), call)) parts.push(part);
  return parts;
}
const frames = (parts: readonly SpeechPart[]) => parts.flatMap((part) => (part.type === "audio" ? [part.frame] : []));
const ms = (parts: readonly SpeechPart[]): number =>
  frames(parts).reduce((sum, frame) => sum + frameDurationMs(frame), 0);
const words = (parts: readonly SpeechPart[]) => parts.flatMap((part) => (part.type === "words" ? part.words : []));

describe("fliteTts", { timeout: 60_000 }, () => {
  it("yields whole frames of 20 ms and a pause after each sentence", async () => {
    const parts = await say(plain, ["Hello there.", "How are you?"]);
    for (const frame of frames(parts)) {
      expect(frame.samples).toHaveLength(320);
      expect([frame.sampleRate, frame.channels]).toEqual([16_000, 1]);
    }
    const [, end, begin] = [0, 1, 2].map((i) => words(parts)[i]);
    // 120 ms of silence, 25 ms around the sounds on either side, and what fills the frame.
    expect((begin?.startMs ?? 0) - (end?.endMs ?? 0)).toBeGreaterThanOrEqual(165);
    expect((begin?.startMs ?? 0) - (end?.endMs ?? 0)).toBeLessThanOrEqual(195);
  });

  it("names each piece before its audio, also one that is not said, and a long one once", async () => {
    const long = `${"All work and no play makes Jack a dull boy, ".repeat(12)}and that is all.`;
    const parts = await say(plain, ["Yes.", "🙂", long]);
    const order = parts.map((part) => part.type).filter((type, i, all) => type !== "audio" || all[i - 1] !== "audio");
    expect(order.slice(0, 7)).toEqual(["segment", "words", "audio", "segment", "segment", "words", "audio"]);
    expect(order.filter((type) => type === "segment")).toHaveLength(3);
    expect(order.filter((type) => type === "words").length).toBeGreaterThan(3);
    expect(
      words(parts)
        .map(({ text }) => text)
        .join(" "),
    ).toBe(`Yes ${long.replace(/[,.]/g, "")}`);
  });

  it("gives words times that follow the audio across pieces", async () => {
    const parts = await say(plain, ["One two.", "Three four."]);
    const all = words(parts);
    expect(all.map(({ text }) => text)).toEqual(["One", "two", "Three", "four"]);
    for (const [i, word] of all.entries()) expect(word.startMs).toBeGreaterThanOrEqual(all[i - 1]?.endMs ?? 0);
    expect(all.at(-1)?.endMs).toBeLessThanOrEqual(ms(parts));
    // A word's own stretch is loud, the pause between the sentences is not.
    const [two, three] = [all[1], all[2]];
    const quiet = frames(parts).filter(
      (frame) => frame.timestamp > (two?.endMs ?? 0) + 40 && frame.timestamp + 20 < (three?.startMs ?? 0) - 40,
    );
    expect(quiet.length).toBeGreaterThan(2);
    for (const frame of quiet) expect(Math.max(...frame.samples.map(Math.abs))).toBeLessThan(200);
  });

  it("takes voice, speed, pitch and pause", async () => {
    const provider = tts({ pauseMs: 0 });
    const usual = ms(await say(provider, ["One two three four five six."]));
    expect(ms(await say(provider, ["One two three four five six."], { speed: 2 }))).toBeLessThan(usual * 0.6);
    expect(ms(await say(provider, ["One two three four five six."], { voice: "rms" }))).toBeGreaterThan(usual * 1.05);
    expect(ms(await say(tts({ pauseMs: 500 }), ["One two three four five six."])) - usual).toBeCloseTo(500, -2);
    const high = await say(tts({ pitch: 1.5, pauseMs: 0 }), ["One two three four five six."]);
    expect(frames(high)[20]?.samples).not.toEqual(
      frames(await say(provider, ["One two three four five six."]))[20]?.samples,
    );
  });

  it("cuts pieces where it is told to", async () => {
    const text = "First comes this part, then comes that part, and at last the other part.";
    const parts = (provider: ReturnType<typeof fliteTts>) =>
      say(provider, [text]).then((all) => all.filter((part) => part.type === "words").length);
    expect(await parts(plain)).toBe(1);
    expect(await parts(tts({ maxChars: 40 }))).toBeGreaterThan(1);
  });

  it.each([
    [{ voice: "nobody" }, "unknown_voice"],
    [{ voice: "toString" }, "unknown_voice"],
    [{ speed: 3 }, "invalid_option"],
    [{ speed: Number.NaN }, "invalid_option"],
    [{ language: "de-DE" }, "unsupported_language"],
  ])("refuses a call with %o", async (options, code) => {
    await expect(say(plain, ["Hi."], options)).rejects.toMatchObject({ code });
  });

  it.each([
    [{ voice: "nobody" }, "unknown_voice"],
    [{ pitch: 9 }, "invalid_option"],
    [{ pitch: 1.2, voice: "rms" }, "invalid_option"],
    [{ speed: 0 }, "invalid_option"],
    [{ maxChars: 1 }, "invalid_option"],
    [{ lookAhead: 0 }, "invalid_option"],
    [{ pauseMs: -1 }, "invalid_option"],
    [{ workers: 0 }, "invalid_option"],
  ])("refuses the option %o", (options, code) => {
    expect(() => fliteTts(options)).toThrow(expect.objectContaining({ code }));
  });

  it("refuses pieces that are too long or no text", async () => {
    await expect(say(plain, ["a".repeat(20_001)])).rejects.toMatchObject({ code: "text_too_long" });
    await expect(say(plain, [7 as never])).rejects.toMatchObject({ code: "invalid_text" });
  });

  it("plays what came before a failure of the text", async () => {
    async function* failing(): AsyncGenerator<string> {
      yield "Hello there.";
      throw new TypeError("made to fail");
    }
    const parts: SpeechPart[] = [];
    const run = async (): Promise<void> => {
      const options = { signal: new AbortController().signal };
      for await (const part of plain.synthesize(failing(), options)) parts.push(part);
    };
    await expect(run()).rejects.toThrow("made to fail");
    expect(ms(parts)).toBeGreaterThan(300);
  });

  it("makes no more than it may ahead of its reader", async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        taken++;
        yield "Again and again.";
      }
    }
    for (const lookAhead of [1, 4]) {
      taken = 0;
      const stream = tts({ lookAhead })
        .synthesize(endless(), { signal: new AbortController().signal })
        [Symbol.asyncIterator]();
      let part = await stream.next();
      while (part.value?.type !== "audio") part = await stream.next();
      await settle(300);
      // The one being read, those ahead of it, and no more.
      expect(taken).toBe(1 + lookAhead);
      await stream.return?.();
    }
  });

  it("leaves nothing behind on its caller's signal, nor on the clock", async () => {
    const clock = new VirtualClock();
    const provider = tts({ clock });
    const { signal } = new AbortController();
    await say(provider, ["Hello there.", "How are you?"], { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("says that it is busy when too much waits", async () => {
    const provider = tts({ queueLimit: 1, lookAhead: 4 });
    const text = Array.from({ length: 6 }, () => "Again and again.");
    await expect(say(provider, text)).rejects.toMatchObject({ code: "busy", retryable: true });
  });

  it("can be warmed up, and aborted meanwhile", async () => {
    const provider = tts();
    await expect(provider.warmUp?.(AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
    await provider.warmUp?.();
    expect(ms(await say(provider, ["Hi."]))).toBeGreaterThan(100);
  });
});
