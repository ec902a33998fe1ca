import { rms } from "@roomkit/core";
import { inFrames, inSequence, mixed, quiet, speechLike, stageConformance, tone, whiteNoise } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { agc } from "./index.ts";
import type { AgcOptions } from "./options.ts";

const rate = 16_000;
const full = 32_768;
const at = (db: number): number => full * 10 ** (db / 20);

/** Goes through the stage, in 20 ms frames. */
function through(samples: Int16Array, options: AgcOptions = {}, sampleRate = rate): Int16Array {
  const stage = agc(options).open({ sampleRate, channels: 1 });
  return inSequence(...inFrames(samples, { sampleRate, channels: 1 }).map((frame) => stage.process(frame).samples));
}

/** Seconds of a signal. */
const cut = (samples: Int16Array, from: number, to: number): Int16Array => samples.subarray(from * rate, to * rate);
const levelOf = (samples: Int16Array): number => 20 * Math.log10(rms(samples) / full);
const peakOf = (samples: Int16Array): number => samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
/** The level while somebody speaks: of the stretches of 10 ms not more than 20 dB below the loudest. */
const speechLevel = (samples: Int16Array): number => {
  const powers = Array.from(
    { length: samples.length / 160 },
    (_, i) => rms(samples.subarray(i * 160, i * 160 + 160)) ** 2,
  );
  const active = powers.filter((power) => power > Math.max(...powers) / 100);
  return 10 * Math.log10(active.reduce((sum, power) => sum + power, 0) / active.length / full ** 2);
};
/** By how much a part came out louder than it went in, dB. */
const gainIn = (out: Int16Array, signal: Int16Array, from: number, to: number): number =>
  levelOf(cut(out, from, to)) - levelOf(cut(signal, from, to));
/** Somebody who speaks in a room that is not quite silent. */
const talk = (ms: number, db: number, seed = 1): Int16Array =>
  mixed(speechLike(rate, ms, at(db), seed), whiteNoise(rate, ms, at(-75), seed));
const room = (ms: number, db = -75): Int16Array => whiteNoise(rate, ms, at(db), 9);

describe.each([8_000, 16_000, 48_000])("as a stage at %d Hz", (sampleRate) => {
  const options = { factory: agc(), format: { sampleRate, channels: 1 }, gives: "audio" } as const;
  for (const { name, run } of stageConformance(options)) it(name, run);
});

describe("speech", () => {
  it.each([-45, -38, -30, -20, -12, -6])("at %d dB comes out at the target", (db) => {
    const signal = talk(10_000, db);
    const out = through(signal);
    const most = speechLevel(signal) + 24;
    expect(Math.abs(speechLevel(cut(out, 5, 10)) - Math.min(-20, most))).toBeLessThan(2.5);
    // Once there, it stays.
    const gains = [5, 6, 7, 8, 9].map((s) => gainIn(out, signal, s, s + 1));
    expect(Math.max(...gains) - Math.min(...gains)).toBeLessThan(2.5);
  });

  it("rises no faster, and falls no faster, than it may", () => {
    const options = { upDbPerS: 6, downDbPerS: 10 };
    const signal = inSequence(talk(4_000, -44), talk(4_000, -14, 2));
    const out = through(signal, options);
    const gains = Array.from({ length: 16 }, (_, i) => gainIn(out, signal, i / 2, i / 2 + 0.5));
    for (const [i, gain] of gains.entries()) {
      const change = gain - (gains[i - 1] ?? gain);
      expect(change).toBeLessThan(3 + 1);
      // The limiter may take away more at the step.
      if (i !== 8) expect(change).toBeGreaterThan(-5 - 1);
    }
    expect(gains[7]).toBeGreaterThan(8);
    expect(gains[15]).toBeLessThan(-1);
  });

  it("of two people who take turns is levelled again and again", () => {
    const signal = inSequence(...[0, 1, 2, 3].flatMap((n) => [talk(5_500, n % 2 ? -12 : -34, n + 1), room(500)]));
    const out = through(signal);
    for (let n = 0; n < 4; n++)
      expect(Math.abs(speechLevel(cut(out, n * 6 + 3.5, n * 6 + 5.5)) + 20)).toBeLessThan(2.5);
  });
});

describe("what is no speech", () => {
  it("does not change the gain in a pause of five seconds, or a minute", () => {
    for (const pause of [5, 60]) {
      const signal = inSequence(talk(5_000, -38), room(pause * 1_000), talk(500, -38));
      const out = through(signal);
      const first = gainIn(out, signal, 5.1, 5.6);
      expect(first).toBeGreaterThan(15);
      expect(Math.abs(gainIn(out, signal, 5 + pause - 0.5, 5 + pause) - first)).toBeLessThan(0.5);
    }
  });

  it("is not pumped up: silence, and noise from the beginning", () => {
    expect(through(quiet(rate, 5_000)).every((x) => x === 0)).toBe(true);
    for (const db of [-60, -40, -25]) {
      const signal = room(10_000, db);
      expect(through(signal)).toEqual(signal);
    }
  });

  it("is taken for what it is after two seconds, when a noise begins", () => {
    const signal = inSequence(room(3_000), room(20_000, -40));
    const out = through(signal, { upDbPerS: 3 });
    const after = gainIn(out, signal, 6, 7);
    expect(after).toBeLessThan(3 * 2.5);
    expect(Math.abs(gainIn(out, signal, 22, 23) - after)).toBeLessThan(0.5);
  });

  it("leaves the gain as it is: clicks, and sounds below the gate", () => {
    const click = (db: number): Int16Array => tone(rate, 20, 900, at(db));
    const clicks = inSequence(...Array.from({ length: 20 }, () => [click(-15), room(180)]).flat());
    expect(through(clicks)).toEqual(clicks);
    const faint = inSequence(quiet(rate, 1_000), speechLike(rate, 4_000, at(-65)));
    expect(through(faint)).toEqual(faint);
    expect(through(faint, { gateDb: -80 })).not.toEqual(faint);
  });
});

describe("the limiter", () => {
  it("lets no sample over the ceiling when somebody is suddenly 20 dB louder", () => {
    const signal = inSequence(talk(5_000, -38), talk(5_000, -18, 2));
    for (const ceilingDb of [0, -1, -6]) {
      const out = through(signal, { ceilingDb });
      expect(peakOf(out)).toBeLessThanOrEqual(Math.min(32_767, at(ceilingDb)));
      expect(peakOf(cut(out, 5, 5.5))).toBeGreaterThan(0.7 * at(ceilingDb));
      // 20 dB too much at the most for half a second of speech, and back at the target after a second.
      expect(Math.abs(speechLevel(cut(out, 6.5, 10)) + 20)).toBeLessThan(3);
    }
  });

  it("holds a full-scale square wave below the ceiling, at any gain", () => {
    const square = quiet(rate, 500).map((_, i) => (Math.floor(i / 40) % 2 ? 32_767 : -32_768));
    const out = through(inSequence(talk(5_000, -44), square), { ceilingDb: -3 });
    expect(peakOf(out)).toBeLessThanOrEqual(at(-3));
    // Limited, not torn: each half wave is even but for the limiter's letting go.
    const half = cut(out, 5.1, 5.2).subarray(0, 40);
    expect(Math.max(...half.map(Math.abs)) / Math.min(...half.map(Math.abs))).toBeLessThan(1.2);
  });

  it("does nothing below it", () => {
    const signal = tone(rate, 1_000, 300, at(-10));
    expect(through(signal, { maxGainDb: 0, maxCutDb: 0 })).toEqual(signal);
  });
});

describe("options", () => {
  it("set target and bounds", () => {
    const signal = talk(8_000, -40);
    expect(Math.abs(speechLevel(cut(through(signal, { targetDb: -28 }), 4, 8)) + 28)).toBeLessThan(2);
    expect(gainIn(through(signal, { maxGainDb: 6 }), signal, 4, 8)).toBeCloseTo(6, 0);
    const loud = talk(8_000, -8);
    expect(gainIn(through(loud, { maxCutDb: 3 }), loud, 4, 8)).toBeCloseTo(-3, 0);
  });

  it.each([{ targetDb: 3 }, { maxGainDb: -1 }, { upDbPerS: 0 }, { ceilingDb: 1 }, { gateDb: "low" }, 7])(
    "%j is an invalid_option",
    (options) => {
      expect(() => agc(options as never)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
    },
  );
});
