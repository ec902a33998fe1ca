/** Root mean square of 16-bit samples, 0 (silence) to 32,768. */
export function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const s = samples[i] as number;
    sum += s * s;
  }
  return Math.sqrt(sum / samples.length);
}

/** Level of 16-bit samples in dBFS (0 = full-scale square wave), never below -60. */
export function levelDb(samples: Int16Array): number {
  const value = rms(samples);
  return value < 32.768 ? -60 : 20 * Math.log10(value / 32_768);
}
