export { type PrometheusMetrics, type PrometheusOptions, prometheusMetrics } from "./prometheus-metrics.ts";
export { type TimedOptions, timed } from "./timed.ts";
export type { PacingCounts, WatchedTransport } from "./transports.ts";
