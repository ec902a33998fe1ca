import { rms } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { inFrames, inSequence, mixed, quiet, speechLike, tone, whiteNoise } from "./signals.ts";

describe("signals", () => {
  it("have the length and level asked for, and are the same every time", () => {
    for (const make of [
      () => tone(16_000, 500, 440, 2_000),
      () => whiteNoise(16_000, 500, 2_000),
      () => speechLike(16_000, 500, 2_000),
    ]) {
      expect(make()).toHaveLength(8_000);
      expect(rms(make())).toBeGreaterThan(1_900);
      expect(rms(make())).toBeLessThan(2_100);
      expect(make()).toEqual(make());
    }
    expect(whiteNoise(16_000, 10, 2_000, 1)).not.toEqual(whiteNoise(16_000, 10, 2_000, 2));
    expect(rms(quiet(16_000, 500))).toBe(0);
  });

  it("can be joined, laid over each other and cut into frames", () => {
    const [a, b] = [Int16Array.of(1, 2), Int16Array.of(30_000, -30_000, 5)];
    expect([...inSequence(a, b)]).toEqual([1, 2, 30_000, -30_000, 5]);
    expect([...mixed(b, b)]).toEqual([32_767, -32_768, 10]);
    expect([...mixed(a, b)]).toEqual([30_001, -29_998, 5]);
    const frames = inFrames(tone(8_000, 50, 440, 99), { sampleRate: 8_000, channels: 1 }, [160, 80], 1_000);
    expect(frames.map((frame) => [frame.samples.length, frame.timestamp])).toEqual([
      [160, 1_000],
      [80, 1_020],
      [160, 1_030],
    ]);
    expect(inFrames(new Int16Array(64), { sampleRate: 8_000, channels: 2 }, 32)[1]?.timestamp).toBe(2);
  });
});
