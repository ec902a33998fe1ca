import { performance } from "node:perf_hooks";
import { assertOptions, RoomKitError } from "@roomkit/core";
import { register as defaultRegister, Histogram, type Registry } from "prom-client";
import { checkPrefix } from "./prefix.ts";

export interface TimedOptions {
  /** What it is, in the metric's label: `store`, `leases`. Default `store`. */
  readonly name?: string | undefined;
  /** Default: prom-client's own. */
  readonly register?: Registry | undefined;
  /** Default `roomkit_`. */
  readonly prefix?: string | undefined;
}

const BUCKETS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * A store, or anything else whose methods answer with promises, that tells how long each of them takes: a drop-in for what it was given.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function timed<T extends object>(target: T, options: TimedOptions = {}): T {
  assertOptions("timed", options, { string: ["name", "prefix"], object: ["register"] });
  if (typeof target !== "object" || target === null) throw new RoomKitError("invalid_option", "timed takes an object");
  const { name = "store", register = defaultRegister, prefix = "roomkit_" } = options;
  const histogram = engineSeconds(register, checkPrefix("timed", prefix));
  const observe = (operation: string, startedAt: number, outcome: "ok" | "failed"): void =>
    histogram.observe({ engine: name, operation, outcome }, (performance.now() - startedAt) / 1_000);
  /** By method, so that nothing is made for a call that the method did not make itself. */
  const wrapped = new Map<PropertyKey, { readonly of: unknown; readonly as: unknown }>();

  const wrap = (key: string, method: (...args: unknown[]) => unknown): unknown =>
    function call(...args: unknown[]): unknown {
      const startedAt = performance.now();
      const result = Reflect.apply(method, target, args);
      if (!(result instanceof Promise)) return result;
      return result.then(
        (value: unknown) => {
          observe(key, startedAt, "ok");
          return value;
        },
        (error: unknown) => {
          observe(key, startedAt, "failed");
          throw error;
        },
      );
    };
  return new Proxy(target, {
    get(_target, key) {
      // Private members are the target's own.
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function" || typeof key !== "string" || key === "constructor") return value;
      const known = wrapped.get(key);
      if (known?.of === value) return known.as;
      const as = wrap(key, value as (...args: unknown[]) => unknown);
      wrapped.set(key, { of: value, as });
      return as;
    },
  });
}

type EngineLabels = "engine" | "operation" | "outcome";

/** One for all that are timed. */
function engineSeconds(register: Registry, prefix: string): Histogram<EngineLabels> {
  const name = `${prefix}engine_seconds`;
  const known = register.getSingleMetric(name);
  if (known) return known as Histogram<EngineLabels>;
  return new Histogram({
    name,
    help: "How long operations of stores, leases and the like took.",
    labelNames: ["engine", "operation", "outcome"],
    buckets: BUCKETS,
    registers: [register],
  });
}
