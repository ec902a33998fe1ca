import { setTimeout as pause } from "node:timers/promises";
import { RoomKitError } from "@roomkit/core";
import { serveJobs } from "./serve.ts";

/** What the test worker is told to do. */
export type FixtureJob =
  | { readonly do: "echo"; readonly value: unknown }
  | { readonly do: "pid" }
  | { readonly do: "throw" }
  | { readonly do: "throw-coded" }
  /** With what cannot be sent to another process, or as a result. */
  | { readonly do: "throw-function" }
  | { readonly do: "function" }
  /** Ends the process in the middle of the job. */
  | { readonly do: "crash" }
  /** Never ends, and hears no cancel. */
  | { readonly do: "spin" }
  /** Goes on until it is cancelled. */
  | { readonly do: "until-cancelled" };

export interface FixtureData {
  readonly fail?: boolean | undefined;
  readonly hang?: boolean | undefined;
  readonly die?: boolean | undefined;
  readonly value?: unknown;
}

let cancelled = 0;

serveJobs<FixtureData, FixtureJob, unknown>(async ({ fail, hang, die }) => {
  if (fail) throw new RoomKitError("no_model", "there is nothing to load");
  if (hang) await new Promise(() => setInterval(() => {}, 1_000));
  if (die) process.exit(3);
  return async (job, signal) => {
    if (job.do === "echo") return job.value;
    if (job.do === "pid") return { pid: process.pid, cancelled };
    if (job.do === "throw") throw new TypeError("made to fail");
    if (job.do === "throw-coded") throw new RoomKitError("made_up", "made to fail", { details: { n: 1 } });
    if (job.do === "throw-function") throw new RoomKitError("made_up", "made to fail", { details: { no() {} } });
    if (job.do === "function") return () => {};
    if (job.do === "crash") return process.exit(1);
    if (job.do === "spin") for (;;) {}
    while (!signal.aborted) await pause(1);
    cancelled++;
    throw signal.reason;
  };
});
