import { rms } from "@roomkit/core";
import { inSequence, quiet, speechLike, tone, whiteNoise } from "@roomkit/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { activeRms, atLevel, dbfs, inOne, mixedAt, noise, noiseKinds, siSdr } from "./material.ts";
import { type Speech, speech } from "./speech.ts";

const rate = 16_000;

/** Mean square between two frequencies, by a DFT of every `hz` of a second. */
function bandPower(samples: Int16Array, from: number, to: number): number {
  let power = 0;
  for (let hz = from; hz < to; hz += 37) {
    let [re, im] = [0, 0];
    for (let i = 0; i < rate; i++) {
      re += (samples[i] as number) * Math.cos((2 * Math.PI * hz * i) / rate);
      im += (samples[i] as number) * Math.sin((2 * Math.PI * hz * i) / rate);
    }
    power += re * re + im * im;
  }
  return power;
}

describe("material", () => {
  let spoken: Speech;
  beforeAll(async () => {
    spoken = await speech(rate);
  });

  it("has speech with its words, in any rate", async () => {
    expect(spoken.clips.length).toBeGreaterThan(7);
    for (const { text, samples } of spoken.clips) {
      expect(text).toMatch(/^[a-z' ]+$/);
      expect(activeRms(samples)).toBeGreaterThan(100);
      // Nobody says more than 25 letters in a second, or fewer than 3.
      expect((text.length / samples.length) * rate).toBeGreaterThan(3);
      expect((text.length / samples.length) * rate).toBeLessThan(25);
    }
    const other = await speech(8_000);
    for (const [i, { samples }] of other.clips.entries()) {
      expect(Math.abs(2 * samples.length - (spoken.clips[i]?.samples.length ?? 0))).toBeLessThan(50);
    }
    expect(inOne(spoken, 100).length).toBeGreaterThan(20 * rate);
  });

  it("has synthetic speech where no recordings are", { timeout: 60_000 }, async () => {
    const synthetic = await speech(rate, []);
    expect(synthetic.voice).toBe("flite");
    expect(synthetic.clips.length).toBeGreaterThan(7);
    for (const { samples } of synthetic.clips) expect(activeRms(samples)).toBeGreaterThan(100);
  });

  it.each(noiseKinds)("has %s noise, the same for the same seed, at one level", (kind) => {
    const made = noise(kind, spoken, 5_000, 1);
    expect(made).toHaveLength(5 * rate);
    expect(rms(made)).toBeGreaterThan(950);
    expect(rms(made)).toBeLessThan(1_050);
    expect(noise(kind, spoken, 5_000, 1)).toEqual(made);
    expect(noise(kind, spoken, 5_000, 2)).not.toEqual(made);
  });

  it("has pink noise with as much in each octave", () => {
    const made = noise("pink", spoken, 2_000, 3);
    const octaves = [250, 500, 1_000, 2_000, 4_000].map((hz) => bandPower(made, hz, 2 * hz - 1));
    for (const power of octaves) expect(Math.abs(10 * Math.log10(power / (octaves[2] as number)))).toBeLessThan(3);
    const white = whiteNoise(rate, 2_000, 1_000);
    expect(bandPower(white, 4_000, 7_999) / bandPower(white, 250, 499)).toBeGreaterThan(8);
  });

  it("has a keyboard with silence between the keys", () => {
    const made = noise("keyboard", spoken, 5_000, 1);
    expect(made.filter((x) => Math.abs(x) < 50).length / made.length).toBeGreaterThan(0.4);
    expect(made.reduce((most, x) => Math.max(most, Math.abs(x)), 0)).toBeGreaterThan(5_000);
  });

  it("mixes at a ratio of what is speech, not of its pauses", () => {
    const clip = inSequence(speechLike(rate, 1_000, 3_000), quiet(rate, 3_000));
    expect(activeRms(clip)).toBeGreaterThan(2_500);
    for (const snr of [20, 5, 0]) {
      const both = mixedAt(clip, noise("white", spoken, 1_500, 1), snr);
      const over = both.map((x, i) => x - (clip[i] as number));
      expect(20 * Math.log10(activeRms(clip) / rms(over))).toBeCloseTo(snr, 0);
    }
    expect(dbfs(tone(rate, 1_000, 440, 3_276.8))).toBeCloseTo(-20, 1);
    expect(20 * Math.log10(activeRms(atLevel(clip, -26)) / 32_768)).toBeCloseTo(-26, 1);
    expect(dbfs(quiet(rate, 100))).toBe(-120);
  });

  it("measures distortion whatever the gain and the delay", () => {
    const clean = speechLike(rate, 1_000, 3_000);
    const noisy = mixedAt(clean, whiteNoise(rate, 1_000, 1_000, 7), 10);
    const plain = siSdr(noisy, clean);
    expect(plain).toBeGreaterThan(7);
    expect(plain).toBeLessThan(11);
    expect(
      siSdr(
        noisy.map((x) => x / 2),
        clean,
      ),
    ).toBeCloseTo(plain, 1);
    const late = inSequence(quiet(rate, 1), noisy);
    expect(siSdr(late, clean)).toBeLessThan(plain - 1);
    expect(siSdr(late, clean, 20)).toBeCloseTo(plain, 1);
    expect(siSdr(clean, clean)).toBeGreaterThan(80);
  });
});
