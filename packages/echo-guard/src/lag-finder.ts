import type { PlayedTrack } from "./played-track.ts";
import { BANDS } from "./spectrum.ts";

/** What deviates further from the mean says no more, dB. */
const MOST_DB = 20;
/** Means are those of so many hops. */
const MEAN_HOPS = 100;
/** Time constants of the likeness, in hops with sound: for what is so now, and for what stays. */
const FAST_HOPS = 30;
const SLOW_HOPS = 200;

/** A lag in hops, and how alike both are at it, -1 to 1. */
export interface Likeness {
  readonly lag: number;
  readonly r: number;
}

/**
 * Looks for the delay at which the microphone's levels over time are most like those of what is played: the correlation of their deviations
 * from the mean of each band, over all bands and the last while. Loudness and the colour of the way do not matter to it.
 */
export class LagFinder {
  readonly #least: number;
  readonly #nearMean = new Float64Array(BANDS);
  readonly #farMean = new Float64Array(BANDS);
  readonly #near = new Float64Array(BANDS);
  readonly #fast: Correlations;
  readonly #slow: Correlations;
  #nears = 0;
  #fars = 0;

  constructor(least: number, most: number) {
    this.#least = least;
    this.#fast = new Correlations(most - least + 1, FAST_HOPS);
    this.#slow = new Correlations(most - least + 1, SLOW_HOPS);
  }

  /** Takes the levels of a hop of what is played in which something can be heard. */
  played(levels: Float32Array): void {
    const share = 1 / Math.min(MEAN_HOPS, ++this.#fars);
    for (let band = 0; band < BANDS; band++) {
      const mean = this.#farMean[band] as number;
      this.#farMean[band] = mean + share * ((levels[band] as number) - mean);
    }
  }

  /** Takes the levels, from `from` on, of a hop of the microphone's in which something can be heard. */
  push(levels: Float32Array, from: number, place: number, played: PlayedTrack): void {
    const share = 1 / Math.min(MEAN_HOPS, ++this.#nears);
    const [near, nearMean, farMean, far] = [this.#near, this.#nearMean, this.#farMean, played.levels];
    let power = 0;
    for (let band = 0; band < BANDS; band++) {
      const level = levels[from + band] as number;
      const mean = (nearMean[band] as number) + share * (level - (nearMean[band] as number));
      nearMean[band] = mean;
      const d = Math.max(-MOST_DB, Math.min(MOST_DB, level - mean));
      near[band] = d;
      power += d * d;
    }
    const [fast, slow] = [this.#fast, this.#slow];
    fast.begin(power);
    slow.begin(power);
    for (let i = 0; i < fast.length; i++) {
      const at = played.at(place - this.#least - i);
      let cross = 0;
      let own = 0;
      for (let band = 0; band < BANDS; band++) {
        const x = (far[at + band] as number) - (farMean[band] as number);
        const d = Math.max(-MOST_DB, Math.min(MOST_DB, x));
        cross += d * (near[band] as number);
        own += d * d;
      }
      fast.add(i, cross, own);
      slow.add(i, cross, own);
    }
  }

  /** Where both are most alike just now. */
  get now(): Likeness {
    return this.#likest(this.#fast);
  }

  /** The same over the last seconds. */
  get lately(): Likeness {
    return this.#likest(this.#slow);
  }

  /** How alike both are just now at a lag. */
  at(lag: number): number {
    return this.#fast.at(lag - this.#least);
  }

  #likest(of: Correlations): Likeness {
    return { lag: this.#least + of.best, r: of.at(of.best) };
  }
}

/** Correlations at several lags, in which the past counts less and less. */
class Correlations {
  readonly length: number;
  readonly #keep: number;
  readonly #cross: Float64Array;
  readonly #own: Float64Array;
  #power = 0;

  constructor(length: number, hops: number) {
    this.length = length;
    this.#keep = Math.exp(-1 / hops);
    this.#cross = new Float64Array(length);
    this.#own = new Float64Array(length);
  }

  begin(power: number): void {
    this.#power = this.#power * this.#keep + power;
  }

  add(i: number, cross: number, own: number): void {
    this.#cross[i] = (this.#cross[i] as number) * this.#keep + cross;
    this.#own[i] = (this.#own[i] as number) * this.#keep + own;
  }

  at(i: number): number {
    const power = (this.#own[i] ?? 0) * this.#power;
    return power > 0 ? (this.#cross[i] as number) / Math.sqrt(power) : 0;
  }

  get best(): number {
    let best = 0;
    for (let i = 1, most = this.at(0); i < this.length; i++) {
      const r = this.at(i);
      if (r > most) [best, most] = [i, r];
    }
    return best;
  }
}
