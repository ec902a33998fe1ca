import { performance } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";

/** Shorter than this, ms, it says more of who asks than of the server. */
const LEAST_MS = 1_000;

/** How busy the event loop was since it was asked for last. */
export function watchLoop(register: Registry, prefix: string): void {
  let before = performance.eventLoopUtilization();
  const gauge: Gauge = new Gauge({
    name: `${prefix}event_loop_utilization`,
    help: "How busy the event loop was since this was read last, 0 to 1.",
    registers: [register],
    collect() {
      const now = performance.eventLoopUtilization();
      const since = performance.eventLoopUtilization(now, before);
      if (since.active + since.idle < LEAST_MS) return;
      before = now;
      gauge.set(since.utilization);
    },
  });
}
