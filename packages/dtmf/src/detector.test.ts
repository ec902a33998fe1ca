import { inFrames, inSequence, quiet, speechLike, stageConformance, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { dtmf, dtmfTones } from "./index.ts";
import { around, digitsOf, hear, KEYS, noisy, pair } from "./signals.fixture.ts";

const rates = [8_000, 16_000] as const;

describe.each([8_000, 16_000, 44_100, 48_000])("as a stage at %d Hz", (sampleRate) => {
  const input = inSequence(
    speechLike(sampleRate, 500, 3_000),
    dtmfTones("17#", { sampleRate }).samples,
    quiet(sampleRate, 60),
  );
  const options = { factory: dtmf(), format: { sampleRate, channels: 1 }, gives: "events", input } as const;
  for (const { name, run } of stageConformance(options)) it(name, run);
});

describe.each(rates)("at %d Hz", (rate) => {
  const keys = [...KEYS];

  it.each([15, 5])("hears every key of 40 ms, %d dB above noise, at any level and twist", (snrDb) => {
    let [missed, wrong, n] = [0, 0, 0];
    for (const levelDb of [-3, -10, -20, -30]) {
      for (const twistDb of [-8, -4, 0, 4]) {
        for (const key of keys) {
          const signal = around(rate, pair(key, { rate, ms: 40, levelDb, twistDb }));
          const heard = digitsOf(hear(noisy(signal, rate, levelDb, snrDb, ++n), rate));
          if (heard !== key) heard === "" ? missed++ : wrong++;
        }
      }
    }
    expect(wrong).toBe(0);
    expect(missed / n).toBeLessThanOrEqual(snrDb === 15 ? 0 : 0.02);
  });

  it.each([
    [20, ""],
    [23, ""],
    [40, KEYS],
    [100, KEYS],
    [1_000, KEYS],
    [30_000, KEYS.slice(0, 3)],
  ])("a key of %d ms is one press or none, with its length and beginning", (ms, expected) => {
    for (const key of expected === "" ? keys : expected) {
      const events = hear(around(rate, pair(key, { rate, ms })), rate);
      expect(digitsOf(events)).toBe(expected === "" ? "" : key);
      for (const { durationMs, timestamp } of events) {
        expect(Math.abs(durationMs - ms)).toBeLessThan(3);
        expect(Math.abs(timestamp - 73)).toBeLessThan(3);
      }
    }
  });

  it.each([
    [1.015, 1.015, true],
    [0.985, 0.985, true],
    [1.035, 1, false],
    [0.965, 1, false],
    [1, 1.035, false],
    [1, 0.965, false],
  ])("frequencies times %d and %d: taken %s", (lowBy, highBy, taken) => {
    for (const ms of [40, 100]) {
      for (const key of keys) {
        const signal = around(rate, pair(key, { rate, ms, lowBy, highBy }));
        expect(digitsOf(hear(noisy(signal, rate, -15, 15, ms), rate))).toBe(taken ? key : "");
      }
    }
  });

  it.each([
    [4, true],
    [-8, true],
    [9, false],
    [-13, false],
  ])("a high tone %d dB louder than the low one: taken %s", (twistDb, taken) => {
    for (const key of keys) {
      const signal = around(rate, pair(key, { rate, ms: 60, twistDb }));
      expect(digitsOf(hear(noisy(signal, rate, -15, 15, 3), rate))).toBe(taken ? key : "");
    }
  });

  it.each([
    [5, 1],
    [9, 1],
    [40, 2],
    [200, 2],
  ])("silence of %d ms within a key makes %d presses", (ms, presses) => {
    for (const key of keys) {
      const half = pair(key, { rate, ms: 50 });
      const events = hear(noisy(around(rate, half, quiet(rate, ms), half), rate, -15, 15, 4), rate);
      expect(digitsOf(events)).toBe(key.repeat(presses));
      if (presses === 1) expect(Math.abs((events[0]?.durationMs ?? 0) - 100 - ms)).toBeLessThan(5);
    }
  });

  it("hears keys that follow each other without a pause", () => {
    const parts = keys.map((key) => pair(key, { rate, ms: 60 }));
    expect(digitsOf(hear(around(rate, ...parts), rate))).toBe(KEYS);
  });

  it("hears the keys of a quick dialler, however the audio is cut", () => {
    const signal = around(rate, dtmfTones(KEYS, { sampleRate: rate, toneMs: 50, pauseMs: 50 }).samples);
    const expected = hear(signal, rate);
    expect(digitsOf(expected)).toBe(KEYS);
    for (const length of [rate / 100, rate / 50, Math.round(rate * 0.03), [1, 7, 333, 2], 4_096]) {
      expect(hear(inSequence(signal, quiet(rate, 9_000)), rate, { length })).toEqual(expected);
    }
  });

  it("hears nothing in single tones, a dial tone, a hum, steps", () => {
    const tones = [697, 941, 1_209, 1_633, 350, 440, 50].map((hz) => tone(rate, 300, hz, 6_000));
    const dial = quiet(rate, 1_000).map(
      (_, i) => 5_000 * (Math.sin((2 * Math.PI * 350 * i) / rate) + Math.sin((2 * Math.PI * 440 * i) / rate)),
    );
    const steps = quiet(rate, 1_000).map((_, i) => (Math.floor(i / 400) % 2) * 20_000);
    expect(hear(around(rate, ...tones, dial, steps), rate)).toEqual([]);
  });

  it("hears a key over a constant", () => {
    const signal = around(rate, pair("5", { rate, ms: 60, levelDb: -20 })).map((x) => x + 8_000);
    expect(digitsOf(hear(signal, rate))).toBe("5");
  });
});

describe("the tone that sounds", () => {
  const rate = 16_000;

  it("is told while it does, from about its beginning until its end", () => {
    const detector = dtmf().open({ sampleRate: rate, channels: 1 });
    const told: { at: number; from: number; to: number }[] = [];
    let pressed: number | undefined;
    for (const frame of inFrames(around(rate, pair("8", { rate, ms: 200 })), { sampleRate: rate, channels: 1 })) {
      const at = frame.timestamp + 20;
      if (detector.process(frame)) pressed = at;
      if (detector.tone) told.push({ at, ...detector.tone });
    }
    // Known two windows into the tone at the latest, at the end of a frame.
    expect(told[0]?.at).toBeLessThanOrEqual(73 + 40);
    expect(told.at(-1)?.at).toBeGreaterThanOrEqual(273);
    for (const { from } of told) expect(Math.abs(from - 73)).toBeLessThan(8);
    expect(Math.abs((told.at(-1)?.to ?? 0) - 273)).toBeLessThan(5);
    expect(pressed).toBeGreaterThan(273);
    expect(pressed).toBeLessThanOrEqual(273 + 60);
    expect(detector.tone).toBeUndefined();
  });

  it("ends where the stream has a gap", () => {
    const detector = dtmf().open({ sampleRate: rate, channels: 1 });
    const frames = inFrames(pair("8", { rate, ms: 200 }), { sampleRate: rate, channels: 1 });
    const events = frames.flatMap((frame, i) => {
      const timestamp = frame.timestamp + (i >= 5 ? 1_000 : 0);
      return detector.process({ ...frame, timestamp }) ?? [];
    });
    expect(events).toMatchObject([{ digit: "8" }]);
    expect(Math.abs((events[0]?.durationMs ?? 0) - 100)).toBeLessThan(8);
  });
});

describe("options", () => {
  const rate = 8_000;

  it("set the limits", () => {
    const signal = around(rate, pair("5", { rate, ms: 50, levelDb: -30, twistDb: -8 }));
    expect(digitsOf(hear(signal, rate))).toBe("5");
    for (const options of [{ minLevelDb: -25 }, { minToneMs: 60 }, { reverseTwistDb: 5 }])
      expect(hear(signal, rate, options)).toEqual([]);
    expect(hear(around(rate, pair("5", { rate, ms: 50, twistDb: 4 })), rate, { normalTwistDb: 2 })).toEqual([]);
    const twice = around(rate, pair("5", { rate, ms: 50 }), quiet(rate, 60), pair("5", { rate, ms: 50 }));
    expect(hear(twice, rate)).toHaveLength(2);
    expect(hear(twice, rate, { minPauseMs: 80 })).toHaveLength(1);
  });

  it.each([{ minToneMs: 5 }, { minLevelDb: 3 }, { minPauseMs: Number.NaN }, 7, { normalTwistDb: "4" }])(
    "%j is an invalid_option",
    (options) => {
      expect(() => dtmf(options as never)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
    },
  );
});
