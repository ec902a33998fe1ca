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
  /** Least level of each part of the window, dB; the newest part is still being filled. */
  readonly #parts: number[] = [];
  #inPart = 0;
  #taken = 0;
  #smoothed: number | undefined;
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
    const smoothed = this.#smoothed === undefined ? level : this.#smoothed + smoothing * (level - this.#smoothed);
    this.#taken++;
    this.#smoothed = smoothed;
    const newest = this.#parts.length - 1;
    if (this.#inPart > 0) {
      this.#parts[newest] = Math.min(this.#parts[newest] as number, smoothed);
    } else {
      this.#parts.push(smoothed);
      if (this.#parts.length > PARTS) this.#parts.shift();
    }
    this.#inPart = (this.#inPart + 1) % this.#perPart;
    let least = smoothed;
    for (const part of this.#parts) if (part < least) least = part;
    this.#least = least;
  }

  reset(): void {
    this.#parts.length = 0;
    this.#inPart = 0;
    this.#taken = 0;
    this.#smoothed = undefined;
    this.#least = Number.NEGATIVE_INFINITY;
  }
}
