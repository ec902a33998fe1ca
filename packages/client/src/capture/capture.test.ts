import { describe, expect, it } from "vitest";
import { rmsDb, sine, toneDb } from "../audio.fixture.ts";
import { Capture, type CapturedFrame, type CaptureOptions } from "./capture.ts";

const RATE = 48_000;

function make(options: Partial<CaptureOptions> = {}): Capture {
  return new Capture({ contextRate: RATE, targetRate: 16_000, ...options });
}

/** Runs `ms` of blocks through; each source is a whole signal or absent. */
function run(capture: Capture, ms: number, microphone?: Float32Array, recording?: Float32Array): CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  for (let at = 0; at < (ms * RATE) / 1000; at += 128) {
    capture.process(microphone?.subarray(at, at + 128), recording?.subarray(at, at + 128), 128, (f) => frames.push(f));
  }
  return frames;
}

function joined(frames: CapturedFrame[]): Float32Array {
  return Float32Array.from(
    frames.flatMap(({ samples }) => [...samples]),
    (sample) => sample / 32_768,
  );
}

const tone = sine(440, RATE, RATE * 4);
const other = sine(1_000, RATE, RATE * 4);

describe("Capture", () => {
  it("makes frames of 20 ms at the wanted rate that carry the tone", () => {
    const frames = run(make(), 1_000, tone);
    expect(frames.every(({ samples }) => samples.length === 320)).toBe(true);
    expect(frames.map(({ offset }) => offset)).toEqual(frames.map((_, i) => i * 320));
    expect(frames.length).toBe(49);
    expect(toneDb(joined(frames).subarray(800), 440, 16_000)).toBeCloseTo(-6, 0);
  });

  it.each([8_000, 24_000, 48_000])("makes frames for %d Hz", (targetRate) => {
    const frames = run(make({ targetRate }), 500, tone);
    expect(frames[0]?.samples.length).toBe(targetRate / 50);
    expect(toneDb(joined(frames).subarray(targetRate / 20), 440, targetRate)).toBeCloseTo(-6, 0);
  });

  it("makes nothing without a source, and nothing while muted; offsets go on", () => {
    const capture = make();
    expect(run(capture, 200)).toEqual([]);
    capture.muted = true;
    expect(run(capture, 200, tone)).toEqual([]);
    capture.muted = false;
    const frames = run(capture, 100, tone);
    expect(Math.abs((frames[0]?.offset as number) - 6_400)).toBeLessThan(100);
  });

  it("still meters a muted microphone", () => {
    const capture = make();
    capture.muted = true;
    let level: number | undefined;
    for (let at = 0; at < 4_800; at += 128) {
      level = capture.process(tone.subarray(at, at + 128), undefined, 128, () => {}) ?? level;
    }
    expect(level).toBeCloseTo(-9, 0);
  });

  it("lets a recording take the microphone's place, muted or not", () => {
    for (const muted of [false, true]) {
      const capture = make();
      capture.muted = muted;
      const sound = joined(run(capture, 500, tone, other)).subarray(800);
      expect(toneDb(sound, 1_000, 16_000)).toBeCloseTo(-6, 0);
      expect(toneDb(sound, 440, 16_000)).toBeLessThan(-60);
    }
  });

  it("follows a recording with silence for as long as it takes to notice the end of speech", () => {
    const capture = make({ tailMs: 500 });
    run(capture, 200, undefined, other);
    const after = joined(run(capture, 2_000));
    expect(after.length / 16).toBeGreaterThan(480);
    expect(after.length / 16).toBeLessThan(540);
    expect(rmsDb(after.subarray(640))).toBeLessThan(-90);
  });

  it("goes straight back to an open microphone after a recording", () => {
    const capture = make();
    run(capture, 200, tone, other);
    expect(toneDb(joined(run(capture, 500, tone)).subarray(800), 440, 16_000)).toBeCloseTo(-6, 0);
  });

  it("passes on what goes out, and makes no frames without a rate", () => {
    const capture = make({ targetRate: undefined });
    expect(run(capture, 100, tone)).toEqual([]);
    const block = tone.subarray(0, 128);
    capture.process(block, undefined, 128, () => {});
    expect(capture.selected).toEqual(block);
    capture.process(block, other.subarray(0, 128), 128, () => {});
    expect(capture.selected).toEqual(other.subarray(0, 128));
    capture.muted = true;
    capture.process(block, undefined, 128, () => {});
    expect(capture.selected).toEqual(new Float32Array(128));
  });

  it("clips instead of wrapping around", () => {
    const frames = run(make({ targetRate: RATE }), 100, sine(440, RATE, RATE, 3));
    const samples = joined(frames);
    for (let i = 1; i < samples.length; i++) {
      expect(Math.abs((samples[i] as number) - (samples[i - 1] as number))).toBeLessThan(0.2);
    }
    expect(Math.max(...samples)).toBe(32_767 / 32_768);
  });
});
