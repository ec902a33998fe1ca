/** Where speech is compared, Hz. */
export const BANDS = [
  [100, 1_000],
  [1_000, 4_000],
  [4_000, 6_000],
  [6_000, 7_500],
] as const;
const RATE = 16_000;
const SIZE = 1_024;

/** How what was heard differs from what was said in one band, dB. */
export interface BandDifference {
  readonly level: number;
  /** What was said, over what is there besides. */
  readonly snr: number;
}

/** How many samples later `heard` says the same as `said`: where the two are most alike. Both are at 16 kHz. */
export function lagOf(said: Int16Array, heard: Int16Array, most: number = RATE): number {
  // Found coarsely by levels, then by samples around it.
  const step = 80;
  const levels = (samples: Int16Array): number[] =>
    Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
      let sum = 0;
      for (let k = i * step; k < (i + 1) * step; k++) sum += Math.abs(samples[k] as number);
      return sum;
    });
  const alike = (a: ArrayLike<number>, b: ArrayLike<number>, lag: number): number => {
    let sum = 0;
    for (let i = Math.max(0, -lag); i < a.length && i + lag < b.length; i++) sum += (a[i] ?? 0) * (b[i + lag] ?? 0);
    return sum;
  };
  const best = (from: number, to: number, a: ArrayLike<number>, b: ArrayLike<number>): number => {
    let [lag, most] = [from, Number.NEGATIVE_INFINITY];
    for (let at = from; at <= to; at++) {
      const sum = alike(a, b, at);
      if (sum > most) [lag, most] = [at, sum];
    }
    return lag;
  };
  const around = best(-most / step, most / step, levels(said), levels(heard)) * step;
  const loud = said.subarray(0, 20 * RATE);
  return best(around - 2 * step, around + 2 * step, loud, heard);
}

/** Compares in windows of 64 ms in which something is said. `lag` as of {@link lagOf}; the part of a sample it leaves is found here. */
export function differences(said: Int16Array, heard: Int16Array, lag: number): BandDifference[] {
  const windows: { readonly x: Complex; readonly y: Complex }[] = [];
  for (let at = 0; at + SIZE <= said.length; at += SIZE) {
    const [x, y] = [said.subarray(at, at + SIZE), heard.subarray(at + lag, at + lag + SIZE)];
    if (at + lag < 0 || y.length < SIZE || x.every((sample) => Math.abs(sample) < 300)) continue;
    windows.push({ x: spectrum(x), y: spectrum(y) });
  }
  const shifts = Array.from({ length: 21 }, (_, i) => (i - 10) / 10);
  const errors = shifts.map((shift) => compare(windows, 100, 4_000, shift).error);
  const shift = shifts[errors.indexOf(Math.min(...errors))] ?? 0;
  return BANDS.map(([from, to]) => {
    const { said: before, heard: after, error } = compare(windows, from, to, shift);
    return { level: 10 * Math.log10(after / before), snr: 10 * Math.log10(before / error) };
  });
}

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function compare(
  windows: readonly { readonly x: Complex; readonly y: Complex }[],
  from: number,
  to: number,
  shift: number,
): { said: number; heard: number; error: number } {
  let [said, heard, error] = [0, 0, 0];
  for (const { x, y } of windows) {
    for (let k = Math.ceil((from * SIZE) / RATE); k < (to * SIZE) / RATE; k++) {
      const turn = (2 * Math.PI * k * shift) / SIZE;
      const [c, s] = [Math.cos(turn), Math.sin(turn)];
      const [xr, xi, yr, yi] = [x.re[k] as number, x.im[k] as number, y.re[k] as number, y.im[k] as number];
      const [zr, zi] = [yr * c - yi * s, yr * s + yi * c];
      said += xr * xr + xi * xi;
      heard += zr * zr + zi * zi;
      error += (zr - xr) ** 2 + (zi - xi) ** 2;
    }
  }
  return { said, heard, error: error + 1e-9 };
}

/** By a fast Fourier transform under a Hann window. */
function spectrum(samples: Int16Array): Complex {
  const re = Float64Array.from(samples, (v, i) => v * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE)));
  const im = new Float64Array(SIZE);
  for (let i = 1, j = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j]] = [re[j] as number, re[i] as number];
  }
  for (let half = 1; half < SIZE; half *= 2) {
    for (let start = 0; start < SIZE; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const angle = (-Math.PI * k) / half;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const [a, b] = [start + k, start + k + half];
        const [br, bi] = [re[b] as number, im[b] as number];
        const [tr, ti] = [br * c - bi * s, br * s + bi * c];
        [re[b], im[b]] = [(re[a] as number) - tr, (im[a] as number) - ti];
        [re[a], im[a]] = [(re[a] as number) + tr, (im[a] as number) + ti];
      }
    }
  }
  return { re, im };
}
