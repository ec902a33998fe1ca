import { join } from "node:path";
import { RoomKit, silentLogger } from "@roomkit/core";
import { cpuMeter } from "../measure/cpu.ts";
import {
  type Bench,
  type BenchArguments,
  type Comparison,
  compareRuns,
  counts,
  numberOption,
} from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { percentileOf } from "../ws/bins.ts";
import { listen, type Rig, Server, withRig } from "../ws/rig.ts";
import { folder, hasSqlite, type Kind, kinds, names, openBare, openStore, startPostgres } from "./open.ts";
import { newEvent, newRoom, TEXT } from "./writers.ts";

const PER_SECOND = "events, 1/s";
type Figures = Record<string, number>;

/**
 * What keeping a conversation costs: `stores [rooms...] [--events 2000] [--runs 3] [--calls 10] [--seconds 5]`. Events of one room after another, of
 * several rooms at once; and calls whose process commits as fast as its store takes it, beside the same calls without.
 */
export const stores: Bench = async (args) => {
  const events = numberOption(args, "events", 2_000, [10, 1_000_000]);
  const runs = numberOption(args, "runs", 3, [1, 20]);
  const rooms = counts(args, [1, 16], 1_000);
  const wanted = args.options.only?.split(",") ?? kinds;
  const { path, remove } = folder();
  const skipped: string[] = [];
  const comparisons: Comparison[] = [];
  const postgres = wanted.includes("postgres") ? await startPostgres() : undefined;
  const at: Readonly<Record<Kind, string | undefined>> = {
    ...{ memory: "", postgres: postgres?.url },
    sqlite: (await hasSqlite()) ? join(path, "store.sqlite") : undefined,
  };
  const why = { memory: "", sqlite: "this Node has no node:sqlite", postgres: "PostgreSQL's programs are not here" };
  try {
    for (const kind of kinds.filter((each) => wanted.includes(each))) {
      const place = at[kind];
      if (place === undefined) skipped.push(`${names[kind]}: ${why[kind]}`);
      else comparisons.push(...(await commits(kind, place, { events, runs, rooms })));
    }
    comparisons.push(...(await calls(args, at, wanted)));
  } finally {
    await postgres?.stop();
    remove();
  }
  const [first, ...more] = comparisons;
  const note = skipped.length === 0 ? first?.note : `not measured: ${skipped.join("; ")}`;
  return {
    bench: "stores",
    reference:
      "the client alone, one INSERT of as many characters (memory: JSON into an array); of calls the same ones without commits",
    comparisons: first ? [{ ...first, note }, ...more] : [],
  };
};

async function commits(
  kind: Kind,
  at: string,
  { events, runs, rooms }: { events: number; runs: number; rooms: readonly number[] },
): Promise<Comparison[]> {
  const store = await openStore(kind, at);
  const bare = await openBare(kind, at);
  const kit = new RoomKit({ store, ...("leases" in store && { leases: store.leases }), logger: silentLogger });
  const comparisons: Comparison[] = [];
  try {
    for (const side of rooms) {
      const [ids, kitIds]: [string[], string[]] = [[], []];
      for (let i = 0; i < side; i++) ids.push(await newRoom(store));
      for (let i = 0; i < side; i++) kitIds.push((await kit.createRoom()).id);
      const content = { type: "text", text: TEXT } as const;
      const ways = {
        bare: () => bare.insert(),
        store: (i: number) => store.commit(ids[i] as string, [newEvent()], { at: 0 }),
        kit: (i: number) => kit.sendEvent(kitIds[i] as string, { content }),
      };
      // Code that was never run before.
      for (const way of Object.values(ways)) await measure(way, side, Math.min(events, 200));
      const measured: Record<keyof typeof ways, Figures[]> = { bare: [], store: [], kit: [] };
      for (let run = 0; run < runs; run++)
        for (const [name, way] of Object.entries(ways))
          measured[name as keyof typeof ways].push(await measure(way, side, events));
      const label = `${names[kind]}, ${side} room${side === 1 ? "" : "s"}`;
      const kindsOf = { more: [PER_SECOND] };
      for (const way of ["store", "kit"] as const) {
        comparisons.push(compareRuns(`${label}, the ${way}`, measured[way], measured.bare, undefined, kindsOf));
      }
    }
  } finally {
    await kit.close();
    if ("close" in store) await store.close();
    await bare.close();
  }
  return comparisons;
}

/** `side` rooms at once, each one event after another. */
async function measure(step: (room: number) => unknown, side: number, events: number): Promise<Figures> {
  const times: number[] = [];
  const meter = cpuMeter();
  let begun = 0;
  const one = async (room: number): Promise<void> => {
    while (begun++ < events) {
      const at = performance.now();
      await step(room);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: side }, (_, room) => one(room)));
  return {
    [PER_SECOND]: (times.length / meter.wallMs()) * 1000,
    "p50, ms": percentile(times, 0.5),
    "p99, ms": percentile(times, 0.99),
    "CPU of this process per event, µs": (meter.cpuMs() * 1000) / times.length,
  };
}

/** Calls over WebSocket in a process that commits all the time: what its callers hear of that. */
async function calls(
  args: BenchArguments,
  at: Readonly<Record<Kind, string | undefined>>,
  wanted: readonly string[],
): Promise<Comparison[]> {
  const count = numberOption(args, "calls", 10, [0, 1_000]);
  const measureMs = numberOption(args, "seconds", 5, [0.1, 3_600]) * 1000;
  if (count === 0) return [];
  return await withRig(args, async (rig) => {
    const comparisons: Comparison[] = [];
    for (const kind of kinds.filter((each) => wanted.includes(each))) {
      const place = at[kind];
      if (place === undefined) continue;
      const [loaded, quiet]: [Figures[], Figures[]] = [[], []];
      for (let run = 0; run < rig.runs; run++) {
        quiet.push(await heard(rig, { count, measureMs }));
        loaded.push(await heard(rig, { count, measureMs, store: `${kind} ${place}` }));
      }
      const rates = loaded.map(({ [PER_SECOND]: rate = 0 }) => rate);
      const note = `${Math.round(percentile(rates, 0.5))} events/s meanwhile`;
      comparisons.push(compareRuns(`${count} calls, ${names[kind]} saturated`, loaded, quiet, note));
    }
    return comparisons;
  });
}

async function heard(
  { load, pinned }: Rig,
  { count, measureMs, store }: { count: number; measureMs: number; store?: string },
): Promise<Figures> {
  const server = await Server.open("ours", pinned, [], store);
  try {
    const before = await server.events();
    const began = performance.now();
    const size = { calls: count, warmMs: 500, measureMs };
    const { lateness, delays, open } = await listen(load, server, size);
    if (open !== count) throw new Error(`only ${open} of ${count} sessions lived to the end`);
    const written = (await server.events()) - before;
    return {
      "pacing late p50, ms": percentileOf(lateness, 0.5),
      "pacing late p99, ms": percentileOf(lateness, 0.99),
      "echo p50, ms": percentileOf(delays, 0.5),
      "echo p99, ms": percentileOf(delays, 0.99),
      ...(store !== undefined && { [PER_SECOND]: (written / (performance.now() - began)) * 1000 }),
    };
  } finally {
    await server.close();
  }
}
