import { performance } from "node:perf_hooks";

/** How often it is looked, and how often in all, ms. */
const EVERY_MS = 1_000;
const WINDOWS = 5;

/** How busy the event loop of this process was in the last 5 s: one slow moment is no reason to send callers elsewhere. */
export class LoopMeter {
  readonly #utilized: () => number;
  readonly #timer: NodeJS.Timeout;
  #windows: readonly number[] = [];

  /** @param utilized part of the time since the last call that the event loop did something, 0 to 1 */
  constructor(utilized: () => number = utilizedSinceLast()) {
    this.#utilized = utilized;
    this.#timer = setInterval(() => this.look(), EVERY_MS);
    // A process with nothing else to do may end.
    this.#timer.unref();
  }

  /** The least busy of the last five seconds, 0 to 1; 0 before they are over. */
  get utilization(): number {
    return this.#windows.length < WINDOWS ? 0 : Math.min(...this.#windows);
  }

  look(): void {
    this.#windows = [...this.#windows, this.#utilized()].slice(-WINDOWS);
  }

  stop(): void {
    clearInterval(this.#timer);
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
