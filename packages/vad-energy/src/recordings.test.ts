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
});
