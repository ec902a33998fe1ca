/** Signals and measures for tests. */

export function sine(frequency: number, sampleRate: number, length: number, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / sampleRate));
}

export function sinePcm(frequency: number, sampleRate: number, length: number, amplitude = 0.5): Int16Array {
  return Int16Array.from(sine(frequency, sampleRate, length, amplitude), (value) => Math.round(value * 32_767));
}

/** Repeatable noise, -0.5 to 0.5. */
export function noise(length: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: Math.floor(length) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 32;
  });
}

export function concat(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Level of one frequency in a signal, dB relative to a full-scale sine; Hann window, so neighbours 3 bins off do not count. */
export function toneDb(samples: Float32Array, frequency: number, sampleRate: number): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < samples.length; i++) {
    const window = 1 - Math.cos((2 * Math.PI * i) / samples.length);
    const angle = (2 * Math.PI * frequency * i) / sampleRate;
    re += window * (samples[i] as number) * Math.cos(angle);
    im -= window * (samples[i] as number) * Math.sin(angle);
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / samples.length + 1e-12);
}

export function rmsDb(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? -120 : 10 * Math.log10(sum / samples.length + 1e-12);
}
