import { rms } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { dtmfTones } from "./index.ts";
import { digitsOf, hear, KEYS } from "./signals.fixture.ts";

describe("dtmfTones", () => {
  it.each([8_000, 16_000, 24_000, 48_000])("makes tones at %d Hz that are heard as what they are", (sampleRate) => {
    for (const options of [
      {},
      { toneMs: 40, pauseMs: 40 },
      { levelDb: -7, twistDb: 4 },
      { levelDb: -36, twistDb: -8 },
    ]) {
      const frame = dtmfTones(KEYS, { sampleRate, ...options });
      expect(frame).toMatchObject({ sampleRate, channels: 1, timestamp: 0 });
      expect(digitsOf(hear(frame.samples, sampleRate))).toBe(KEYS);
    }
  });

  it("keeps to length, pause and level, and begins and ends softly", () => {
    const { samples } = dtmfTones("5", { toneMs: 200, pauseMs: 50, levelDb: -12 });
    expect(samples).toHaveLength(2_000);
    expect(20 * Math.log10(rms(samples.subarray(80, 1_520)) / 32_768)).toBeCloseTo(-12, 0);
    expect(samples.subarray(1_600).every((x) => x === 0)).toBe(true);
    for (const at of [0, 1_599]) expect(Math.abs(samples[at] as number)).toBeLessThan(50);
    const loudest = dtmfTones("147*", { levelDb: -7, twistDb: 0, sampleRate: 48_000 }).samples;
    expect(loudest.reduce((most, x) => Math.max(most, Math.abs(x)), 0)).toBeGreaterThan(25_000);
    expect(loudest.every((x, i) => i === 0 || Math.abs(x - (loudest[i - 1] as number)) < 20_000)).toBe(true);
  });

  it.each(["", "12x", "1 2", "a", "1".repeat(65), 12 as never, undefined as never])(
    "%j are invalid_digits, not told which",
    (digits) => {
      expect(() => dtmfTones(digits)).toThrowError(
        expect.objectContaining({ code: "invalid_digits", message: expect.not.stringContaining("12x") }),
      );
    },
  );

  it.each([{ toneMs: 5 }, { levelDb: 0 }, { sampleRate: 100 }, { pauseMs: 1e9 }, { levelDb: "loud" }])(
    "%j is an invalid_option",
    (options) => {
      expect(() => dtmfTones("1", options as never)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
    },
  );
});
