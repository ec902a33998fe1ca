import { rms } from "@roomkit/core";
import { inSequence, quiet, seededRandom, whiteNoise } from "@roomkit/testing";
import type { Speech } from "./speech.ts";

/** Noises that a caller may have around them. */
export const noiseKinds = ["white", "pink", "babble", "keyboard"] as const;
export type NoiseKind = (typeof noiseKinds)[number];

/** RMS of the noises below, of 16-bit samples. */
const LEVEL = 1_000;

/**
 * `ms` of noise, the same for the same seed, at an RMS of 1,000: white, pink (3 dB less in each octave), babble (six clips of `speech` at a time,
 * round and round), keyboard (somebody types: clicks of two keys' resonances, the key's way up included, silence between).
 */
export function noise(kind: NoiseKind, speech: Speech, ms: number, seed: number): Int16Array {
  const { sampleRate } = speech;
  const makers: Record<NoiseKind, () => ArrayLike<number>> = {
    white: () => whiteNoise(sampleRate, ms, LEVEL, seed),
    pink: () => pink(quiet(sampleRate, ms).length, seededRandom(seed)),
    babble: () => babble(quiet(sampleRate, ms).length, speech, seededRandom(seed)),
    keyboard: () => keyboard(quiet(sampleRate, ms).length, sampleRate, seededRandom(seed)),
  };
  const raw = Float64Array.from(makers[kind]());
  return toSamples(raw, LEVEL / (energyOf(raw) || 1));
}

/** Paul Kellet's filter over white noise: pink to within 0.05 dB from 10 Hz up at 44.1 kHz, within 1 dB in the speech band at other rates. */
function pink(length: number, random: () => number): Float64Array {
  const poles = [0.99886, 0.99332, 0.969, 0.8665, 0.55, -0.7616] as const;
  const gains = [0.0555179, 0.0750759, 0.153852, 0.3104856, 0.5329522, -0.016898] as const;
  const state = new Float64Array(6);
  let late = 0;
  return new Float64Array(length).map(() => {
    const white = 2 * random() - 1;
    let sum = late + 0.5362 * white;
    for (let k = 0; k < 6; k++) {
      state[k] = (poles[k] as number) * (state[k] as number) + (gains[k] as number) * white;
      sum += state[k] as number;
    }
    late = 0.115926 * white;
    return sum;
  });
}

function babble(length: number, { clips }: Speech, random: () => number): Float64Array {
  const all = new Float64Array(length);
  for (let talker = 0; talker < 6; talker++) {
    // Begins somewhere within a clip.
    let at = -Math.floor(random() * 20_000);
    while (at < length) {
      const { samples } = clips[Math.floor(random() * clips.length)] as (typeof clips)[number];
      const gain = LEVEL / (activeRms(samples) || 1);
      for (let i = Math.max(0, -at); i < samples.length && at + i < length; i++) {
        all[at + i] = (all[at + i] as number) + gain * (samples[i] as number);
      }
      at += samples.length;
    }
  }
  return all;
}

function keyboard(length: number, rate: number, random: () => number): Float64Array {
  const all = new Float64Array(length);
  const click = (begin: number, loud: number): void => {
    const [low, high] = [400 + 500 * random(), 2_000 + 2_500 * random()];
    for (let i = 0; i < rate * 0.025 && begin + i < length; i++) {
      const t = i / rate;
      const body =
        Math.exp(-t / 0.006) * Math.sin(2 * Math.PI * low * t) +
        Math.exp(-t / 0.002) * Math.sin(2 * Math.PI * high * t);
      all[begin + i] = (all[begin + i] as number) + loud * (body + Math.exp(-t / 0.0015) * (2 * random() - 1));
    }
  };
  for (let at = rate * 0.05; at < length; at += rate * (0.09 + 0.16 * random() + (random() < 0.1 ? 0.6 : 0))) {
    const loud = 0.5 + random();
    click(Math.round(at), loud);
    click(Math.round(at + rate * (0.06 + 0.03 * random())), loud / 3);
  }
  return all;
}

/** RMS of what is speech in a clip: of its stretches of 20 ms (320 samples at 16 kHz) not more than 30 dB below the loudest. */
export function activeRms(samples: Int16Array, stretch = 320): number {
  const levels = Array.from({ length: Math.floor(samples.length / stretch) }, (_, i) =>
    rms(samples.subarray(i * stretch, (i + 1) * stretch)),
  );
  const least = levels.reduce((a, b) => Math.max(a, b), 0) / 10 ** (30 / 20);
  const active = levels.filter((level) => level >= least && level > 0);
  return Math.sqrt(active.reduce((sum, level) => sum + level * level, 0) / Math.max(1, active.length));
}

/** The signal with noise over it, the noise `snrDb` below its active parts; a shorter noise goes round and round. Saturates. */
export function mixedAt(signal: Int16Array, over: Int16Array, snrDb: number): Int16Array {
  const gain = activeRms(signal) / (rms(over) || 1) / 10 ** (snrDb / 20);
  return signal.map((x, i) => clipped(x + gain * (over[i % over.length] as number)));
}

/** The signal with its active parts at this level, dB below a square wave of full scale. Saturates. */
export function atLevel(signal: Int16Array, db: number): Int16Array {
  const gain = (32_768 * 10 ** (db / 20)) / (activeRms(signal) || 1);
  return signal.map((x) => clipped(gain * x));
}

/** All clips, with `pauseMs` of silence between them. */
export function inOne({ clips, sampleRate }: Speech, pauseMs: number): Int16Array {
  return inSequence(...clips.flatMap(({ samples }) => [samples, quiet(sampleRate, pauseMs)]));
}

/** Level in dB below a square wave of full scale; silence is -120. */
export function dbfs(samples: Int16Array): number {
  return 20 * Math.log10(Math.max(1e-6, rms(samples) / 32_768));
}

/**
 * Scale-invariant signal-to-distortion ratio of an estimate of `reference`, dB (Le Roux et al., 2019), at that delay of 0 to `maxDelay` samples
 * at which it is best.
 */
export function siSdr(estimate: Int16Array, reference: Int16Array, maxDelay = 0): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let delay = 0; delay <= maxDelay; delay++) best = Math.max(best, siSdrAt(estimate, reference, delay));
  return best;
}

function siSdrAt(estimate: Int16Array, reference: Int16Array, delay: number): number {
  let [cross, power, total] = [0, 0, 0];
  for (let i = 0; i < reference.length && i + delay < estimate.length; i++) {
    const [s, x] = [reference[i] as number, estimate[i + delay] as number];
    cross += s * x;
    power += s * s;
    total += x * x;
  }
  const target = power > 0 ? (cross * cross) / power : 0;
  return 10 * Math.log10(target / Math.max(1e-9, total - target));
}

const clipped = (x: number): number => Math.max(-32_768, Math.min(32_767, Math.round(x)));
const energyOf = (x: Float64Array): number => Math.sqrt(x.reduce((sum, y) => sum + y * y, 0) / Math.max(1, x.length));
const toSamples = (x: Float64Array, gain: number): Int16Array => Int16Array.from(x, (y) => clipped(gain * y));
