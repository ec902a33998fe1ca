import { entryBeside } from "./entry.ts";
import { WorkerPool } from "./pool.ts";
import type { FixtureJob } from "./worker.fixture.ts";

// An application that never closes its pool: `idle` has no work left, `busy` has.
const pool = new WorkerPool<FixtureJob, { pid: number }>({
  name: "fixture",
  entry: entryBeside(import.meta.url, "worker.fixture"),
  size: 1,
  data: {},
});
const { pid } = await pool.run({ do: "pid" });
process.send?.(pid);
// The channel to the test must not be what keeps it alive.
process.channel?.unref();
if (process.argv[2] === "busy") await pool.run({ do: "until-cancelled" });
