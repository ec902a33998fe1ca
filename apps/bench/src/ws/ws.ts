import { type Bench, type Comparison, compareRuns, counts, numberOption, type Plot } from "../measure/report.ts";
import { percentileOf } from "./bins.ts";
import { listen, type Rig, reference, Server, type Side, sides, withRig } from "./rig.ts";

/** What can be told of times, ms. */
const RESOLUTION_MS = 0.1;

const CALLS_PER_CORE = "calls per core by processor time";
const FRAMES = "frames out per session, 1/s";
const PER_FRAME = "CPU per frame in and out, µs";
const DELAY = "delay p99, ms";

/**
 * Calls over WebSocket that hear themselves: `ws [sessions...] [--seconds 5] [--warm 8] [--runs 3] [--client auto] [--pin 1]`. Server and
 * callers are processes of their own, on cores of their own; each side of the comparison is measured alone, in turns.
 */
export const ws: Bench = (args) =>
  withRig(args, async (rig) => {
    const measureMs = numberOption(args, "seconds", 5, [0.1, 3_600]) * 1000;
    const warmMs = numberOption(args, "warm", 8, [0, 60]) * 1000;
    const comparisons: Comparison[] = [];
    for (const calls of counts(args, [1, 10, 50, 100], 1_000)) {
      const runs: Record<Side, Measured[]> = { ours: [], bare: [] };
      for (let run = 0; run < rig.runs; run++)
        for (const side of sides) runs[side].push(await measure(rig, side, { calls, warmMs, measureMs }));
      const label = `${calls} session${calls === 1 ? "" : "s"}`;
      const [ours, bare] = [runs.ours, runs.bare].map((all) => all.map(({ figures }) => figures));
      const more = [CALLS_PER_CORE, FRAMES];
      comparisons.push(compareRuns(label, ours ?? [], bare ?? [], clientCost(rig, runs), { more }));
    }
    return { bench: "ws", reference, comparisons, plots: [plot(comparisons, PER_FRAME), plot(comparisons, DELAY)] };
  });

interface Measured {
  readonly figures: Record<string, number>;
  /** Processor time of the client for each of the server's. */
  readonly clientShare: number;
}

async function measure(
  { load, pinned }: Rig,
  side: Side,
  size: { calls: number; warmMs: number; measureMs: number },
): Promise<Measured> {
  const { calls } = size;
  // A fresh process each time: what one measurement leaves behind is not the next one's.
  const server = await Server.open(side, pinned);
  try {
    const { open, received, delays, lateness, serverCpuMs, wallMs, cpuMs, driftMs, residentMb } = await listen(
      load,
      server,
      size,
    );
    if (open !== calls) throw new Error(`only ${open} of ${calls} sessions lived to the end`);
    const perSession = (serverCpuMs / wallMs / calls) * 1000;
    return {
      clientShare: cpuMs / serverCpuMs,
      figures: {
        "CPU per session, ms/s": perSession,
        [PER_FRAME]: (serverCpuMs * 1000) / Math.max(1, received),
        [CALLS_PER_CORE]: 1000 / perSession,
        [FRAMES]: (received / wallMs / calls) * 1000,
        "pacing late p50, ms": percentileOf(lateness, 0.5),
        "pacing late p99, ms": percentileOf(lateness, 0.99),
        "pacing drift, the worst call, ms": Math.max(RESOLUTION_MS, driftMs),
        "delay p50, ms": percentileOf(delays, 0.5),
        [DELAY]: percentileOf(delays, 0.99),
        "memory, MB": residentMb,
      },
    };
  } finally {
    await server.close();
  }
}

function clientCost({ load, pinned }: Rig, runs: Record<Side, readonly Measured[]>): string {
  const share = (side: Side): string => {
    const shares = runs[side].map(({ clientShare }) => clientShare);
    return `${Math.round((100 * shares.reduce((sum, each) => sum + each, 0)) / shares.length)} %`;
  };
  const where = pinned ? "" : ", not pinned";
  return `the load client (${load.name}${where}) took ${share("ours")} of ours, ${share("bare")} of the bare server's processor time`;
}

function plot(comparisons: readonly Comparison[], name: string): Plot {
  const points = (side: "ours" | "reference") =>
    comparisons.flatMap(({ label, figures }) => {
      const found = figures.find((figure) => figure.name === name);
      return found ? [[Number.parseInt(label, 10), found[side]] as const] : [];
    });
  return {
    title: name,
    x: "calls",
    y: name,
    lines: [
      { name: "ours", points: points("ours") },
      { name: "bare ws", points: points("reference") },
    ],
  };
}
