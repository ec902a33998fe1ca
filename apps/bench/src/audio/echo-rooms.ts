import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { mixed } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { sileroVad } from "@roomkit/vad-silero";
import type { Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import {
  AGAINST_ECHO_DB,
  COUPLINGS_DB,
  DELAYS_MS,
  LENGTH_MS,
  type Line,
  RATE,
  roomOf,
  type Span,
  spansOf,
  through,
} from "./echo-calls.ts";
import { type Speech, speech } from "./speech.ts";

/** What a VAD must hear of the echo for the assistant to interrupt itself. */
const INTERRUPTS_MS = 300;
/** A caller is noticed when a VAD finds speech within so long; those are counted whom it finds so soon where there is no echo. */
const NOTICED_MS = 700;
const NOTICED_ALONE_MS = 500;

/** What became of the calls of one coupling, by detector. */
interface Count {
  hours: number;
  self: number;
  selfWithout: number;
  readonly lines: Map<number, { attempts: number; noticed: number }>;
  readonly laterMs: number[];
}

/** By coupling and detector. */
export type Counts = Map<string, Count>;

/** What the guard lets through in so many rooms, by coupling and detector of speech; the rooms are shared out among threads. */
export async function echoRooms(rooms: number, threads: number): Promise<Table[]> {
  if (rooms === 0) return [];
  const seeds = Array.from({ length: rooms }, (_, i) => i + 1);
  const voices = { human: await speech(RATE), synthetic: await speech(RATE, []) };
  const shares = Array.from({ length: threads }, (_, k) => ({
    ...voices,
    seeds: seeds.filter((seed) => seed % threads === k),
  }));
  const counts: Counts = new Map();
  for (const counted of await Promise.all(shares.map(onThread)))
    for (const [key, count] of counted) add(counts, key, count);
  return [tableOf(counts, rooms)];
}

/** Rooms of one thread, and who speaks in them. */
export interface Share {
  readonly seeds: readonly number[];
  readonly human: Speech;
  readonly synthetic: Speech;
}

function onThread(share: Share): Promise<Counts> {
  const { href } = new URL("./echo-rooms.worker", import.meta.url);
  const thread = new Worker(new URL(href + extname(import.meta.url)), { workerData: share });
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  }).finally(() => thread.terminate()) as Promise<Counts>;
}

/** The calls in these rooms. */
export async function countRooms({ seeds, human, synthetic }: Share): Promise<Counts> {
  const detectors = { energy: energyVad(), Silero: sileroVad() };
  const counts: Counts = new Map();
  for (const seed of seeds) {
    const room = roomOf(seed, seed % 2 ? synthetic : human);
    for (const couplingDb of COUPLINGS_DB) {
      for (const delayMs of DELAYS_MS) {
        const call = room.call(couplingDb, delayMs, human);
        const alone = through(mixed(call.echo, call.noise), room.played);
        const both = through(mixed(mixed(call.echo, call.near), call.noise), room.played);
        for (const [name, vad] of Object.entries(detectors)) {
          const count = nothing();
          count.hours = LENGTH_MS / 3_600_000;
          count.self = interruptions(await spansOf(vad, alone));
          count.selfWithout = interruptions(await spansOf(vad, mixed(call.echo, call.noise)));
          tally(count, call.lines, await spansOf(vad, both), await spansOf(vad, mixed(call.near, call.noise)));
          add(counts, `${couplingDb} dB | ${name}`, count);
        }
      }
    }
  }
  return counts;
}

const nothing = (): Count => ({ hours: 0, self: 0, selfWithout: 0, lines: new Map(), laterMs: [] });

function add(counts: Counts, key: string, more: Count): void {
  const count = counts.get(key) ?? nothing();
  counts.set(key, count);
  count.hours += more.hours;
  count.self += more.self;
  count.selfWithout += more.selfWithout;
  count.laterMs.push(...more.laterMs);
  for (const [db, { attempts, noticed }] of more.lines) {
    const line = count.lines.get(db) ?? { attempts: 0, noticed: 0 };
    count.lines.set(db, { attempts: line.attempts + attempts, noticed: line.noticed + noticed });
  }
}

const interruptions = (spans: readonly Span[]): number =>
  spans.filter(({ speechMs }) => speechMs >= INTERRUPTS_MS).length;

function tally(count: Count, lines: readonly Line[], heard: readonly Span[], alone: readonly Span[]): void {
  for (const { atMs, againstDb } of lines) {
    const before = alone.find(({ from }) => from >= atMs && from <= atMs + NOTICED_ALONE_MS);
    if (!before) continue;
    const line = count.lines.get(againstDb) ?? { attempts: 0, noticed: 0 };
    count.lines.set(againstDb, line);
    line.attempts++;
    const found = heard.find(({ from }) => from >= atMs && from <= atMs + NOTICED_MS);
    if (!found) continue;
    line.noticed++;
    count.laterMs.push(found.from - before.from);
  }
}

function tableOf(counts: Counts, rooms: number): Table {
  const against = (db: number): string => `noticed at ${db > 0 ? "+" : ""}${db} dB`;
  return {
    title: `${rooms} rooms, each with an echo after ${DELAYS_MS.join(", ")} ms: how often the assistant would interrupt itself, in an hour of its speech, and how many callers are noticed who speak over it so loud against the echo`,
    head: [
      "coupling",
      "VAD",
      "hours",
      "self-interruptions an hour",
      "without the guard",
      ...AGAINST_ECHO_DB.map(against),
      "later by, p50, ms",
      "p95, ms",
    ],
    rows: [...counts].map(([key, count]) => [
      ...key.split(" | "),
      count.hours.toFixed(1),
      (count.self / count.hours).toFixed(1),
      Math.round(count.selfWithout / count.hours),
      ...AGAINST_ECHO_DB.map((db) => {
        const { attempts = 0, noticed = 0 } = count.lines.get(db) ?? {};
        return attempts === 0 ? "-" : `${((100 * noticed) / attempts).toFixed(1)} % of ${attempts}`;
      }),
      percentile(count.laterMs, 0.5),
      percentile(count.laterMs, 0.95),
    ]),
  };
}
