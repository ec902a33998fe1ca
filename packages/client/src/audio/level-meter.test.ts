import { describe, expect, it } from "vitest";
import { sine } from "../audio.fixture.ts";
import { LevelMeter } from "./level-meter.ts";

describe("LevelMeter", () => {
  it("measures 20 times a second, in dB of full scale", () => {
    const meter = new LevelMeter(48_000);
    const tone = sine(1_000, 48_000, 48_000, 0.1);
    const levels: number[] = [];
    for (let at = 0; at < tone.length; at += 128) {
      const level = meter.add(tone.subarray(at, at + 128));
      if (level !== undefined) levels.push(level);
    }
    expect(levels.length).toBeGreaterThanOrEqual(19);
    // A sine of amplitude 0.1 has an RMS of 0.0707.
    for (const level of levels) expect(level).toBeCloseTo(-23, 0);
  });

  it("calls silence, also the kind without samples, -60 dB", () => {
    const meter = new LevelMeter(1_000, 50);
    expect(meter.add(new Float32Array(50))).toBe(-60);
    expect(meter.add(undefined, 49)).toBeUndefined();
    expect(meter.add(undefined, 1)).toBe(-60);
  });
});
