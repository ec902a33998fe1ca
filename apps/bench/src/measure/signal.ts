import type { AudioFrame } from "@roomkit/core";

/** Something like speech: a hum with a syllable's rhythm and a little noise, the same on every run. */
export function speechLike(sampleRate: number, ms: number): Int16Array {
  let seed = 12_345;
  return Int16Array.from({ length: (sampleRate * ms) / 1000 }, (_, i) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    const t = i / sampleRate;
    const loud = Math.max(0, Math.sin(2 * Math.PI * 2 * t));
    const voice = Math.sin(2 * Math.PI * 140 * t) + 0.5 * Math.sin(2 * Math.PI * 720 * t);
    return 5_000 * loud * voice + (seed / 0x7fffffff - 0.5) * 100;
  });
}

/** `samples` in 20 ms frames of a mono stream; `at` counts frames since its beginning, round and round. */
export function frameAt(samples: Int16Array, sampleRate: number, at: number): AudioFrame {
  const size = sampleRate / 50;
  const whole = Math.floor(samples.length / size);
  const from = (at % whole) * size;
  return { samples: samples.subarray(from, from + size), sampleRate, channels: 1, timestamp: at * 20 };
}
