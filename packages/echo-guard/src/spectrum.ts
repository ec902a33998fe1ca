/** Bands the spectrum is looked at in. */
export const BANDS = 18;
/** They lie between these, at equal distances of the mel scale, Hz. */
const FROM_HZ = 150;
const TO_HZ = 3_800;
/** Signals of this rate or more are looked at at half of it. */
const HALVED_FROM = 32_000;
/** The spectrum is of so much sound at least, ms. */
const WINDOW_MS = 20;
/** No level is lower, dB. */
export const SILENT_DB = -100;

const mel = (hz: number): number => 2_595 * Math.log10(1 + hz / 700);
const hzOf = (mels: number): number => 700 * (10 ** (mels / 2_595) - 1);

/** What is the same for all signals of a rate. */
class Plan {
  readonly size: number;
  readonly window: Float64Array;
  /** Twiddle factors of the whole length. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  readonly reversed: Uint16Array;
  /** First bin of each band, and the end of the last. */
  readonly edges: Uint16Array;
  /** What makes a sum of squares a share of full scale. */
  readonly scale: number;

  constructor(rate: number) {
    let size = 64;
    while (size < (rate * WINDOW_MS) / 1000) size *= 2;
    this.size = size;
    this.window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / size));
    this.cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sin = Float64Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
    const half = size / 2;
    const bits = Math.log2(half);
    this.reversed = Uint16Array.from({ length: half }, (_, i) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) if (i & (1 << bit)) reversed |= 1 << (bits - 1 - bit);
      return reversed;
    });
    const step = (mel(TO_HZ) - mel(FROM_HZ)) / BANDS;
    this.edges = Uint16Array.from({ length: BANDS + 1 }, (_, i) =>
      Math.round((hzOf(mel(FROM_HZ) + i * step) * size) / rate),
    );
    const energy = this.window.reduce((sum, w) => sum + w * w, 0);
    this.scale = 2 / (size * energy * 32_768 ** 2);
  }
}

const plans = new Map<number, Plan>();

function planOf(rate: number): Plan {
  const plan = plans.get(rate) ?? new Plan(rate);
  plans.set(rate, plan);
  return plan;
}

/**
 * The levels of a signal in bands of the range of voices, over the last 20 to 40 ms: by a Fourier transform of a real signal as a complex one of
 * half its length. From 32,000 Hz up every two samples are taken as one: what that folds down from above 12,000 Hz is faint in voices.
 */
export class BandLevels {
  readonly #plan: Plan;
  readonly #halved: boolean;
  readonly #past: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  constructor(sampleRate: number) {
    this.#halved = sampleRate >= HALVED_FROM;
    this.#plan = planOf(this.#halved ? sampleRate / 2 : sampleRate);
    this.#past = new Float64Array(this.#plan.size);
    this.#re = new Float64Array(this.#plan.size / 2);
    this.#im = new Float64Array(this.#plan.size / 2);
  }

  /** Takes what follows, and writes the level of each band to `out` at `at`, dB of full scale. */
  push(samples: Int16Array, out: Float32Array, at: number): void {
    const past = this.#past;
    const count = Math.min(past.length, this.#halved ? samples.length >> 1 : samples.length);
    past.copyWithin(0, count);
    const begin = past.length - count;
    if (this.#halved)
      for (let i = 0; i < count; i++)
        past[begin + i] = ((samples[2 * i] as number) + (samples[2 * i + 1] as number)) / 2;
    else for (let i = 0; i < count; i++) past[begin + i] = samples[samples.length - count + i] as number;
    this.#transform();
    this.#weigh(out, at);
  }

  #transform(): void {
    const { size, window, cos, sin, reversed } = this.#plan;
    const [past, re, im] = [this.#past, this.#re, this.#im];
    const half = size / 2;
    for (let i = 0; i < half; i++) {
      const to = reversed[i] as number;
      re[to] = (past[2 * i] as number) * (window[2 * i] as number);
      im[to] = (past[2 * i + 1] as number) * (window[2 * i + 1] as number);
    }
    for (let length = 2; length <= half; length *= 2) {
      const middle = length / 2;
      const stride = size / length;
      for (let k = 0; k < middle; k++) {
        const wr = cos[k * stride] as number;
        const wi = sin[k * stride] as number;
        for (let a = k; a < half; a += length) {
          const b = a + middle;
          const br = re[b] as number;
          const bi = im[b] as number;
          const xr = br * wr - bi * wi;
          const xi = br * wi + bi * wr;
          const ar = re[a] as number;
          const ai = im[a] as number;
          re[b] = ar - xr;
          im[b] = ai - xi;
          re[a] = ar + xr;
          im[a] = ai + xi;
        }
      }
    }
  }

  /** From the transform of the halves to the levels of the whole. */
  #weigh(out: Float32Array, at: number): void {
    const { size, cos, sin, edges, scale } = this.#plan;
    const [re, im] = [this.#re, this.#im];
    const half = size / 2;
    for (let band = 0; band < BANDS; band++) {
      let sum = 0;
      const end = edges[band + 1] as number;
      for (let k = edges[band] as number; k < end; k++) {
        const mirror = half - k;
        const er = ((re[k] as number) + (re[mirror] as number)) / 2;
        const ei = ((im[k] as number) - (im[mirror] as number)) / 2;
        const or = ((im[k] as number) + (im[mirror] as number)) / 2;
        const oi = ((re[mirror] as number) - (re[k] as number)) / 2;
        const wr = cos[k] as number;
        const wi = sin[k] as number;
        const xr = er + or * wr - oi * wi;
        const xi = ei + or * wi + oi * wr;
        sum += xr * xr + xi * xi;
      }
      out[at + band] = Math.max(SILENT_DB, 10 * Math.log10(sum * scale + 1e-12));
    }
  }
}
