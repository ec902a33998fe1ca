import type { Cancel, Clock } from "@roomkit/core";

export interface AcceptPacerOptions {
  readonly clock: Clock;
  /** Accepts a second, sustained. Default 1,000. */
  readonly perSecond?: number | undefined;
  /** Most that wait. Default 2,000. */
  readonly maxWaiting?: number | undefined;
}

const TICK_MS = 20;

/** Spreads a storm of newcomers out, so that those who are talking keep their 20 ms. */
export class AcceptPacer {
  readonly #clock: Clock;
  readonly #perTick: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #cancel: Cancel | undefined;

  constructor(options: AcceptPacerOptions) {
    const { clock, perSecond = 1_000, maxWaiting = 2_000 } = options;
    this.#clock = clock;
    this.#perTick = Math.max(1, Math.floor((perSecond * TICK_MS) / 1000));
    this.#maxWaiting = maxWaiting;
  }

  /** Runs `work` at once, or when its turn comes; returns false, and never runs it, when too many wait. */
  run(work: () => void): boolean {
    if (this.#taken < this.#perTick && this.#waiting.length === 0) {
      this.#take(work);
      return true;
    }
    if (this.#waiting.length >= this.#maxWaiting) return false;
    this.#waiting.push(work);
    return true;
  }

  #take(work: () => void): void {
    this.#taken++;
    this.#cancel ??= this.#clock.setTimeout(() => this.#tick(), TICK_MS);
    work();
  }

  #tick(): void {
    this.#cancel = undefined;
    this.#taken = 0;
    for (const work of this.#waiting.splice(0, this.#perTick)) this.#take(work);
  }
}
