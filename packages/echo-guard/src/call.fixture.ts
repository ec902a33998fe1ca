import { type AudioFrame, type EchoGuard, rms } from "@roomkit/core";
import { inFrames, inSequence, mixed, quiet, seededRandom, speechLike, whiteNoise } from "@roomkit/testing";

export const rate = 16_000;
export const format = { sampleRate: rate, channels: 1 } as const;

/** Something like a voice whose vowels differ: each stretch of 150 ms rings at two places of its own. RMS of its loud parts. */
export function voice(ms: number, level: number, seed: number, sampleRate = rate): Int16Array {
  const random = seededRandom(seed + 1_000);
  const buzz = Float64Array.from(speechLike(sampleRate, ms, 1_000, seed));
  const hiss = whiteNoise(sampleRate, ms, 300, seed);
  const out = new Float64Array(buzz.length);
  const stretch = Math.round(0.15 * sampleRate);
  const state = new Float64Array(4);
  let tunings: [cos: number, radius: number][] = [];
  for (let i = 0; i < out.length; i++) {
    if (i % stretch === 0)
      tunings = [300 + 600 * random(), 1_000 + 2_000 * random()].map((hz) => [
        2 * 0.97 * Math.cos((2 * Math.PI * hz) / sampleRate),
        0.97 * 0.97,
      ]);
    const x = (buzz[i] as number) * (1 + (hiss[i] as number) / 1_000);
    for (const [k, [cos, square]] of tunings.entries()) {
      const y = 0.05 * x + cos * (state[2 * k] as number) - square * (state[2 * k + 1] as number);
      state[2 * k + 1] = state[2 * k] as number;
      state[2 * k] = y;
      out[i] = (out[i] as number) + y;
    }
  }
  const loud = Math.sqrt(out.reduce((sum, x) => sum + x * x, 0) / Math.max(1, out.length)) || 1;
  return Int16Array.from(out, (x) => Math.max(-32_768, Math.min(32_767, (x * level) / loud)));
}

/** The noise of a room, RMS. */
export const hiss = (ms: number, level = 15, sampleRate = rate): Int16Array => whiteNoise(sampleRate, ms, level, 77);

/** What comes out when both are given in turns, 20 ms at a time; nothing is told of what is played where it is silent. `fromMs`: the call goes on. */
export function through(
  guard: EchoGuard,
  near: Int16Array,
  far: Int16Array,
  sampleRate = rate,
  fromMs = 0,
): Int16Array {
  const own = { sampleRate, channels: 1 } as const;
  const played = inFrames(far, own, sampleRate / 50, fromMs);
  return inSequence(
    ...inFrames(near, own, sampleRate / 50, fromMs).map((frame, i) => {
      const reference: AudioFrame | undefined = played[i];
      if (reference?.samples.some((sample) => sample !== 0)) guard.reference(reference);
      return guard.process(frame).samples;
    }),
  );
}

/** RMS of a part, ms. */
export const loudness = (samples: Int16Array, fromMs: number, toMs: number, sampleRate = rate): number =>
  rms(samples.subarray((fromMs * sampleRate) / 1000, (toMs * sampleRate) / 1000));

/** How many of the 20 ms of a part are let through, 0 to 1. */
export function passed(mic: Int16Array, out: Int16Array, fromMs: number, toMs: number, sampleRate = rate): number {
  const size = sampleRate / 50;
  let [same, all] = [0, 0];
  for (let at = Math.round((fromMs * sampleRate) / 1000); at + size <= (toMs * sampleRate) / 1000; at += size) {
    all++;
    if (mic.subarray(at, at + size).every((sample, i) => sample === out[at + i])) same++;
  }
  return same / all;
}

/** One signal over another from a time on, ms. */
export const over = (under: Int16Array, what: Int16Array, fromMs: number, sampleRate = rate): Int16Array =>
  mixed(under, inSequence(quiet(sampleRate, fromMs), what)).subarray(0, under.length);
