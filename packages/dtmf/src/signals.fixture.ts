import type { AudioFrame, DtmfEvent } from "@roomkit/core";
import { inFrames, inSequence, mixed, quiet, whiteNoise } from "@roomkit/testing";
import { dtmf } from "./detector.ts";
import { FREQUENCIES } from "./keypad.ts";
import type { DtmfOptions } from "./options.ts";

/** The keypad row by row, ITU-T Q.23. */
export const KEYS = "123A456B789C*0#D";

/** A tone pair that need not be exact. */
export interface Pair {
  readonly rate: number;
  readonly ms: number;
  /** Of both together, dB below a square wave of full scale. Default -15. */
  readonly levelDb?: number | undefined;
  /** By how much the high tone is louder, dB. */
  readonly twistDb?: number | undefined;
  /** Factors on the frequencies. */
  readonly lowBy?: number | undefined;
  readonly highBy?: number | undefined;
}

/** The tones of a key, saturated where they are too loud. */
export function pair(key: string, { rate, ms, levelDb = -15, twistDb = 0, lowBy = 1, highBy = 1 }: Pair): Int16Array {
  const at = KEYS.indexOf(key);
  const [low, high] = [(FREQUENCIES[at >> 2] as number) * lowBy, (FREQUENCIES[4 + (at & 3)] as number) * highBy];
  const ratio = 10 ** (twistDb / 20);
  const gain = (32_768 * 10 ** (levelDb / 20) * Math.SQRT2) / Math.sqrt(1 + ratio * ratio);
  return quiet(rate, ms).map((_, i) => {
    const t = (2 * Math.PI * i) / rate;
    return Math.max(-32_768, Math.min(32_767, gain * (Math.sin(low * t + at) + ratio * Math.sin(high * t))));
  });
}

/** The signal with white noise over it, so many dB below `levelDb`. */
export function noisy(signal: Int16Array, rate: number, levelDb: number, snrDb: number, seed: number): Int16Array {
  const noise = whiteNoise(rate, (signal.length / rate) * 1000, 32_768 * 10 ** ((levelDb - snrDb) / 20), seed);
  return mixed(signal, noise);
}

/** What is heard in a signal. */
export function hear(
  samples: Int16Array,
  rate: number,
  options: DtmfOptions & { readonly length?: number | readonly number[] | undefined } = {},
): DtmfEvent[] {
  const { length, ...rest } = options;
  const detector = dtmf(rest).open({ sampleRate: rate, channels: 1 });
  const frames: AudioFrame[] = inFrames(samples, { sampleRate: rate, channels: 1 }, length);
  return frames.flatMap((frame) => detector.process(frame) ?? []);
}

/** Some silence, the parts, and enough silence for the last key to be told. */
export const around = (rate: number, ...parts: readonly Int16Array[]): Int16Array =>
  inSequence(quiet(rate, 73), ...parts, quiet(rate, 100));

export const digitsOf = (events: readonly DtmfEvent[]): string => events.map(({ digit }) => digit).join("");
