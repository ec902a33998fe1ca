import { type AudioFormat, rms, type VadEvent } from "@roomkit/core";
import {
  inFrames,
  inSequence,
  mixed,
  quiet,
  seededRandom,
  speechLike,
  tone,
  vadConformance,
  whiteNoise,
} from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { energyVad } from "./energy-vad.ts";
import type { EnergyVadOptions } from "./options.ts";

const rate = 16_000;
const format: AudioFormat = { sampleRate: rate, channels: 1 };

describe.each([8_000, 16_000, 44_100, 48_000])("conformance at %d Hz", (sampleRate) => {
  for (const { name, run } of vadConformance({ factory: energyVad(), format: { sampleRate, channels: 1 } }))
    it(name, run);
});

function hear(samples: Int16Array, options: EnergyVadOptions = {}, length?: number, sampleRate = rate): VadEvent[] {
  const vad = energyVad(options).open({ sampleRate, channels: 1 });
  return inFrames(samples, { sampleRate, channels: 1 }, length).flatMap((frame) => vad.process(frame) ?? []);
}

/** `S` and `E` with the time in ms. */
const written = (events: VadEvent[]): string[] =>
  events.map((e) => `${e.type === "speech-start" ? "S" : "E"}${Math.round(e.timestamp)}`);

/** The first event and when it was known, in ms after the first sample. */
function firstKnown(samples: Int16Array): { readonly timestamp: number; readonly knownMs: number } | undefined {
  const vad = energyVad().open(format);
  for (const frame of inFrames(samples, format, 160)) {
    const event = vad.process(frame);
    if (event) return { timestamp: event.timestamp, knownMs: frame.timestamp + 10 };
  }
  return undefined;
}

/** Air and a motor: dull noise, a hum, and a slow swell of 15 %. */
function fan(ms: number, level: number): Int16Array {
  const noise = whiteNoise(rate, ms, 1_000, 7);
  const dull = noise.map((_, i) => noise.subarray(Math.max(0, i - 15), i + 1).reduce((sum, x) => sum + x, 0) / 8);
  const turning = mixed(dull, tone(rate, ms, 120, 300));
  const scale = level / rms(turning);
  return turning.map((x, i) => x * scale * (1 + 0.15 * Math.sin((2 * Math.PI * 2.3 * i) / rate)));
}

/** Noise of a room with machines and traffic: 6 dB less in each octave, most of it below the band of voices, where it is never steady. */
function rumble(ms: number, level: number): Int16Array {
  let low = 0;
  const brown = Float64Array.from(whiteNoise(rate, ms, 1_000, 5), (x) => {
    low = 0.997 * low + x;
    return low;
  });
  const scale = level / Math.sqrt(brown.reduce((sum, x) => sum + x * x, 0) / brown.length);
  return Int16Array.from(brown, (x) => Math.max(-32_768, Math.min(32_767, x * scale)));
}

/** Somebody types as fast as people do: each key clicks when it goes down, and less when it comes up 60 to 90 ms later. */
function keyboard(ms: number, peak: number): Int16Array {
  const random = seededRandom(3);
  const samples = quiet(rate, ms);
  const click = (at: number, loud: number): void => {
    const [low, high] = [400 + 500 * random(), 2_000 + 2_500 * random()];
    for (let i = 0; i < 0.025 * rate && at + i < samples.length; i++) {
      const t = i / rate;
      const ring = Math.exp(-t / 0.006) * Math.sin(2 * Math.PI * low * t);
      samples[at + i] =
        loud * (ring + Math.exp(-t / 0.002) * (Math.sin(2 * Math.PI * high * t) + 2 * random() - 1)) * 0.5;
    }
  };
  for (let at = 0.5 * rate; at < samples.length; at += rate * (0.09 + 0.16 * random())) {
    click(Math.round(at), peak * (0.5 + 0.5 * random()));
    click(Math.round(at + rate * (0.06 + 0.03 * random())), peak / 4);
  }
  return samples;
}

/** Mains hum with its harmonics. */
const hum = (ms: number, level: number): Int16Array =>
  [1, 2, 3, 4, 5].map((k) => tone(rate, ms, 50 * k, (0.83 * level) / k)).reduce(mixed);

const rest = quiet(rate, 1_500);
const speech = speechLike(rate, 1_800, 3_000);

describe("what is not speech", () => {
  const room = whiteNoise(rate, 3_000, 40);
  it.each<[string, Int16Array]>([
    ["one loud 20 ms frame", inSequence(quiet(rate, 1_000), whiteNoise(rate, 20, 25_000), rest)],
    ["a click of 1 ms", inSequence(room, whiteNoise(rate, 1, 32_000), room)],
    ["a knock that rings for 50 ms", inSequence(room, whiteNoise(rate, 50, 12_000), room)],
    [
      "typing",
      inSequence(
        room,
        ...Array.from({ length: 12 }, () => inSequence(whiteNoise(rate, 30, 6_000), quiet(rate, 75))),
        room,
      ),
    ],
    ...[3_000, 10_000, 30_000].map((peak): [string, Int16Array] => [
      `a keyboard with clicks of ${peak}`,
      keyboard(8_000, peak),
    ]),
    ...[500, 1_500, 4_000].map((level): [string, Int16Array] => [`rumble of RMS ${level}`, rumble(8_000, level)]),
    ["a burst too quiet", inSequence(room, tone(rate, 1_000, 200, 250), room)],
    ["a rustle just above the threshold for 120 ms", inSequence(room, whiteNoise(rate, 120, 330), room)],
    ["silence", quiet(rate, 5_000)],
    ["a constant offset", new Int16Array(5 * rate).fill(250)],
    ...[60, 290, 800, 2_500, 8_000].map((level): [string, Int16Array] => [
      `steady noise of RMS ${level} from the start`,
      whiteNoise(rate, 8_000, level),
    ]),
    [
      "noise that flutters by 12 dB",
      inSequence(...Array.from({ length: 400 }, (_, i) => whiteNoise(rate, 10, i % 3 === 2 ? 400 : 1_600, i + 1))),
    ],
    ["a loud hum from the start", tone(rate, 6_000, 100, 5_000)],
    ...[300, 700, 2_500].flatMap((level): [string, Int16Array][] => [
      [`a fan of RMS ${level} from the start`, fan(6_000, level)],
      [`mains hum of RMS ${level} from the start`, hum(6_000, level)],
    ]),
  ])("%s", (_, samples) => {
    expect(written(hear(samples))).toEqual([]);
  });
});

describe("speech", () => {
  it.each([700, 1_500, 6_000, 14_000])("at RMS %d in a quiet room", (level) => {
    const events = hear(inSequence(quiet(rate, 500), speechLike(rate, 1_800, level), rest));
    expect(events).toHaveLength(2);
    // Within the rise of its first syllable, and not after its last.
    expect(events[0]?.timestamp).toBeGreaterThanOrEqual(500);
    expect(events[0]?.timestamp).toBeLessThanOrEqual(530);
    expect(events[1]?.timestamp).toBeGreaterThan(2_050);
    expect(events[1]?.timestamp).toBeLessThanOrEqual(2_300);
  });

  it.each([50, 200, 500, 1_200])("14 dB above noise of RMS %d", (level) => {
    const noise = whiteNoise(rate, 6_000, level);
    const events = hear(
      mixed(inSequence(quiet(rate, 2_000), speechLike(rate, 1_800, Math.max(900, 5 * level))), noise),
    );
    expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
    expect(events[0]?.timestamp).toBeGreaterThanOrEqual(1_990);
    expect(events[0]?.timestamp).toBeLessThan(2_150);
    expect(events[1]?.timestamp).toBeGreaterThan(3_400);
    expect(events[1]?.timestamp).toBeLessThan(3_850);
  });

  it.each([500, 1_500])("5 dB above white noise of RMS %d", (level) => {
    const noise = whiteNoise(rate, 6_000, level);
    const events = hear(mixed(inSequence(quiet(rate, 2_000), speechLike(rate, 1_800, 1.8 * level)), noise));
    expect(events[0]?.type).toBe("speech-start");
    expect(events[0]?.timestamp).toBeGreaterThanOrEqual(1_990);
    expect(events[0]?.timestamp).toBeLessThan(2_500);
    expect(events.at(-1)?.timestamp).toBeLessThan(3_850);
  });

  it("over typing ends when the words do, not when the typing does", () => {
    const words = inSequence(quiet(rate, 3_000), speechLike(rate, 1_800, 3_000), quiet(rate, 3_200));
    const events = hear(mixed(words, keyboard(8_000, 8_000)));
    expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
    expect(events[0]?.timestamp).toBeGreaterThan(2_900);
    expect(events[1]?.timestamp).toBeLessThan(5_300);
  });

  it("is known within 60 ms of clear sound, within 200 ms of weak sound", () => {
    const known = (level: number): number => {
      const vad = energyVad().open(format);
      const frames = inFrames(inSequence(quiet(rate, 500), tone(rate, 1_000, 200, level)), format, 160);
      const index = frames.findIndex((frame) => vad.process(frame)?.type === "speech-start");
      return 10 * (index + 1) - 500;
    };
    expect(known(3_000)).toBe(60);
    expect(known(302)).toBe(200);
    expect(known(450)).toBe(90);
    expect(known(299)).toBeLessThan(0);
  });

  it("goes on over pauses shorter than the silence that ends it, and over quieter words", () => {
    const word = speechLike(rate, 300, 3_000);
    const murmur = speechLike(rate, 300, 900);
    const events = hear(inSequence(rest, word, quiet(rate, 350), murmur, quiet(rate, 350), word, rest));
    expect(events).toHaveLength(2);
    expect(hear(inSequence(rest, word, quiet(rate, 700), word, rest))).toHaveLength(4);
    expect(hear(inSequence(rest, word, quiet(rate, 700), word, rest), { silenceThresholdMs: 900 })).toHaveLength(2);
  });

  it("goes on as long as it stays within 4 dB of the threshold", () => {
    const fading = (level: number): Int16Array =>
      inSequence(rest, tone(rate, 500, 200, 1_000), tone(rate, 900, 200, level), rest);
    expect(written(hear(fading(240)))).toEqual(["S1500", "E2900"]);
    expect(written(hear(fading(160)))).toEqual(["S1500", "E2000"]);
  });

  describe("that begins with the first sample", () => {
    /** The pre-roll reaches back so far from the time that is given. */
    const { speechPadMs } = energyVad();

    it.each([700, 1_500, 6_000, 14_000])("is known at its first fall, at RMS %d", (level) => {
      // From the beginning of a syllable, and from the middle of one.
      for (const begin of [0, 20, 40, 60, 80]) {
        const samples = inSequence(speechLike(rate, 1_800, level).subarray((begin * rate) / 1_000), rest);
        expect(firstKnown(samples)?.knownMs).toBeLessThanOrEqual(300);
        const events = hear(samples);
        expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
        expect(events[0]?.timestamp).toBeLessThan(speechPadMs / 2);
      }
    });

    it("is known over noise too", () => {
      for (const [level, noise] of [
        [3_000, whiteNoise(rate, 4_000, 300)],
        [6_000, fan(4_000, 700)],
      ] as const) {
        const known = firstKnown(mixed(speech.map((x) => (x * level) / 3_000).subarray(0.04 * rate), noise));
        expect(known?.timestamp).toBeLessThan(speechPadMs / 2);
        expect(known?.knownMs).toBeLessThanOrEqual(400);
      }
    });

    it("may be one word, or one vowel", () => {
      for (const word of [speechLike(rate, 200, 3_000), tone(rate, 250, 150, 3_000), tone(rate, 600, 150, 3_000)]) {
        const events = hear(inSequence(word, rest));
        expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
        expect(events[0]?.timestamp).toBeLessThanOrEqual(20);
      }
    });

    it("has one end for each start, also when both are found at once", () => {
      // Falls by 10 dB: known to be speech only when it has been over for more than the silence that ends it.
      const samples = inSequence(tone(rate, 250, 150, 3_000), tone(rate, 250, 150, 950), rest);
      const events = hear(samples, { silenceThresholdMs: 20 });
      expect(events.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
      expect(events[0]?.timestamp).toBeLessThanOrEqual(10);
      expect(events[1]?.timestamp).toBe(250);
    });

    it("is found however the audio is cut into frames, and after a reset", () => {
      const samples = inSequence(speech.subarray(0.06 * rate), rest);
      const expected = hear(samples);
      expect(expected).toHaveLength(2);
      for (const length of [33, 512, 4_096]) expect(hear(samples, {}, length)).toEqual(expected);
      const vad = energyVad().open(format);
      for (const frame of inFrames(fan(2_000, 700), format)) vad.process(frame);
      vad.reset();
      expect(inFrames(samples, format).flatMap((frame) => vad.process(frame) ?? [])).toEqual(expected);
    });
  });

  it("of no end is cut into pieces that leave nothing out", () => {
    const long = inSequence(rest, ...Array.from({ length: 4 }, (_, i) => speechLike(rate, 3_000, 3_000, i + 1)), rest);
    const events = hear(long, { maxSpeechMs: 2_500 });
    expect(events.length).toBeGreaterThan(8);
    for (let i = 0; i < events.length; i += 2) {
      const end = events[i + 1];
      expect(end?.type === "speech-end" && end.durationMs).toBeLessThanOrEqual(2_500);
      const next = events[i + 2];
      // Between two pieces there is at most a pause between syllables.
      if (end && next) expect(next.timestamp - end.timestamp).toBeLessThan(250);
    }
  });
});

describe("noise", () => {
  it("that begins in silence is speech only until it has proved steady", () => {
    const events = hear(inSequence(rest, tone(rate, 10_000, 120, 3_000)));
    expect(written(events)[0]).toBe("S1500");
    expect(events).toHaveLength(2);
    expect(events[1]?.timestamp).toBeLessThan(1_500 + 1_700);
  });

  it("from the start of a stream is noise after a reset as well, whatever was before", () => {
    const vad = energyVad().open(format);
    for (const frame of inFrames(rest, format)) vad.process(frame);
    vad.reset();
    const events = inFrames(whiteNoise(rate, 3_000, 3_000), format).flatMap((frame) => vad.process(frame) ?? []);
    expect(events).toEqual([]);
  });

  it("is not followed when adaptive is off", () => {
    const hum = inSequence(rest, tone(rate, 4_000, 120, 3_000), rest);
    expect(written(hear(hum, { adaptive: false }))).toEqual(["S1500", "E5500"]);
  });

  it("is outgrown by noiseFactor times its level only", () => {
    const step = mixed(whiteNoise(rate, 4_000, 500), inSequence(quiet(rate, 2_000), whiteNoise(rate, 500, 1_700, 2)));
    expect(hear(step)).toHaveLength(2);
    expect(hear(step, { noiseFactor: 6 })).toHaveLength(0);
  });

  it("that stops gives way to quiet speech within the window", () => {
    const after = (ms: number): Int16Array =>
      inSequence(whiteNoise(rate, 3_000, 2_000), quiet(rate, ms), speechLike(rate, 900, 1_000), rest);
    const found = (samples: Int16Array): VadEvent[] => hear(samples).filter((event) => event.timestamp > 3_000);
    expect(found(after(100))).toHaveLength(2);
    expect(hear(mixed(after(100), whiteNoise(rate, 6_000, 30)), { noiseWindowMs: 400 }).length).toBe(2);
  });
});

it("hears the seed's browser client: 4,096 samples at 48,000 Hz in a frame", () => {
  const at48 = inSequence(quiet(48_000, 500), speechLike(48_000, 1_800, 3_000), quiet(48_000, 1_500));
  const big = hear(at48, {}, 4_096, 48_000);
  expect(big).toEqual(hear(at48, {}, 480, 48_000));
  expect(big).toHaveLength(2);
});

it("stays finite on anything 16 bits can hold", () => {
  const vad = energyVad().open(format);
  for (const sample of [-32_768, 32_767, 0]) {
    for (let i = 0; i < 100; i++) {
      vad.process({ samples: new Int16Array(320).fill(sample), ...format, timestamp: 20 * i });
      expect(vad.probability).toBeGreaterThanOrEqual(0);
      expect(vad.probability).toBeLessThanOrEqual(1);
    }
  }
  vad.process({ samples: new Int16Array(0), ...format, timestamp: 2_000 });
});

it("refuses what it cannot work with", () => {
  for (const options of [
    { energyThreshold: 0 },
    { energyThreshold: Number.NaN },
    { silenceThresholdMs: -1 },
    { onsetMs: 0 },
    { minSpeechMs: Number.POSITIVE_INFINITY },
    { speechPadMs: -5 },
    { maxSpeechMs: 1 },
    { noiseFactor: 1 },
    { noiseWindowMs: 0 },
  ]) {
    expect(() => energyVad(options), JSON.stringify(options)).toThrowError(
      expect.objectContaining({ code: "invalid_option" }),
    );
  }
  expect(() => energyVad().open({ sampleRate: rate, channels: 2 })).toThrowError(
    expect.objectContaining({ code: "unsupported_format" }),
  );
  const vad = energyVad().open(format);
  expect(() =>
    vad.process({ samples: new Int16Array(320), sampleRate: 8_000, channels: 1, timestamp: 0 }),
  ).toThrowError(expect.objectContaining({ code: "unsupported_format" }));
  expect(energyVad({ speechPadMs: 450 }).speechPadMs).toBe(450);
});
