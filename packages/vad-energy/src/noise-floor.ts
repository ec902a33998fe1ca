/** Parts the window is kept in: the oldest is dropped whole, so the window is as long as asked for, less one part at times. */
const PARTS = 6;

/** How much a new level moves the smoothed one: a time constant of 56 ms at 10 ms per level. */
const SMOOTHING = 0.163;

/** The same at the beginning, 30 ms: nothing is known of the noise yet, so every fall tells. */
const FIRST_SMOOTHING = 0.28;

/** How many levels that beginning has: within 750 ms nearly all speech has fallen once by the 9 dB that noise does not. */
export const FIRST_LEVELS = 75;

/**
 * The level of the steady noise under a signal, by minimum statistics (after R. Martin, 2001, much reduced): the least smoothed level
 * of the last while. Speech pauses between words, noise does not.
 */
export class NoiseFloor {
  readonly #perPart: number;
  /** Least level of each part of the window, dB, in any order: above all levels where there is none yet. */
  readonly #parts = new Float64Array(PARTS).fill(Number.POSITIVE_INFINITY);
  /** The part that is being filled. */
  #newest = 0;
  #inPart = 0;
  #taken = 0;
  /** Of the levels taken. */
  #smoothed = Number.NaN;
  #least = Number.NEGATIVE_INFINITY;

  /** @param levels how many levels the window spans. */
  constructor(levels: number) {
    this.#perPart = Math.max(1, Math.round(levels / PARTS));
  }

  /** The floor in dB; minus infinity before the first level. */
  get db(): number {
    return this.#least;
  }

  /** Takes the next level in dB. */
  push(level: number): void {
    const smoothing = this.#taken < FIRST_LEVELS ? FIRST_SMOOTHING : SMOOTHING;
    const smoothed = this.#taken === 0 ? level : this.#smoothed + smoothing * (level - this.#smoothed);
    this.#taken++;
    this.#smoothed = smoothed;
    const parts = this.#parts;
    if (this.#inPart === 0) {
      this.#newest = (this.#newest + 1) % PARTS;
      parts[this.#newest] = smoothed;
    } else {
      parts[this.#newest] = Math.min(parts[this.#newest] as number, smoothed);
    }
    this.#inPart = (this.#inPart + 1) % this.#perPart;
    let least = smoothed;
    for (let i = 0; i < PARTS; i++) least = Math.min(least, parts[i] as number);
    this.#least = least;
  }

  reset(): void {
    this.#parts.fill(Number.POSITIVE_INFINITY);
    this.#inPart = 0;
    this.#taken = 0;
    this.#least = Number.NEGATIVE_INFINITY;
  }
}
