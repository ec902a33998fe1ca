import type { PolyphaseFilter } from "./filter.ts";

/** Samples as 16-bit integers or as floats of any scale. */
export type Samples = Int16Array | Float32Array;

/** Runs one filter for any number of streams; what belongs to a stream is passed in. */
export interface FilterKernel {
  /** Most samples per call. */
  readonly capacity: number;
  /**
   * Filters `samples`, preceded by the `width - 1` samples of `history`, into `out`; the first output is that of `tick`, counted from
   * the first of `samples`. Afterwards `history` holds what precedes the next samples. 16-bit outputs are rounded and saturate.
   */
  run<S extends Samples>(history: Float32Array, samples: S, tick: number, out: S): void;
}

/** Input samples per call: a kernel works on longer stretches piece by piece. */
export const KERNEL_CAPACITY = 2_048;

/** The kernel in plain JavaScript, for where WebAssembly may not be compiled; 6 to 10 times slower. */
export function scriptKernel(filter: PolyphaseFilter): FilterKernel {
  const { up, down, width } = filter;
  const past = width - 1;
  // Doubles throughout: JavaScript computes in them, and converting costs more than they do.
  const taps = Float64Array.from(filter.taps);
  const window = new Float64Array(past + KERNEL_CAPACITY);
  return {
    capacity: KERNEL_CAPACITY,
    run(history, samples, tick, out) {
      window.set(history);
      window.set(samples, past);
      const whole = out instanceof Int16Array;
      for (let n = 0; n < out.length; n++, tick += down) {
        const index = Math.floor(tick / up);
        const sum = dot(taps, (tick - index * up) * width, window, index, width);
        out[n] = whole ? Math.min(32_767, Math.max(-32_768, Math.round(sum))) : sum;
      }
      history.set(window.subarray(samples.length, samples.length + past));
    },
  };
}

/** Four sums, so that no addition waits for the one before it; `length` is a multiple of 4. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (const end = i + length; i < end; i += 4, j += 4) {
    s0 += (a[i] as number) * (b[j] as number);
    s1 += (a[i + 1] as number) * (b[j + 1] as number);
    s2 += (a[i + 2] as number) * (b[j + 2] as number);
    s3 += (a[i + 3] as number) * (b[j + 3] as number);
  }
  return s0 + s1 + (s2 + s3);
}
