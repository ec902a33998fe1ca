import { performance } from "node:perf_hooks";
import type { Cancel, Clock, Unsubscribe } from "@roomkit/core";

/** How busy the event loop of a thread is. */
export interface LoopLoad {
  /** How long something that arrives at any moment has to wait for it, ms. */
  readonly lagMs: number;
  /** Which part of the time it does something, 0 to 1. */
  readonly utilization: number;
}

/** Past these a thread takes no more calls. */
export type LoopLimits = LoopLoad;

export function tooBusy({ lagMs, utilization }: LoopLoad, limits: LoopLimits): boolean {
  return lagMs > limits.lagMs || utilization > limits.utilization;
}

/** Narrower would see the timer's own error, wider would miss stalls, ms. */
const EVERY_MS = 20;
const WINDOW_MS = 250;
const WINDOWS = 4;

/**
 * Measures how busy the event loop of this thread was in the last second, while it has calls: in quarters, of which the worst does not count, so that one
 * stall is not taken for too many calls.
 *
 * Utilization grows evenly with the calls and tells in time; lag tells of what does not show there, such as a machine whose other
 * processes leave this one too little. It is measured by how late a timer of 20 ms is. A delay counts by what it makes others wait:
 * something that arrives at any moment of a stall of 100 ms waits 50 ms on average, and one such stall makes 5 ms of a second.
 */
export class LoadMeter {
  readonly #clock: Clock;
  readonly #utilized: () => number;
  #calls = 0;
  #cancel: Cancel = () => {};
  #windows: readonly LoopLoad[] = [];
  #beganAt = 0;
  #waited = 0;

  /** @param utilized part of the time since the last call that the event loop did something, 0 to 1 */
  constructor(clock: Clock, utilized: () => number = utilizedSinceLast()) {
    this.#clock = clock;
    this.#utilized = utilized;
  }

  get calls(): number {
    return this.#calls;
  }

  /** 0 without calls, and in the first second with some. */
  get load(): LoopLoad {
    return { lagMs: this.#usual("lagMs"), utilization: this.#usual("utilization") };
  }

  /** A call begins; returns what its end is told by, once. Without calls there is no timer, and what was measured is forgotten. */
  begin(): Unsubscribe {
    if (this.#calls++ === 0) {
      this.#open(this.#clock.now());
      this.#arm();
    }
    return () => {
      if (--this.#calls > 0) return;
      this.#cancel();
      this.#windows = [];
    };
  }

  #usual(what: keyof LoopLoad): number {
    if (this.#windows.length < WINDOWS) return 0;
    const values = this.#windows.map((window) => window[what]).sort((a, b) => a - b);
    return values.slice(0, -1).reduce((sum, value) => sum + value, 0) / (WINDOWS - 1);
  }

  #open(now: number): void {
    this.#beganAt = now;
    this.#waited = 0;
    this.#utilized();
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
      const window = { lagMs: this.#waited / elapsed, utilization: this.#utilized() };
      this.#windows = [...this.#windows, window].slice(-WINDOWS);
      this.#open(now);
    }
    this.#arm();
  }
}

function utilizedSinceLast(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
