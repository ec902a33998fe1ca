import { type AudioFrame, type EchoCanceller, rms } from "@roomkit/core";
import { inFrames, inSequence, mixed, quiet, speechLike, whiteNoise } from "@roomkit/testing";

export const rate = 16_000;
export const format = { sampleRate: rate, channels: 1 } as const;

/** What somebody far away says, without a pause of more than a syllable. */
export const farSpeech = (ms: number, sampleRate = rate): Int16Array =>
  mixed(speechLike(sampleRate, ms, 4_000, 21), whiteNoise(sampleRate, ms, 200, 22));

/** What comes out when both sides are given in turns, 20 ms at a time, as one. */
export function through(canceller: EchoCanceller, near: Int16Array, far: Int16Array, sampleRate = rate): Int16Array {
  const own = { sampleRate, channels: 1 } as const;
  const played = inFrames(far, own);
  const out = inFrames(near, own).map((frame, i) => {
    if (played[i]) canceller.reference(played[i]);
    return canceller.process(frame).samples;
  });
  return inSequence(...out);
}

/** By how much, in dB, `out` is quieter than `mic` in the second before `atMs`. */
export function erle(mic: Int16Array, out: Int16Array, atMs: number, sampleRate = rate): number {
  const second = (x: Int16Array): number =>
    rms(x.subarray(((atMs - 1_000) * sampleRate) / 1000, (atMs * sampleRate) / 1000));
  return 20 * Math.log10(second(mic) / Math.max(0.1, second(out)));
}

/** How much, in dB, is missing of `clean` in `out` (or there in excess, below 0) from `fromMs` on; what else is in there does not count. */
export function loss(clean: Int16Array, out: Int16Array, fromMs: number): number {
  let [cross, power] = [0, 0];
  for (let i = (fromMs * rate) / 1000; i < out.length; i++) {
    cross += (clean[i] as number) * (out[i] as number);
    power += (clean[i] as number) ** 2;
  }
  return -20 * Math.log10(cross / power);
}

/** The frames as they come where nothing plays in time: with their timestamps, `from` on, in ms. */
export const framesFrom = (samples: Int16Array, from: number): AudioFrame[] => inFrames(samples, format, 320, from);

export const silent = (ms: number): Int16Array => quiet(rate, ms);
