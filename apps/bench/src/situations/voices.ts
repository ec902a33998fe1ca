import { rms } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { inSequence, quiet, seededRandom, whiteNoise } from "@roomkit/testing";
import { atLevel } from "../audio/material.ts";
import { resampled } from "../audio/speech.ts";

/** Hz, of every caller's microphone. */
export const RATE = 48_000;
/** How loud a caller speaks, dB below a square wave of full scale. */
const LEVEL_DB = -24;
/** Below the loudest 10 ms of a sound by so much, it has not begun yet, or is over, dB. */
const AUDIBLE_DB = 35;

/** The voices of the local synthesizer that a caller may have. */
export const voices = ["rms", "awb", "slt"] as const;
export type Voice = (typeof voices)[number];

/** What one caller says and does: each text is synthesized once. */
export class Mouth {
  readonly #tts = fliteTts({ jobTimeoutMs: 60_000 });
  readonly #said = new Map<string, Int16Array>();

  /** A text, from its first audible 10 ms to its last. */
  async says(text: string, voice: Voice): Promise<Int16Array> {
    const key = `${voice}: ${text}`;
    const known = this.#said.get(key);
    if (known) return known;
    const parts: Int16Array[] = [];
    async function* once() {
      yield text;
    }
    for await (const part of this.#tts.synthesize(once(), { voice, signal: AbortSignal.timeout(60_000) }))
      if (part.type === "audio") parts.push(resampled(part.frame.samples, part.frame.sampleRate, RATE));
    const samples = atLevel(audiblePart(inSequence(...parts)), LEVEL_DB);
    this.#said.set(key, samples);
    return samples;
  }

  async close(): Promise<void> {
    await this.#tts.close?.();
  }
}

/** Texts with pauses of so many ms between them. */
export function withPauses(ms: number, parts: readonly Int16Array[]): Int16Array {
  return inSequence(...parts.flatMap((part, i) => (i === 0 ? [part] : [quiet(RATE, ms), part])));
}

/** A knock on the table: 80 ms that ring. */
export function knock(): Int16Array {
  const random = seededRandom(3);
  return quiet(RATE, 80).map((_, i) => {
    const t = i / RATE;
    return (
      12_000 *
      (Math.exp(-t / 0.015) * Math.sin(2 * Math.PI * 190 * t) + 0.4 * Math.exp(-t / 0.003) * (2 * random() - 1))
    );
  });
}

/** A cough: two bursts of breath, 570 ms. */
export function cough(): Int16Array {
  const burst = (ms: number, seed: number): Int16Array =>
    dull(whiteNoise(RATE, ms, 9_000, seed)).map(
      (x, i) => x * Math.min(1, i / (0.008 * RATE)) * Math.exp(-i / (0.07 * RATE)),
    );
  return atLevel(inSequence(burst(220, 5), quiet(RATE, 90), burst(260, 6)), -20);
}

/** The mean of nine samples in a row: noise without its highest part. */
function dull(samples: Int16Array): Int16Array {
  let sum = 0;
  return samples.map((x, i) => {
    sum += x - (samples[i - 9] ?? 0);
    return sum / 9;
  });
}

function audiblePart(samples: Int16Array): Int16Array {
  const step = RATE / 100;
  const levels: number[] = [];
  for (let at = 0; at < samples.length; at += step) levels.push(rms(samples.subarray(at, at + step)));
  const least = levels.reduce((most, level) => Math.max(most, level), 1) * 10 ** (-AUDIBLE_DB / 20);
  const first = Math.max(
    0,
    levels.findIndex((level) => level >= least),
  );
  return samples.slice(first * step, (levels.findLastIndex((level) => level >= least) + 1) * step);
}
