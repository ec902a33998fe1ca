import { Child } from "../measure/child.ts";
import { cpuMeter, residentMb } from "../measure/cpu.ts";
import { type Bench, type Comparison, compare, counts, numberOption } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import type { LoadAnswer, LoadRequest } from "./messages.ts";
import { bareServer, type EchoServer, roomkitServer } from "./servers.ts";

const ANSWER_MS = 30_000;

/**
 * Calls over WebSocket that hear themselves: `ws [sessions...] [--seconds 5] [--warm 1] [--rounds 2]`. The callers are in a process
 * of their own; each side of the comparison is measured alone, in turns, and the round with the least processor time counts.
 */
export const ws: Bench = async (args) => {
  const seconds = numberOption(args, "seconds", 5, [0.1, 600]);
  const warm = numberOption(args, "warm", 1, [0, 60]);
  const rounds = numberOption(args, "rounds", 2, [1, 20]);
  const load = new Child<LoadRequest, LoadAnswer>(import.meta.url, "load");
  const comparisons: Comparison[] = [];
  try {
    for (const sessions of counts(args, [1, 10, 50, 100], 1_000)) {
      const times = { sessions, measureMs: seconds * 1000, warmMs: warm * 1000 };
      const best: { ours?: Figures | undefined; bare?: Figures | undefined } = {};
      for (let round = 0; round < rounds; round++) {
        best.bare = better(best.bare, await measure(load, await bareServer(), times));
        best.ours = better(best.ours, await measure(load, await roomkitServer(sessions), times));
      }
      if (best.ours && best.bare) {
        comparisons.push(compare(`${sessions} session${sessions === 1 ? "" : "s"}`, best.ours, best.bare));
      }
    }
  } finally {
    await load.close();
  }
  return {
    bench: "ws",
    reference: "the ws package and the same signal processing called directly, without sessions, pacing or checks",
    comparisons,
  };
};

const PER_SESSION = "CPU per session, ms/s";
type Figures = Record<string, number>;

function better(before: Figures | undefined, now: Figures): Figures {
  return before && (before[PER_SESSION] as number) <= (now[PER_SESSION] as number) ? before : now;
}

async function measure(
  load: Child<LoadRequest, LoadAnswer>,
  server: EchoServer,
  { sessions, measureMs, warmMs }: { sessions: number; measureMs: number; warmMs: number },
): Promise<Figures> {
  try {
    await load.ask({ type: "connect", url: server.url, sessions, warmMs }, ANSWER_MS + warmMs);
    const meter = cpuMeter();
    const {
      lateness = [],
      delays = [],
      open,
    } = await load.ask({ type: "measure", ms: measureMs }, ANSWER_MS + measureMs);
    const [cpu, wall] = [meter.cpuMs(), meter.wallMs()];
    if (open !== sessions) throw new Error(`only ${open} of ${sessions} sessions lived to the end`);
    return {
      [PER_SESSION]: (cpu / wall / sessions) * 1000,
      "CPU per frame in and out, µs": (cpu * 1000) / lateness.length,
      "frames out per session, 1/s": (lateness.length / wall / sessions) * 1000,
      "pacing late p50, ms": percentile(lateness, 0.5),
      "pacing late p99, ms": percentile(lateness, 0.99),
      "delay p50, ms": percentile(delays, 0.5),
      "delay p99, ms": percentile(delays, 0.99),
      "memory, MB": residentMb(),
    };
  } finally {
    await load.ask({ type: "close" }, ANSWER_MS);
    await server.close();
  }
}
