import { seededRandom } from "./seeded-random.ts";

/** A room with a loudspeaker and a microphone in it. */
export interface Room {
  /** From playing to the first sound of it at the microphone, ms: network, buffers and air. */
  readonly delayMs: number;
  /** How long the reverberation takes to fall by 60 dB, ms. Default 200. */
  readonly reverberationMs?: number | undefined;
  /** How loud the echo is against what is played, as a factor. Default 0.5. */
  readonly level?: number | undefined;
  /** How much faster the loudspeaker's clock is than the microphone's, in millionths. Default 0. */
  readonly driftPpm?: number | undefined;
  /** Default 1. */
  readonly seed?: number | undefined;
}

/**
 * What the microphone hears of what is played, as long as that: a first sound, then noise that falls exponentially, the usual model of a
 * small room (J. Polack, 1988).
 */
export function echoIn(played: Int16Array, sampleRate: number, room: Room): Int16Array {
  const { delayMs, reverberationMs = 200, level = 0.5, driftPpm = 0, seed = 1 } = room;
  const random = seededRandom(seed);
  // Half of the decay: what comes later is 30 dB down and costs as much to compute.
  const taps = Float64Array.from({ length: Math.round((sampleRate * reverberationMs) / 2_000) + 1 }, (_, i) =>
    i === 0 ? 1 : 0.3 * (2 * random() - 1) * 10 ** ((-3 * i) / ((sampleRate * reverberationMs) / 1000)),
  );
  const scale = level / Math.sqrt(taps.reduce((sum, tap) => sum + tap * tap, 0));
  const delay = (sampleRate * delayMs) / 1000;
  const source = Float64Array.from(played, (_, i) => at(played, (i - delay) * (1 + driftPpm / 1e6)));
  return played.map((_, i) => {
    let sum = 0;
    for (let k = Math.min(i, taps.length - 1); k >= 0; k--) sum += (taps[k] as number) * (source[i - k] as number);
    return Math.max(-32_768, Math.min(32_767, sum * scale));
  });
}

/** The signal between its samples, by a cubic through four of them. */
function at(samples: Int16Array, position: number): number {
  const whole = Math.floor(position);
  const t = position - whole;
  const [a, b, c, d] = [-1, 0, 1, 2].map((k) => samples[whole + k] ?? 0) as [number, number, number, number];
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
