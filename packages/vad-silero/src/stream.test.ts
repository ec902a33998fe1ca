import { RoomKitError, type VadEvent } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { inFrames, inSequence, quiet } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { Engine } from "./engine.ts";
import { sileroVad, sileroVadOn } from "./silero-vad.ts";
import { format, ManualEngine, spoken } from "./speech.fixture.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The n-th window (from 0) of a stream, any samples. */
const window = (n: number) => ({ samples: new Int16Array(512).fill(100 + n), ...format, timestamp: 32 * n });

async function started(
  options = {},
): Promise<{ vad: ReturnType<ReturnType<typeof sileroVad>["open"]>; engine: ManualEngine }> {
  const engine = new ManualEngine();
  const vad = sileroVadOn(() => Promise.resolve(engine), options).open(format);
  return { vad, engine };
}

describe("a stream", () => {
  it("asks the model nothing more after a second of zeros, and goes on from there", async () => {
    const { vad, engine } = await started();
    let asked = 0;
    const settled = new Float32Array(256).fill(0.25);
    const hear = async (n: number, samples: Int16Array): Promise<void> => {
      vad.process({ ...window(n), samples });
      await turn();
      const job = engine.jobs.shift();
      if (!job) return;
      asked++;
      job.done(0.02, settled);
      await turn();
    };
    await hear(0, window(0).samples);
    // The first window after a sound holds the end of it.
    for (let n = 1; n < 200; n++) await hear(n, new Int16Array(512));
    expect(asked).toBe(1 + 1 + 32);
    expect(vad.probability).toBe(0);
    vad.process(window(200));
    await turn();
    expect(engine.jobs[0]?.state).toEqual(settled);
    await engine.answer(0.9);
    for (let n = 201; n < 220; n++) await hear(n, new Int16Array(512));
    expect(asked).toBe(34 + 19);
    vad.close();
  });

  it("has ended speech when nothing but zeros follows, as it does in real silence", async () => {
    const { vad, engine } = await started({ silenceThresholdMs: 320 });
    const told: (string | undefined)[] = [];
    for (let n = 0; n < 40; n++) {
      told.push(vad.process(n < 10 ? window(n) : { ...window(n), samples: new Int16Array(512) })?.type);
      await turn();
      if (engine.jobs.length > 0) await engine.answer(n < 10 ? 0.9 : 0.1);
    }
    expect(told.filter(Boolean)).toEqual(["speech-start", "speech-end"]);
    expect(told.indexOf("speech-end") - 10).toBeLessThan(14);
    vad.close();
  });

  it("hands over one window at a time, with the context before it and the state after the last", async () => {
    const { vad, engine } = await started();
    for (let n = 0; n < 3; n++) vad.process(window(n));
    await turn();
    expect(engine.jobs).toHaveLength(1);
    const [first] = engine.jobs;
    expect(new Set(first?.input.subarray(0, 64))).toEqual(new Set([0]));
    expect(new Set(first?.input.subarray(64))).toEqual(new Set([100 / 32_768]));
    expect(new Set(first?.state)).toEqual(new Set([0]));
    await engine.answer(0.25);
    const [second] = engine.jobs;
    expect(new Set(second?.input.subarray(0, 64))).toEqual(new Set([100 / 32_768]));
    expect(new Set(second?.input.subarray(64))).toEqual(new Set([Math.fround(101 / 32_768)]));
    expect(new Set(second?.state)).toEqual(new Set([0.25]));
    expect(vad.probability).toBe(0.25);
  });

  it("decides by threshold, proof and hysteresis, and says so with a later frame", async () => {
    const { vad, engine } = await started({ silenceThresholdMs: 96 });
    const probabilities = [0.1, 0.6, 0.2, 0.6, 0.7, 0.4, 0.9, 0.4, 0.36, 0.34, 0.2, 0.1, 0.1];
    const events: [number, VadEvent][] = [];
    for (const [n, probability] of probabilities.entries()) {
      const event = vad.process(window(n));
      if (event) events.push([n, event]);
      await turn();
      await engine.answer(probability);
    }
    // 0.6 proves a third, 0.2 takes it away; 0.6, 0.7 prove two thirds, 0.4 takes one, 0.9 and then nothing more: not yet.
    expect(events).toEqual([]);
    const more = [0.9, 0.9, 0.9, 0.36, 0.34, 0.2, 0.1, 0.1];
    for (const [i, probability] of more.entries()) {
      const event = vad.process(window(13 + i));
      if (event) events.push([13 + i, event]);
      await turn();
      await engine.answer(probability);
    }
    expect(events).toEqual([
      [16, { type: "speech-start", timestamp: 13 * 32 }],
      [20, { type: "speech-end", timestamp: 17 * 32, durationMs: 4 * 32 }],
    ]);
  });

  it("keeps no more waiting than it may, counts what it drops, and takes the gap for silence", async () => {
    const { vad, engine } = await started({ maxBacklogMs: 320, silenceThresholdMs: 200 });
    for (let n = 0; n < 3; n++) {
      expect(vad.process(window(n))).toBeUndefined();
      await turn();
      await engine.answer(0.9);
    }
    expect(vad.process(window(3))?.type).toBe("speech-start");
    await turn();
    // The engine hangs for four minutes.
    for (let n = 4; n < 7_500; n++) vad.process(window(n));
    expect(vad.dropped).toBe(7_500 - 4 - 10);
    expect(engine.jobs).toHaveLength(1);
    for (let i = 0; i < 11; i++) await engine.answer(0.9);
    await vad.idle();
    expect(vad.process(window(7_500))).toEqual({ type: "speech-end", timestamp: 4 * 32, durationMs: 4 * 32 });
    expect(vad.process(window(7_501))).toMatchObject({ type: "speech-start", timestamp: 7_490 * 32 });
  });

  it("ignores what was being judged when it was reset or closed", async () => {
    const { vad, engine } = await started();
    for (let n = 0; n < 9; n++) {
      vad.process(window(n));
      await turn();
      if (n < 8) await engine.answer(0.9);
    }
    vad.reset();
    expect(vad.probability).toBe(0);
    vad.process(window(0));
    await engine.answer(0.99);
    expect(vad.probability).toBe(0);
    expect(new Set(engine.jobs[0]?.state)).toEqual(new Set([0]));
    expect(new Set(engine.jobs[0]?.input.subarray(0, 64))).toEqual(new Set([0]));
    vad.process(window(1));
    vad.close();
    await engine.answer(0.9);
    await vad.idle();
    expect(vad.process(window(2))).toBeUndefined();
    await turn();
    expect(engine.jobs).toEqual([]);
    expect(vad.probability).toBe(0);
  });
});

describe("failures", () => {
  it("to compute are thrown once; the windows count as silence, so speech ends", async () => {
    const { vad, engine } = await started({ silenceThresholdMs: 96 });
    const seen: string[] = [];
    for (let n = 0; n < 14; n++) {
      try {
        const event = vad.process(window(n));
        if (event) seen.push(event.type);
      } catch (error) {
        seen.push(RoomKitError.is(error) ? error.code : String(error));
      }
      await turn();
      await engine.answer(n < 4 || n > 8 ? 0.9 : new RoomKitError("inference_failed", "made to fail"));
    }
    expect(seen).toEqual(["speech-start", "inference_failed", "speech-end", "speech-start"]);
  });

  it("to load are thrown once and make the stream deaf; the next one tries again", async () => {
    let attempts = 0;
    const engine = new ManualEngine();
    const load = (): Promise<Engine> =>
      ++attempts === 1
        ? Promise.reject(new RoomKitError("model_load_failed", "made to fail"))
        : Promise.resolve(engine);
    const factory = sileroVadOn(load, {});
    const deaf = factory.open(format);
    deaf.process(window(0));
    await deaf.idle();
    expect(() => deaf.process(window(1))).toThrowError(expect.objectContaining({ code: "model_load_failed" }));
    for (let n = 2; n < 100; n++) expect(deaf.process(window(n))).toBeUndefined();
    await deaf.idle();
    expect(attempts).toBe(1);
    deaf.close();
    const next = factory.open(format);
    next.process(window(0));
    await turn();
    expect(attempts).toBe(2);
    expect(engine.jobs).toHaveLength(1);
    next.close();
  });

  it("to load reject warmUp", async () => {
    const failed = new RoomKitError("model_not_found", "made to fail");
    await expect(sileroVadOn(() => Promise.reject(failed), {}).warmUp()).rejects.toBe(failed);
    const engine = new ManualEngine();
    const warming = expect(sileroVadOn(() => Promise.resolve(engine), {}).warmUp()).rejects.toBe(failed);
    await turn();
    await engine.answer(failed);
    await warming;
  });
});

describe("what it cannot work with", () => {
  it.each([
    { threshold: 0 },
    { threshold: 1 },
    { threshold: 0.3, releaseThreshold: 0.4 },
    { releaseThreshold: -0.1 },
    { silenceThresholdMs: 0 },
    { minSpeechMs: 0 },
    { speechPadMs: -1 },
    { maxSpeechMs: Number.NaN },
    { maxBacklogMs: 0 },
  ])("%o is an invalid_option", (options) => {
    expect(() => sileroVad(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });

  it("other formats are unsupported", () => {
    const factory = sileroVad({ speechPadMs: 200 });
    expect(factory).toMatchObject({ name: "vad-silero", sampleRate: 16_000, speechPadMs: 200 });
    for (const other of [
      { sampleRate: 8_000, channels: 1 },
      { sampleRate: 16_000, channels: 2 },
    ] as const) {
      expect(() => factory.open(other)).toThrowError(expect.objectContaining({ code: "unsupported_format" }));
    }
    expect(() => factory.open(format).process({ ...window(0), sampleRate: 48_000 })).toThrowError(
      expect.objectContaining({ code: "unsupported_format" }),
    );
  });
});

it("works in a pipeline at another rate, and its lateness costs no audio", async () => {
  const speech = await spoken("Good morning.");
  const vad = sileroVad({ speechPadMs: 200 });
  await vad.warmUp();
  const stream = audioPipeline({ vad, internalSampleRate: 24_000 }).open({
    inbound: format,
    outbound: format,
    sessionId: "session_1",
  });
  expect(stream.hasVad).toBe(true);
  const heard: [begin: number, end: number][] = [];
  const kinds: string[] = [];
  const note = (timestamp: number, samples: number): number => heard.push([timestamp, timestamp + samples / 24]);
  stream.on("stage-error", ({ error }) => kinds.push(error.code));
  stream.on("speech-start", ({ preRoll }) => {
    kinds.push("start");
    for (const frame of preRoll) note(frame.timestamp, frame.samples.length);
  });
  stream.on("frame", ({ frame, speech: during }) => during && note(frame.timestamp, frame.samples.length));
  stream.on("speech-end", () => kinds.push("end"));
  for (const frame of inFrames(inSequence(quiet(16_000, 1_000), speech, quiet(16_000, 1_500)), format)) {
    stream.processInbound(frame);
    await turn();
    await turn();
    await turn();
  }
  stream.close();
  expect(kinds).toEqual(["start", "end"]);
  expect(heard[0]?.[0]).toBeGreaterThan(700);
  expect(heard[0]?.[0]).toBeLessThan(1_100);
  for (let i = 1; i < heard.length; i++) expect(heard[i]?.[0]).toBeCloseTo(heard[i - 1]?.[1] as number, 3);
});
