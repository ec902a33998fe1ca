import { type FrameStage, rms } from "@roomkit/core";
import { audioPipeline, createResampler } from "@roomkit/pipeline";
import { inFrames, inSequence, mixed, quiet, speechLike, stageConformance, whiteNoise } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { instanceOf } from "./engine.ts";
import { type RnnoiseOptions, rnnoise } from "./index.ts";

const rate = 48_000;
const format = { sampleRate: rate, channels: 1 } as const;

describe("RNNoise as a stage", () => {
  const factory = rnnoise();
  for (const { name, run } of stageConformance({ factory, format, gives: "audio", heldBackMs: factory.delayMs }))
    it(name, { timeout: 240_000 }, run);
});

function denoised(samples: Int16Array, options: RnnoiseOptions = {}): Int16Array {
  const stage = rnnoise(options).open(format);
  const out = inFrames(samples, format).map((frame) => stage.process(frame).samples);
  stage.close();
  return inSequence(...out);
}

/** A second in the middle of it. */
const middle = (samples: Int16Array): Int16Array => samples.subarray(2 * rate, 3 * rate);
const dropDb = (before: Int16Array, after: Int16Array): number =>
  20 * Math.log10(rms(middle(before)) / rms(middle(after)));

describe("RNNoise", () => {
  const speech = inSequence(quiet(rate, 500), speechLike(rate, 4_000, 3_000));
  /** As a line brings it: nothing above 8 kHz. */
  const noise = createResampler(16_000, rate).process(whiteNoise(16_000, 4_000, 500));

  it("takes noise away and leaves speech", () => {
    expect(dropDb(noise, denoised(noise))).toBeGreaterThan(10);
    expect(Math.abs(dropDb(speech, denoised(speech)))).toBeLessThan(3);
  });

  it("gives each sound where it was: what it holds back is the delay it states", () => {
    const out = denoised(mixed(speech, whiteNoise(rate, 4_500, 30)));
    const similarity = (shift: number): number =>
      middle(speech).reduce((sum, x, i) => sum + x * (out[2 * rate + i + shift] as number), 0);
    const shifts = Array.from({ length: 241 }, (_, i) => i - 120);
    const best = shifts.reduce((most, each) => (similarity(each) > similarity(most) ? each : most));
    expect(Math.abs(best)).toBeLessThan(rate / 10_000);
    // Frames of one sample: nothing waits for a frame to be full.
    const stage = rnnoise().open(format);
    const frames = inFrames(speech.subarray(0, 4_800), format, 1);
    let [given, least] = [0, 0];
    for (const [i, frame] of frames.entries()) {
      given += stage.process(frame).samples.length;
      least = Math.max(least, i + 1 - given);
    }
    expect(((least + 1) / rate) * 1000).toBe(rnnoise().delayMs);
    stage.close();
  });

  it("leaves in as much of the noise as `strength` says", () => {
    expect(denoised(speech, { strength: 0 })).toEqual(speech.subarray(0, denoised(speech).length));
    expect(dropDb(noise, denoised(noise, { strength: 0.5 }))).toBeCloseTo(6, 0);
    expect(dropDb(noise, denoised(noise, { strength: 0.75 }))).toBeCloseTo(12, 0);
    expect(() => rnnoise({ strength: 1.1 })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it.each([8_000, 16_000, 24_000, 44_100, 48_000])("works in a pipeline whose internal rate is %i Hz", (internal) => {
    const pipeline = audioPipeline({ denoiser: rnnoise(), internalSampleRate: internal });
    const own = { sampleRate: 16_000, channels: 1 } as const;
    const stream = pipeline.open({ inbound: own, outbound: own, sessionId: "one" });
    const errors: unknown[] = [];
    stream.on("stage-error", (event) => errors.push(event));
    const parts: Int16Array[] = [];
    stream.on("frame", ({ frame }) => parts.push(frame.samples));
    const hiss = whiteNoise(16_000, 3_000, 500);
    for (const frame of inFrames(hiss, own)) stream.processInbound(frame);
    stream.close();
    expect(errors).toEqual([]);
    const last = inSequence(...parts).subarray(-internal);
    expect(last).toHaveLength(internal);
    expect(20 * Math.log10(rms(hiss) / rms(last))).toBeGreaterThan(10);
  });

  it("has room for streams beyond those of one instance, and frees them", () => {
    const tone = inFrames(speechLike(rate, 200, 3_000), format);
    const run = (stages: readonly FrameStage[]): Int16Array[] =>
      stages.map((stage) => inSequence(...tone.map((frame) => stage.process(frame).samples)));
    const many = (): FrameStage[] => Array.from({ length: 300 }, () => rnnoise().open(format));
    let first: Int16Array | undefined;
    for (let round = 0; round < 3; round++) {
      const stages = many();
      for (const samples of run([stages[0], stages[150], stages[299]] as FrameStage[])) {
        first ??= samples;
        expect(samples).toEqual(first);
      }
      for (const stage of stages) stage.close();
    }
  });

  it("is the WebAssembly it was made for, or says that it is not", () => {
    const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    expect(() => instanceOf(empty)).toThrow(TypeError);
  });
});
