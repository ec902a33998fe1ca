import { type Cancel, type Clock, makeClock, systemClock } from "@roomkit/core";

/** The system's time, which a test can send ahead: what comes due on the way runs at once, in its order. */
export class SkipClock implements Clock {
  readonly sleep: Clock["sleep"];
  readonly #timers = new Map<object, { readonly due: number; readonly run: () => void }>();
  #skipped = 0;

  constructor() {
    this.sleep = makeClock(this).sleep;
  }

  readonly now = (): number => systemClock.now() + this.#skipped;
  readonly wallTime = (): number => systemClock.wallTime() + this.#skipped;

  readonly setTimeout = (handler: () => void, ms: number): Cancel => {
    const key = {};
    const cancel = (): void => {
      stop();
      this.#timers.delete(key);
    };
    const run = (): void => {
      cancel();
      handler();
    };
    const stop = systemClock.setTimeout(run, ms);
    this.#timers.set(key, { due: this.now() + ms, run });
    return cancel;
  };

  /** Timers that have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  skip(ms: number): void {
    const target = this.now() + ms;
    for (;;) {
      const next = [...this.#timers.values()].filter(({ due }) => due <= target).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#skipped = Math.max(this.#skipped, this.#skipped + next.due - this.now());
      next.run();
    }
    this.#skipped += Math.max(0, target - this.now());
  }
}
