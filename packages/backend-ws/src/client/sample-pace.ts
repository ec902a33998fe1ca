/** Rates a microphone may have, Hz. */
const RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] as const;
/** How long audio must come without a break to be measured, ms. */
const WINDOW_MS = 3_000;
/** A longer break begins the measurement again: the client was silent, or its network stood still. */
const BREAK_MS = 300;
/** How near a rate the pace must be, and how far from the agreed one; shares of it. */
const NEAR = 0.03;
const FAR = 0.15;

/**
 * Tells by the pace of a client's samples that it sends another rate than was agreed: speech would be heard too high or too low, and no
 * recogniser says why. Two measurements in a row must agree, so that neither a burst nor a stall is taken for one. Told once.
 */
export class SamplePace {
  readonly #sampleRate: number;
  readonly #onOther: (sampleRate: number) => void;
  #from = 0;
  #last = Number.NEGATIVE_INFINITY;
  /** Since `from`, without those that came with it. */
  #samples = 0;
  #suspected: number | undefined;
  #told = false;

  constructor(sampleRate: number, onOther: (sampleRate: number) => void) {
    this.#sampleRate = sampleRate;
    this.#onOther = onOther;
  }

  /** So many samples came, at this time of the clock, ms. */
  came(samples: number, nowMs: number): void {
    if (this.#told) return;
    const broken = nowMs - this.#last > BREAK_MS;
    this.#last = nowMs;
    if (broken) {
      this.#suspected = undefined;
      this.#begin(nowMs);
      return;
    }
    this.#samples += samples;
    const elapsedMs = nowMs - this.#from;
    if (elapsedMs < WINDOW_MS) return;
    const other = this.#otherThanAgreed((this.#samples / elapsedMs) * 1000);
    this.#told = other !== undefined && other === this.#suspected;
    this.#suspected = other;
    this.#begin(nowMs);
    if (this.#told && other !== undefined) this.#onOther(other);
  }

  #begin(nowMs: number): void {
    this.#from = nowMs;
    this.#samples = 0;
  }

  #otherThanAgreed(pace: number): number | undefined {
    if (Math.abs(pace / this.#sampleRate - 1) < FAR) return undefined;
    return RATES.find((rate) => Math.abs(pace / rate - 1) < NEAR);
  }
}
