import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the event loop is looked at, ms. */
const RESOLUTION_MS = 10;

/** How late the event loop of this thread is. */
export interface LatenessMeter {
  /** Ends the measurement. @returns what 99 % of the looks stayed below, ms. */
  stop(): number;
}

export function latenessMeter(): LatenessMeter {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    stop() {
      histogram.disable();
      // It records the time between two looks, of which the resolution is no delay.
      return Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS);
    },
  };
}
