import type { Cancel, Clock } from "@roomkit/core";

/** Narrower would see the timer's own error, wider would miss stalls, ms. */
const EVERY_MS = 20;
const WINDOW_MS = 1_000;

/**
 * Measures how far behind the event loop of this thread is: by how much a timer that runs every 20 ms is late. A delay counts by
 * what it makes others wait: something that arrives at any moment of a stall of 100 ms waits 50 ms on average, and one such stall in a
 * second makes 5 ms over that second.
 */
export class LagMeter {
  readonly #clock: Clock;
  #cancel: Cancel | undefined;
  /** Mean waits of the windows that ended last, the latest first, ms. */
  #windows: readonly [number, number] = [0, 0];
  #beganAt = 0;
  #waited = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In the better of the last two whole seconds, ms, so that one long stall is not taken for a busy thread; 0 while it does not run. */
  get lagMs(): number {
    return Math.min(...this.#windows);
  }

  /** Begins to measure, unless it does already. */
  start(): void {
    if (this.#cancel) return;
    this.#beganAt = this.#clock.now();
    this.#arm();
  }

  /** Leaves no timer, and forgets. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#windows = [0, 0];
    this.#waited = 0;
  }

  #arm(): void {
    const due = this.#clock.now() + EVERY_MS;
    this.#cancel = this.#clock.setTimeout(() => this.#tick(due), EVERY_MS);
  }

  #tick(due: number): void {
    const now = this.#clock.now();
    // A timer counts in whole milliseconds: that much late is on time.
    const late = Math.max(0, now - due - 1);
    this.#waited += (late * late) / 2;
    const elapsed = now - this.#beganAt;
    if (elapsed >= WINDOW_MS) {
      this.#windows = [this.#waited / elapsed, this.#windows[0]];
      this.#beganAt = now;
      this.#waited = 0;
    }
    this.#arm();
  }
}
