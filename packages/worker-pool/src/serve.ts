import type { FromWorker, ToWorker } from "./messages.ts";
import { toWire } from "./wire-error.ts";

/** Does one job. Long work looks at `signal` between its steps and throws `signal.reason` when it aborts. */
export type JobHandler<Job, Result> = (job: Job, signal: AbortSignal) => Promise<Result> | Result;

/**
 * The body of a worker's entry module: `start` loads what the jobs need and returns the function that does them. Jobs come one
 * at a time. A {@link RoomKitError} thrown by either arrives at the pool with its code; anything else as `worker_failed`.
 *
 * The process ends with the pool's: it holds nothing that would be worth saving. It ignores SIGINT and SIGTERM, which a
 * terminal or a service manager sends to the whole group: the parent decides when the work is over.
 */
export function serveJobs<Data, Job, Result>(
  start: (data: Data) => Promise<JobHandler<Job, Result>> | JobHandler<Job, Result>,
): void {
  let handler: JobHandler<Job, Result> | undefined;
  let current: { readonly id: number; readonly abort: AbortController } | undefined;

  const begin = async (data: Data): Promise<void> => {
    try {
      handler = await start(data);
      send({ type: "ready" });
    } catch (thrown) {
      send({ type: "failed", error: toWire(thrown, "worker_failed") });
    }
  };

  const work = async (id: number, job: Job): Promise<void> => {
    const abort = new AbortController();
    current = { id, abort };
    try {
      if (!handler) throw new Error("a job came before the worker was ready");
      send({ type: "result", id, result: await handler(job, abort.signal) });
    } catch (thrown) {
      send({ type: "error", id, error: toWire(thrown, "worker_failed") });
    } finally {
      current = undefined;
    }
  };

  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message: ToWorker) => {
    if (message.type === "start") void begin(message.data as Data);
    else if (message.type === "job") void work(message.id, message.job as Job);
    else if (current?.id === message.id) current.abort.abort();
  });
}

function send(message: FromWorker): void {
  // The parent may be gone between two lines; there is nobody left to tell then.
  process.send?.(message, undefined, undefined, () => {});
}
