import type { AudioFrame } from "@roomkit/core";
import { pitchOf } from "./pitch.ts";
import { recentAudio } from "./recent.ts";

const STEP_MS = 20;
/** Fewer voiced steps than this tell nothing. */
const LEAST_VOICED = 8;

/** What the last voiced second sounds like. */
export interface Prosody {
  /** By how many semitones the pitch at the end lies above (below: negative) that of the second before. */
  readonly pitch: number;
  /** By how many dB the last 120 ms of voice lie below the loud parts before. */
  readonly fallDb: number;
  /** How much longer the last stretch of voice is than the others; 1: as long. */
  readonly lengthening: number;
  /** Syllables a second. */
  readonly rate: number;
}

/** Listens to the end of a turn: undefined where there is not enough voice, or too much noise, to say anything. */
export function prosodyOf(frames: readonly AudioFrame[]): Prosody | undefined {
  const { samples, sampleRate } = recentAudio(frames);
  const step = Math.round((sampleRate * STEP_MS) / 1000);
  const count = Math.floor(samples.length / Math.max(1, step));
  if (count < 2 * LEAST_VOICED) return undefined;
  const levels = Float64Array.from({ length: count }, (_, i) => levelOf(samples, i * step, step));
  const sorted = Float64Array.from(levels).sort();
  const floor = sorted[Math.floor(0.1 * count)] as number;
  const loud = sorted[Math.floor(0.95 * count)] as number;
  if (loud - floor < 10 || loud < -55) return undefined;
  const least = Math.max(floor + 6, loud - 25);
  let end = count;
  while (end > 0 && (levels[end - 1] as number) < least) end--;
  const begin = Math.max(0, end - 50);
  const voiced: { at: number; hz: number }[] = [];
  let hz = 0;
  for (let at = begin; at < end; at++) {
    // Farther back every second step is enough.
    if (at >= end - 10 || (end - at) % 2 === 0) hz = pitchOf(samples, (at - 0.5) * step, sampleRate);
    if ((levels[at] as number) >= least && hz > 0) voiced.push({ at, hz });
  }
  if (voiced.length < LEAST_VOICED) return undefined;
  const last = voiced.slice(-5).map((each) => each.hz);
  const before = voiced.slice(0, -5).map((each) => each.hz);
  const stretches = stretchesOf(voiced.map(({ at }) => at));
  const lengths = stretches.slice(0, -1);
  const mean = lengths.length > 0 ? lengths.reduce((a, b) => a + b, 0) / lengths.length : (stretches[0] as number);
  const tail = voiced.slice(-6).reduce((sum, { at }) => sum + (levels[at] as number), 0) / 6;
  return {
    pitch: 12 * Math.log2(median(last) / median(before)),
    fallDb: loud - tail,
    lengthening: (stretches.at(-1) as number) / Math.max(1, mean),
    rate: peaksOf(levels.subarray(begin, end), least) / Math.max(0.1, ((end - begin) * STEP_MS) / 1000),
  };
}

/**
 * What it adds to the odds that the turn is over, as a logarithm: a pitch and a loudness that fall speak for it, a level or rising pitch, a drawn-out
 * last syllable and a voice that breaks off at full loudness against it. At most 1.5 either way.
 */
export function leaning({ pitch, fallDb, lengthening, rate }: Prosody): number {
  const falling = clamp(-pitch / 4, -0.7, 0.8);
  const fading = clamp((fallDb - 8) / 8, -0.6, 0.6);
  const drawn = lengthening > 2 && pitch > -1.5 ? -0.5 : 0;
  const hurried = rate > 6.5 ? -0.2 : 0;
  return clamp(falling + fading + drawn + hurried, -1.5, 1.5);
}

const clamp = (x: number, least: number, most: number): number => (x >= least ? Math.min(x, most) : least);

/** Level of `length` samples, dB below full scale; -90 for silence. */
function levelOf(samples: Float32Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += (samples[i] as number) ** 2;
  return Math.max(-90, 10 * Math.log10(sum / length + 1e-12));
}

/** Lengths of the stretches of steps without a gap. */
function stretchesOf(steps: readonly number[]): number[] {
  const lengths: number[] = [];
  steps.forEach((at, i) => {
    if (i > 0 && at === (steps[i - 1] as number) + 1) lengths.push((lengths.pop() as number) + 1);
    else lengths.push(1);
  });
  return lengths;
}

/** Peaks of loudness, about one for each syllable. */
function peaksOf(levels: Float64Array, least: number): number {
  let count = 0;
  for (let i = 1; i + 1 < levels.length; i++) {
    const level = levels[i] as number;
    if (level >= least && level > (levels[i - 1] as number) && level >= (levels[i + 1] as number)) count++;
  }
  return count;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
