/** What one window showed of a digit. */
export interface Sighting {
  /** Row and column of the key as one number. */
  readonly key: number;
  /** Of the window, capture clock, ms. */
  readonly from: number;
  readonly to: number;
  /** RMS of both tones, as far as they are of the exact frequencies. */
  readonly level: number;
  /** Mean square of each tone. */
  readonly low: number;
  readonly high: number;
  /** Share of both in everything the window holds. */
  readonly share: number;
  /** How far each tone is from its exact frequency, Hz. */
  readonly lowOffset: number;
  readonly highOffset: number;
}

/** Averages over the windows that are full of a tone. */
export interface PressAverages {
  readonly low: number;
  readonly high: number;
  readonly share: number;
  readonly lowOffset: number;
  readonly highOffset: number;
  /** How much the offsets wander, Hz (standard deviation). */
  readonly wander: number;
}

/** Of the loudest, from here on a window is taken to be full of the tone. */
const FULL = 0.8;

/** A key that is held down, or was. Its edges are found by how full of it the windows at them are. */
export class Press {
  readonly key: number;
  readonly #first: Sighting;
  #last: Pick<Sighting, "from" | "to" | "level">;
  #loudest = 0;
  #sightings = 0;
  #full = 0;
  #sums = { low: 0, high: 0, share: 0, lowOffset: 0, highOffset: 0, squares: 0 };

  constructor(first: Sighting) {
    this.key = first.key;
    this.#first = first;
    this.#last = first;
    this.see(first);
  }

  /** It was seen in the next window. */
  see(sighting: Sighting): void {
    const { level, low, high, share, lowOffset, highOffset } = sighting;
    this.#last = sighting;
    this.#sightings++;
    if (level < FULL * this.#loudest) return;
    if (FULL * level > this.#loudest) {
      // What came before was the tone's rise.
      this.#full = 0;
      this.#sums = { low: 0, high: 0, share: 0, lowOffset: 0, highOffset: 0, squares: 0 };
    }
    this.#loudest = Math.max(this.#loudest, level);
    const sums = this.#sums;
    this.#full++;
    sums.low += low;
    sums.high += high;
    sums.share += share;
    sums.lowOffset += lowOffset;
    sums.highOffset += highOffset;
    sums.squares += lowOffset * lowOffset + highOffset * highOffset;
  }

  /** The next window has this level of its tones, among other things; whether that is half a window or more. */
  holds(from: number, to: number, level: number): boolean {
    if (level < this.#loudest / 2) return false;
    this.#last = { from, to, level };
    return true;
  }

  /** Windows in which it was seen. */
  get sightings(): number {
    return this.#sightings;
  }

  /** When it began, capture clock, ms. */
  get from(): number {
    const { from, to, level } = this.#first;
    return to - (to - from) * Math.min(1, level / this.#loudest);
  }

  /** Until when it has lasted so far. */
  get to(): number {
    const { from, to, level } = this.#last;
    return from + (to - from) * Math.min(1, level / this.#loudest);
  }

  get averages(): PressAverages {
    const n = this.#full;
    const { low, high, share, lowOffset, highOffset, squares } = this.#sums;
    const [meanLow, meanHigh] = [lowOffset / n, highOffset / n];
    const variance = squares / n - meanLow * meanLow - meanHigh * meanHigh;
    return {
      low: low / n,
      high: high / n,
      share: share / n,
      lowOffset: meanLow,
      highOffset: meanHigh,
      wander: Math.sqrt(Math.max(0, variance)),
    };
  }
}
