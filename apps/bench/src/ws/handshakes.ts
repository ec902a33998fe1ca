import { type Bench, compareRuns, counts, numberOption } from "../measure/report.ts";
import { type Rig, reference, Server, type Side, sides, withRig } from "./rig.ts";

/** So many first, which count nowhere. */
const WARM = 0.2;
const PER_SECOND = "per second of processor time";

/** How quickly callers are let in: `handshakes [2000] [--at-once 16] [--runs 3]`, and whole short calls: in, three frames, an echo, out. */
export const handshakes: Bench = (args) =>
  withRig(args, async (rig) => {
    const [count = 2_000] = counts(args, [2_000], 100_000);
    const atOnce = Math.floor(numberOption(args, "at-once", 16, [1, 1_000]));
    const kinds = [
      { label: "handshakes alone", talk: false },
      { label: "calls of three frames", talk: true },
    ];
    const runs = kinds.map(() => ({ ours: [], bare: [] }) as Record<Side, Record<string, number>[]>);
    for (let run = 0; run < rig.runs; run++) {
      for (const side of sides) {
        const server = await Server.open(side, rig.pinned);
        try {
          for (const [i, { talk }] of kinds.entries())
            runs[i]?.[side].push(await measure(rig, server, { count, atOnce, talk }));
        } finally {
          await server.close();
        }
      }
    }
    return {
      bench: "handshakes",
      reference,
      comparisons: kinds.map(({ label }, i) =>
        compareRuns(label, runs[i]?.ours ?? [], runs[i]?.bare ?? [], undefined, { more: ["per second", PER_SECOND] }),
      ),
    };
  });

async function measure(
  { load }: Rig,
  server: Server,
  { count, atOnce, talk }: { count: number; atOnce: number; talk: boolean },
): Promise<Record<string, number>> {
  await load.storm(server.url, Math.ceil(count * WARM), atOnce, talk);
  await server.begin();
  const { over, failed, wallMs } = await load.storm(server.url, count, atOnce, talk);
  const { cpuMs } = await server.read();
  if (failed > 0) throw new Error(`${failed} of ${count} were not let in`);
  return {
    "per second": (over / wallMs) * 1000,
    [PER_SECOND]: (over / cpuMs) * 1000,
    "CPU each, µs": (cpuMs * 1000) / over,
  };
}
