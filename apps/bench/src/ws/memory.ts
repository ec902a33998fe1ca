import { type Bench, compareRuns, counts, numberOption } from "../measure/report.ts";
import { listen, type Rig, reference, Server, type Side, shown, sides, withRig } from "./rig.ts";

const AT_ONCE = 20;
/** What a process takes is told in pages, MB. */
const RESOLUTION_MB = 0.001;
/** Calls before anything is looked at: code is compiled, and what is made once is made. */
const WARM = { calls: 10, warmMs: 200, measureMs: 800 };

interface Found {
  readonly perCallMb: number;
  /** After so many short calls, with none left: heap and all memory, MB. */
  readonly after: readonly { readonly calls: number; readonly heapMb: number; readonly residentMb: number }[];
}

/**
 * Memory of calls, and what short ones leave behind: `ws-memory [calls...] [--connects 1000] [--batches 10] [--seconds 3] [--runs 3]`. Each run is a
 * fresh process; what is collectable is collected before each look.
 */
export const wsMemory: Bench = (args) =>
  withRig(args, async (rig) => {
    const sizes = counts(args, [100], 1_000);
    const connects = Math.floor(numberOption(args, "connects", 1_000, [10, 100_000]));
    const batches = Math.floor(numberOption(args, "batches", 10, [3, 100]));
    const measureMs = numberOption(args, "seconds", 3, [0.2, 60]) * 1000;
    const all: { readonly calls: number; readonly found: Record<Side, Found[]> }[] = [];
    for (const [i, calls] of sizes.entries()) {
      const found: Record<Side, Found[]> = { ours: [], bare: [] };
      // Short calls leave the same behind whatever there was before them: they come after the first size alone.
      const short = i === 0 ? connects : 0;
      for (let run = 0; run < rig.runs; run++)
        for (const side of sides)
          found[side].push(
            await measure(rig, side, { calls, connects: short, batch: Math.ceil(connects / batches), measureMs }),
          );
      all.push({ calls, found });
    }
    const figures = (found: readonly Found[]) =>
      found.map(({ perCallMb, after }) => {
        const last = after.at(-1);
        return {
          "memory per call, MB": Math.max(RESOLUTION_MB, perCallMb),
          ...(last && {
            [`heap after ${connects} calls, MB`]: last.heapMb,
            [`memory after ${connects} calls, MB`]: last.residentMb,
          }),
        };
      });
    const { found } = all[0] as (typeof all)[number];
    const median = (side: Side, of: (found: Found) => number): number =>
      found[side].map(of).sort((a, b) => a - b)[found[side].length >> 1] as number;
    return {
      bench: "ws-memory",
      reference,
      comparisons: all.map(({ calls, found: { ours, bare } }) =>
        compareRuns(`${calls} calls`, figures(ours), figures(bare)),
      ),
      tables: [
        {
          title: `What each of ${connects} short calls left behind, bytes (slope over all looks but the first)`,
          head: ["server", "heap", "memory"],
          rows: sides.map((side) => [
            side,
            Math.round(median(side, ({ after }) => slope(after.map(({ calls: x, heapMb }) => [x, heapMb * 2 ** 20])))),
            Math.round(
              median(side, ({ after }) => slope(after.map(({ calls: x, residentMb }) => [x, residentMb * 2 ** 20]))),
            ),
          ]),
        },
      ],
      plots: [
        {
          title: "Heap after short calls, none left",
          x: "calls so far",
          y: "MB",
          lines: shown.map(([side, name]) => ({
            name,
            points: (found[side][0]?.after ?? []).map(({ calls: x, heapMb }) => [x, heapMb] as const),
          })),
        },
      ],
    };
  });

async function measure(
  { load, pinned }: Rig,
  side: Side,
  { calls, connects, batch, measureMs }: { calls: number; connects: number; batch: number; measureMs: number },
): Promise<Found> {
  const server = await Server.open(side, pinned, ["--expose-gc"]);
  try {
    await listen(load, server, WARM);
    const before = await server.memory();
    await load.connect(server.url, calls);
    await new Promise((resolve) => setTimeout(resolve, measureMs));
    const during = await server.memory();
    await load.hangUp();
    const after: { calls: number; heapMb: number; residentMb: number }[] = [];
    for (let over = 0; over < connects; ) {
      const { over: done, failed } = await load.storm(server.url, Math.min(batch, connects - over), AT_ONCE, true);
      if (failed > 0) throw new Error(`${failed} short calls were not let in, or not answered`);
      over += done;
      after.push({ calls: over, ...(await server.memory()) });
    }
    return { perCallMb: (during.residentMb - before.residentMb) / calls, after };
  } finally {
    await server.close();
  }
}

/** Of the straight line that is nearest to all points but the first: what is made once is made by then. */
export function slope(all: readonly (readonly [x: number, y: number])[]): number {
  const points = all.slice(1);
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)];
  return mean((point) => (point[0] - x) * (point[1] - y)) / mean((point) => (point[0] - x) ** 2);
}
