import { tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { SpeechBand } from "./speech-band.ts";

describe.each([8_000, 16_000, 48_000])("SpeechBand at %d Hz", (rate) => {
  /** What it makes of a steady tone of RMS 1,000 (60 dB), once it has settled. */
  function through(hz: number): number {
    const band = new SpeechBand(rate);
    band.levelDb(tone(rate, 500, hz, 1_000));
    return band.levelDb(tone(rate, 500, hz, 1_000));
  }

  it("lets voices pass, and less of what is below and above them", () => {
    for (const hz of [300, 500, 900]) expect(through(hz)).toBeGreaterThan(58.5);
    expect(through(200)).toBeCloseTo(57, 0);
    expect(through(50)).toBeLessThan(37);
    expect(through(3_000)).toBeLessThan(49);
  });

  it("is of no sound 0 dB, and stays finite on the loudest", () => {
    const band = new SpeechBand(rate);
    expect(band.levelDb(new Int16Array(rate / 100))).toBe(0);
    for (const sample of [32_767, -32_768]) {
      const level = band.levelDb(new Int16Array(rate / 100).fill(sample));
      expect(level).toBeGreaterThan(0);
      expect(level).toBeLessThan(100);
    }
    expect(band.levelDb(new Int16Array(0))).toBe(0);
  });

  it("judges the same however the audio is cut, and after a reset", () => {
    const sound = tone(rate, 100, 440, 1_000);
    const whole = new SpeechBand(rate).levelDb(sound);
    const cut = new SpeechBand(rate);
    const parts = Array.from({ length: 10 }, (_, i) =>
      cut.levelDb(sound.subarray((i * rate) / 100, ((i + 1) * rate) / 100)),
    );
    const mean = parts.reduce((sum, db) => sum + 10 ** (db / 10), 0) / parts.length;
    expect(10 * Math.log10(mean)).toBeCloseTo(whole, 6);
    cut.reset();
    expect(cut.levelDb(sound)).toBe(whole);
  });
});
