import type { Clock } from "@roomkit/core";
import { entryBeside, WorkerPool } from "@roomkit/worker-pool";
import type { EngineData } from "./engine.ts";

/** What every engine in processes of its own may be told. */
export interface EngineOptions {
  /** Worker processes at most, each with a model of its own; they start when there is work. Default 1. */
  readonly workers?: number | undefined;
  /** Jobs of all calls that may wait for a worker. Default 64. */
  readonly queueLimit?: number | undefined;
  /** How long a job may wait, and then take, in ms. Default 30,000. */
  readonly jobTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Processes that hold a model: its computations never hold up the event loop, and a model that makes the library end its process
 * ends no call.
 *
 * @throws RoomKitError `invalid_option`
 */
export function enginePool<Job, Result>(data: EngineData, options: EngineOptions): WorkerPool<Job, Result> {
  const { workers = 1, queueLimit, jobTimeoutMs, clock } = options;
  return new WorkerPool<Job, Result>({
    name: `sherpa ${data.kind}`,
    entry: entryBeside(import.meta.url, "worker"),
    data,
    size: workers,
    queueLimit,
    jobTimeoutMs,
    clock,
  });
}
