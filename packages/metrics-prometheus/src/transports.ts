import { Counter, type Metric, type Registry } from "prom-client";

/** What of a transport is looked at; the transports of RoomKit have all of it. */
export interface WatchedTransport {
  readonly name: string;
  /** Clients that were not let in since the start, by the code that says why. */
  readonly refusals?: ReadonlyMap<string, number> | undefined;
  /** Counts that two transports may share: they are read once. */
  readonly pacing?: PacingCounts | undefined;
}

export interface PacingCounts {
  /** Upper bounds of the buckets, ms. */
  readonly boundsMs: readonly number[];
  /** In each bucket, and in one more beyond the last bound. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** What transports count by themselves, read when it is asked for. */
export function watchTransports(transports: readonly WatchedTransport[], register: Registry, prefix: string): void {
  const told = new Map<string, number>();
  const refusals: Counter<"transport" | "reason"> = new Counter({
    name: `${prefix}refusals_total`,
    help: "Clients that were not let in.",
    labelNames: ["transport", "reason"],
    registers: [register],
    collect() {
      for (const { transport, reason, count } of sumOf(transports)) {
        const key = `${transport} ${reason}`;
        refusals.inc({ transport, reason }, count - (told.get(key) ?? 0));
        told.set(key, count);
      }
    },
  });
  const pacing = [...new Set(transports.flatMap((transport) => transport.pacing ?? []))];
  if (pacing.length > 0) register.registerMetric(latenessOf(pacing, `${prefix}pacing_lateness_seconds`));
}

/** Of two transports of one name both. */
function sumOf(
  transports: readonly WatchedTransport[],
): readonly { readonly transport: string; readonly reason: string; readonly count: number }[] {
  const sums = new Map<string, { transport: string; reason: string; count: number }>();
  for (const { name: transport, refusals = new Map<string, number>() } of transports)
    for (const [reason, count] of refusals) {
      const key = `${transport} ${reason}`;
      sums.set(key, { transport, reason, count: (sums.get(key)?.count ?? 0) + count });
    }
  return [...sums.values()];
}

/** A histogram that is counted elsewhere: all that a register asks of a metric is its values. */
function latenessOf(all: readonly PacingCounts[], name: string): Metric {
  const values = (): object[] => {
    const buckets = new Map<number, number>();
    let count = 0;
    let sumMs = 0;
    for (const { boundsMs, counts, sumMs: ms } of all) {
      sumMs += ms;
      for (const [index, seen] of counts.entries()) {
        const bound = boundsMs[index] ?? Number.POSITIVE_INFINITY;
        buckets.set(bound, (buckets.get(bound) ?? 0) + seen);
      }
    }
    const rows: object[] = [];
    for (const bound of [...buckets.keys()].sort((a, b) => a - b)) {
      count += buckets.get(bound) ?? 0;
      const le = Number.isFinite(bound) ? bound / 1_000 : "+Inf";
      rows.push({ metricName: `${name}_bucket`, labels: { le }, value: count });
    }
    rows.push({ metricName: `${name}_sum`, labels: {}, value: sumMs / 1_000 });
    rows.push({ metricName: `${name}_count`, labels: {}, value: count });
    return rows;
  };
  const help = "How late audio was sent, each turn of the pacing wheel.";
  const metric = {
    ...{ name, help, type: "histogram", aggregator: "sum" },
    get: async () => ({ name, help, type: "histogram", aggregator: "sum", values: values() }),
    reset: () => {},
  };
  return metric as unknown as Metric;
}
