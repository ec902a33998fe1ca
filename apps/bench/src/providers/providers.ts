import { StandIn } from "@roomkit/provider-standins";
import { type Bench, type Comparison, compare, numberOption } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import type { Contender } from "./contender.ts";
import { contenders } from "./contenders.ts";

/**
 * What each provider package adds to its vendor's SDK: `providers [names...] [--calls 100]`. Time from the call to the first thing of
 * use, over a stand-in of the vendor on this machine, ours and the bare SDK in turns.
 */
export const providers: Bench = async (args) => {
  const calls = numberOption(args, "calls", 100, [1, 100_000]);
  const wanted = contenders.filter(
    ({ label }) => args.values.length === 0 || args.values.some((name) => label.startsWith(name)),
  );
  const comparisons: Comparison[] = [];
  for (const { label, routes, open } of wanted) {
    const standIn = await StandIn.start(...routes());
    const contender = open(standIn.url);
    try {
      comparisons.push(await race(label, contender, calls));
    } finally {
      await contender.close?.();
      await standIn.close();
    }
  }
  return { bench: "providers", reference: "the vendor's SDK over the same stand-in", comparisons };
};

async function race(label: string, { ours, bare }: Contender, calls: number): Promise<Comparison> {
  // Loads SDKs, and warms connections up.
  const warm = Math.min(10, calls);
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let i = 0; i < warm + calls; i++) {
    // Who goes first in a pair must not matter.
    const pair = i % 2 === 0 ? (["ours", "bare"] as const) : (["bare", "ours"] as const);
    for (const who of pair) {
      const begun = performance.now();
      await (who === "ours" ? ours() : bare());
      if (i >= warm) times[who].push(performance.now() - begun);
    }
  }
  const figures = (values: readonly number[]) => ({
    "to the first p50, ms": percentile(values, 0.5),
    "to the first p95, ms": percentile(values, 0.95),
  });
  return compare(label, figures(times.ours), figures(times.bare));
}
