import { join } from "node:path";
import { Child } from "../measure/child.ts";
import { type Bench, compare, counts, numberOption } from "../measure/report.ts";
import { folder, hasSqlite, names } from "../stores/open.ts";
import { slope } from "../ws/memory.ts";
import type { CallersLook, CallersRequest } from "./callers.ts";
import type { SoakLook, SoakRequest } from "./server.ts";

const ANSWER_MS = 60_000;
const LOOKS = 30;
/** So long the event loop stands still, once, ms. */
const STALL_MS = 2_000;
/** After the last call has gone: sessions that wait for their clients end, and rooms are closed. */
const SETTLE_MS = 12_000;

/**
 * Calls that last: `soak [50] [--minutes 30] [--seed 1]`. Each asks every few seconds, interrupts half of the answers, comes back from a lost connection once a
 * minute and reads slowly once a minute; in the middle the server's event loop stands still for 2 s. Told: what the server's process
 * holds over time, after a collection, and what became of the calls. Conversations are kept in SQLite, where Node has it (22.13): in memory they would grow for as long
 * as people talk, and be all that is seen.
 */
export const soak: Bench = async (args) => {
  const [calls = 50] = counts(args, [50], 1_000);
  const minutes = numberOption(args, "minutes", 30, [0.05, 1_440]);
  const seed = numberOption(args, "seed", 1, [0, 1_000_000]);
  const kind = (await hasSqlite()) ? "sqlite" : "memory";
  const files = folder();
  const server = new Child<SoakRequest, SoakLook>(import.meta.url, "server", ["--expose-gc"]);
  const callers = new Child<CallersRequest, CallersLook>(import.meta.url, "callers");
  try {
    const before = await server.ask({ type: "open", kind, file: join(files.path, "soak.db") }, ANSWER_MS);
    const began = performance.now();
    await callers.ask({ type: "begin", url: before.url as string, calls, seed }, ANSWER_MS);
    const looks: { readonly at: number; readonly look: SoakLook }[] = [];
    const everyMs = (minutes * 60_000) / LOOKS;
    for (let i = 0; i < LOOKS; i++) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      const request: SoakRequest = i === LOOKS >> 1 ? { type: "stall", ms: STALL_MS } : { type: "look" };
      looks.push({ look: await server.ask(request, ANSWER_MS), at: (performance.now() - began) / 60_000 });
    }
    const told = await callers.ask({ type: "end" }, ANSWER_MS);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const after = await server.ask({ type: "look" }, ANSWER_MS);
    // What is made once is made by then.
    const later = looks.slice(LOOKS / 5);
    const perHour = (of: (look: SoakLook) => number): number =>
      slope(later.map(({ at, look }) => [at / 60, of(look)] as const));
    const line = (name: string, of: (look: SoakLook) => number) => ({
      name,
      points: looks.map(({ at, look }) => [at, of(look)] as const),
    });
    const row = (name: string, of: (look: SoakLook) => number): (string | number)[] => {
      const values = later.map(({ look }) => of(look));
      const round = (value: number): number => Math.round(value * 100) / 100;
      return [name, ...[of(before), Math.min(...values), Math.max(...values), perHour(of), of(after)].map(round)];
    };
    return {
      bench: "soak",
      reference: "the same process before the first call",
      comparisons: [
        compare(
          `${calls} calls, when all have gone`,
          { "heap, MB": after.heapMb, handles: after.handles, listeners: after.listeners },
          { "heap, MB": before.heapMb, handles: before.handles, listeners: before.listeners },
        ),
      ],
      tables: [
        {
          title: `${calls} calls for ${minutes} min, kept in ${names[kind]}: what the process held`,
          head: ["", "before", "least", "most", "slope, per hour", "after the last call"],
          rows: [
            row("heap, MB", ({ heapMb }) => heapMb),
            row("memory, MB", ({ residentMb }) => residentMb),
            row("handles", ({ handles }) => handles),
            row("listeners", ({ listeners }) => listeners),
            row("sessions", ({ sessions }) => sessions),
            row("rooms", ({ rooms }) => rooms),
          ],
        },
        {
          title: "What became of the calls",
          head: ["said", "answered", "unanswered", "turns", "interrupted", "came back", "lost"],
          rows: [[told.said, told.answered, told.unanswered, after.turns, after.interrupted, told.resumed, told.lost]],
        },
      ],
      plots: [
        { title: "Heap after a collection", x: "minutes", y: "MB", lines: [line("heap", ({ heapMb }) => heapMb)] },
        {
          title: "Handles and sessions",
          x: "minutes",
          y: "count",
          lines: [line("handles", ({ handles }) => handles), line("sessions", ({ sessions }) => sessions)],
        },
      ],
    };
  } finally {
    await Promise.all([server.close(), callers.close()]);
    files.remove();
  }
};
