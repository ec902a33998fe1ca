import type { AudioFormat, AudioFrame } from "@roomkit/core";
import { seededRandom } from "./seeded-random.ts";

/** Mono test signals: the same samples on every run and every machine. Levels are RMS of 16-bit samples. */

/** `ms` of silence. */
export function quiet(sampleRate: number, ms: number): Int16Array {
  return new Int16Array(Math.round((sampleRate * ms) / 1000));
}

/** A sine. */
export function tone(sampleRate: number, ms: number, hz: number, level: number): Int16Array {
  const peak = level * Math.SQRT2;
  return quiet(sampleRate, ms).map((_, i) => peak * Math.sin((2 * Math.PI * hz * i) / sampleRate));
}

/** White noise, evenly distributed. */
export function whiteNoise(sampleRate: number, ms: number, level: number, seed = 1): Int16Array {
  const random = seededRandom(seed);
  return quiet(sampleRate, ms).map(() => level * Math.sqrt(3) * (2 * random() - 1));
}

/**
 * What speech looks like to a detector of loudness: a buzz with falling harmonics, in syllables of about 200 ms that rise fast, fall
 * slowly and differ in loudness, with a short pause after every few. No recogniser takes it for words.
 */
export function speechLike(sampleRate: number, ms: number, level: number, seed = 1): Int16Array {
  const random = seededRandom(seed);
  const samples = new Float64Array(Math.round((sampleRate * ms) / 1000));
  let phase = 0;
  let at = 0;
  for (let syllable = 1; at < samples.length; syllable++) {
    const length = Math.round(sampleRate * (0.14 + 0.12 * random()));
    const loudness = 0.5 + random();
    const pitch = 100 + 60 * random();
    for (let i = 0; i < length && at < samples.length; i++, at++) {
      const t = i / length;
      phase += (2 * Math.PI * (pitch + 15 * Math.sin(Math.PI * t))) / sampleRate;
      let buzz = 0;
      for (let k = 1; k <= 12; k++) buzz += Math.sin(k * phase) / k;
      // Rises in a fifth of the syllable, falls to 30 dB below by its end.
      samples[at] =
        buzz * loudness * (t < 0.2 ? Math.sin((Math.PI / 2) * (t / 0.2)) ** 2 : 10 ** (-1.5 * ((t - 0.2) / 0.8)));
    }
    if (syllable % 6 === 0) at += Math.round(sampleRate * 0.12);
  }
  const loud = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / Math.max(1, samples.length));
  return Int16Array.from(samples, (x) => Math.max(-32_768, Math.min(32_767, (x * level) / (loud || 1))));
}

/** One signal after the other. */
export function inSequence(...parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** One signal over the other, from their beginnings, as long as the longer one; saturates. */
export function mixed(a: Int16Array, b: Int16Array): Int16Array {
  return new Int16Array(Math.max(a.length, b.length)).map((_, i) =>
    Math.max(-32_768, Math.min(32_767, (a[i] ?? 0) + (b[i] ?? 0))),
  );
}

/**
 * Cuts samples into frames that follow each other on the capture clock.
 *
 * @param length samples per frame (all channels together); several lengths are taken in turn.
 * @param begin timestamp of the first frame, ms. Default 0.
 */
export function inFrames(
  samples: Int16Array,
  format: AudioFormat,
  length: number | readonly number[] = Math.round(format.sampleRate / 50) * format.channels,
  begin = 0,
): AudioFrame[] {
  const lengths = typeof length === "number" ? [length] : length;
  const frames: AudioFrame[] = [];
  for (let at = 0; at < samples.length; ) {
    const part = samples.slice(at, at + (lengths[frames.length % lengths.length] as number));
    const timestamp = begin + (at / format.channels / format.sampleRate) * 1000;
    frames.push({ samples: part, sampleRate: format.sampleRate, channels: format.channels, timestamp });
    at += part.length;
  }
  return frames;
}
