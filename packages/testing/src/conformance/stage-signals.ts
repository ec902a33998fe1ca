import { inSequence, mixed, quiet, speechLike, tone, whiteNoise } from "../signals.ts";

/** Mono audio for a stage: what the microphone hears, and what is played meanwhile. */
export interface StageSignal {
  readonly name: string;
  readonly near: Int16Array;
  readonly far: Int16Array;
}

/** How far behind what is played the microphone hears it, ms. */
const ECHO_MS = 40;

/** What a caller says, some noise, and half of what is played: 4 s. */
export function call(rate: number, seed: number): StageSignal {
  const far = inSequence(quiet(rate, 400), speechLike(rate, 1_600, 4_000, seed + 10), quiet(rate, 2_000));
  const echo = inSequence(
    quiet(rate, ECHO_MS),
    far.map((x) => x / 2),
  ).subarray(0, far.length);
  const speech = inSequence(quiet(rate, 1_000), speechLike(rate, 2_000, 3_000, seed), quiet(rate, 1_000));
  const near = mixed(mixed(speech, whiteNoise(rate, 4_000, 60, seed)), echo);
  return { name: `call ${seed}`, near, far };
}

/** A second each of what no microphone gives, or only a broken one. */
export function extremes(rate: number): StageSignal[] {
  const second = quiet(rate, 1_000);
  const square = second.map((_, i) => (Math.floor((i * 200) / rate) % 2 === 0 ? 32_767 : -32_768));
  const signals: Record<string, Int16Array> = {
    silence: second,
    "a square of full scale": square,
    "the highest value for ever": second.map(() => 32_767),
    "the lowest value for ever": second.map(() => -32_768),
    "a small constant": second.map(() => 100),
    "random samples": whiteNoise(rate, 1_000, 32_767 / Math.sqrt(3), 5),
    "a single click": second.map((_, i) => (i === 5 ? -32_768 : 0)),
    "a hum of full scale": tone(rate, 1_000, 100, 32_767 / Math.SQRT2),
  };
  return Object.entries(signals).map(([name, near]) => ({ name, near, far: near }));
}
