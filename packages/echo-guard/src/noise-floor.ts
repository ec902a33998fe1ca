import { BANDS } from "./spectrum.ts";

/** The window is kept in so many parts; the oldest is dropped whole. */
const PARTS = 5;
const PART_HOPS = 30;
/** How much a new level moves the smoothed one: a time constant of 50 ms. */
const SMOOTHING = 0.18;
/** The least of a while lies below the mean by about so much, dB. */
const BIAS_DB = 3;

/** The level of the steady noise in each band, by minimum statistics (after R. Martin, 2001, much reduced): the least of the last 1.5 s. */
export class NoiseFloor {
  /** dB. */
  readonly levels: Float32Array = new Float32Array(BANDS);
  readonly #smoothed = new Float32Array(BANDS);
  readonly #parts = new Float32Array(PARTS * BANDS).fill(Number.POSITIVE_INFINITY);
  #hops = 0;
  /** Hops that the first spectra still lack sound in. */
  #empty = 4;

  /** Whether it has been looked for long enough to be the noise's. */
  get settled(): boolean {
    return this.#hops >= PART_HOPS;
  }

  push(levels: Float32Array, from: number): void {
    if (this.#empty > 0) {
      this.#empty--;
      this.levels.set(levels.subarray(from, from + BANDS));
      return;
    }
    const part = Math.floor(this.#hops / PART_HOPS) % PARTS;
    const fresh = this.#hops % PART_HOPS === 0;
    const share = this.#hops === 0 ? 1 : SMOOTHING;
    for (let band = 0; band < BANDS; band++) {
      const before = this.#smoothed[band] as number;
      const smoothed = before + share * ((levels[from + band] as number) - before);
      this.#smoothed[band] = smoothed;
      const at = part * BANDS + band;
      this.#parts[at] = fresh ? smoothed : Math.min(this.#parts[at] as number, smoothed);
      let least = this.#parts[band] as number;
      for (let i = band + BANDS; i < this.#parts.length; i += BANDS) least = Math.min(least, this.#parts[i] as number);
      this.levels[band] = least + BIAS_DB;
    }
    this.#hops++;
  }
}
