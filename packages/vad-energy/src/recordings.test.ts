import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { VadEvent } from "@roomkit/core";
import { rms } from "@roomkit/core";
import { inFrames, inSequence, mixed, quiet, samplesOfWav, whiteNoise } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { energyVad } from "./energy-vad.ts";

/** People reading single phrases: Debian's pocketsphinx-testdata and alsa-utils. Noise.wav is what it says. */
const recordings = [
  "/usr/share/pocketsphinx/test/data/cards",
  "/usr/share/pocketsphinx/test/data/librivox",
  "/usr/share/sounds/alsa",
]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".wav") && !file.endsWith("Noise.wav"));

function hear(samples: Int16Array, sampleRate: number): VadEvent[] {
  const vad = energyVad().open({ sampleRate, channels: 1 });
  return inFrames(samples, { sampleRate, channels: 1 }).flatMap((frame) => vad.process(frame) ?? []);
}

/** A recording as if the line had opened in the middle of it: at every loud moment, 100 ms apart. */
function beginnings(samples: Int16Array, rate: number, level: number): Int16Array[] {
  const step = Math.round(rate / 10);
  const starts = Array.from({ length: Math.floor(samples.length / step) }, (_, i) => i * step);
  return starts
    .filter((at) => at + rate / 2 < samples.length && rms(samples.subarray(at, at + rate / 20)) > level)
    .map((at) => samples.subarray(at));
}

/** How long until it is known that somebody speaks, in ms; infinity for never. */
function knownAfter(samples: Int16Array, sampleRate: number): number {
  const vad = energyVad().open({ sampleRate, channels: 1 });
  for (const frame of inFrames(samples, { sampleRate, channels: 1 }, Math.round(sampleRate / 100)))
    if (vad.process(frame)) return frame.timestamp + 10;
  return Number.POSITIVE_INFINITY;
}

describe.skipIf(recordings.length === 0)("recordings (skipped without pocketsphinx-testdata and alsa-utils)", () => {
  it.each(recordings)("%s is one stretch of speech", (file) => {
    const { samples, format } = samplesOfWav(readFileSync(file));
    const rate = format.sampleRate;
    const lengthMs = (samples.length / rate) * 1000;
    const clean = hear(inSequence(quiet(rate, 1_000), samples, quiet(rate, 1_000)), rate);
    expect(clean.map((event) => event.type)).toEqual(["speech-start", "speech-end"]);
    expect(clean[0]?.timestamp).toBeLessThan(1_400);
    expect(clean[1]?.timestamp).toBeGreaterThan(1_000 + 0.6 * lengthMs);
    expect(clean[1]?.timestamp).toBeLessThanOrEqual(1_000 + lengthMs + 10);
  });

  it.each(recordings)("%s is found 20 dB above noise, and the noise is not", (file) => {
    const { samples, format } = samplesOfWav(readFileSync(file));
    const rate = format.sampleRate;
    const lengthMs = (samples.length / rate) * 1000;
    const noise = whiteNoise(rate, 4_000 + lengthMs, rms(samples) / 10);
    const events = hear(mixed(inSequence(quiet(rate, 2_000), samples), noise), rate);
    expect(events.length).toBeGreaterThanOrEqual(2);
    expect(events[0]?.timestamp).toBeGreaterThanOrEqual(2_000);
    expect(events[0]?.timestamp).toBeLessThan(2_500);
    expect(events.at(-1)?.timestamp).toBeLessThanOrEqual(2_010 + lengthMs);
  });

  it("are found as loud as white noise, nearly all of them, and the noise is not", () => {
    const found = recordings.map((file) => {
      const { samples, format } = samplesOfWav(readFileSync(file));
      const rate = format.sampleRate;
      const lengthMs = (samples.length / rate) * 1000;
      const noise = whiteNoise(rate, 4_000 + lengthMs, rms(samples));
      const events = hear(mixed(inSequence(quiet(rate, 2_000), samples), noise), rate);
      for (const { timestamp } of events) {
        expect(timestamp).toBeGreaterThanOrEqual(2_000);
        expect(timestamp).toBeLessThanOrEqual(2_010 + lengthMs);
      }
      return events.length > 0;
    });
    expect(found.filter(Boolean).length / found.length).toBeGreaterThan(0.9);
  });

  it("are told of long before the most that the proof may take, so that none of them is cut there", () => {
    const lags: number[] = [];
    const hearStarts = (samples: Int16Array, sampleRate: number): void => {
      const vad = energyVad().open({ sampleRate, channels: 1 });
      for (const frame of inFrames(samples, { sampleRate, channels: 1 }, sampleRate / 50)) {
        const event = vad.process(frame);
        if (event?.type === "speech-start") lags.push(frame.timestamp + 20 - event.timestamp);
      }
    };
    for (const file of recordings) {
      const { samples, format } = samplesOfWav(readFileSync(file));
      const rate = format.sampleRate;
      const lengthMs = (samples.length / rate) * 1000;
      for (const loudness of [1, 0.1, 0.03]) {
        const softer = samples.map((sample) => sample * loudness);
        for (const over of [1, 2, 5, 30]) {
          const noise = whiteNoise(rate, 4_000 + lengthMs, Math.max(1, rms(softer) / over));
          hearStarts(mixed(inSequence(quiet(rate, 2_000), softer), noise), rate);
        }
        for (let at = 0; at < softer.length - rate; at += rate / 2) hearStarts(softer.subarray(at), rate);
      }
    }
    expect(lags.length).toBeGreaterThan(100);
    expect(Math.max(...lags)).toBeLessThan(800);
  });

  it.each([1_000, 3_000, 8_000])("people who speak from the first sample are heard soon, at RMS %d", (level) => {
    const known = recordings.flatMap((file) => {
      const { samples, format } = samplesOfWav(readFileSync(file));
      const scale = level / rms(samples);
      const louder = samples.map((x) => Math.max(-32_768, Math.min(32_767, x * scale)));
      return beginnings(louder, format.sampleRate, level).map((speech) => knownAfter(speech, format.sampleRate));
    });
    expect(known.length).toBeGreaterThan(100);
    const within = (ms: number): number => known.filter((each) => each <= ms).length / known.length;
    // Before the first fall nothing tells a long vowel from a hum.
    expect(within(300)).toBeGreaterThan(0.6);
    expect(within(500)).toBeGreaterThan(0.9);
    expect(within(1_000)).toBeGreaterThan(0.98);
  });
});
