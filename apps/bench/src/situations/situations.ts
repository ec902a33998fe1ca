import { loadavg } from "node:os";
import { type Bench, type BenchArguments, compare, numberOption, type Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { Caller } from "./caller.ts";
import { startDemo } from "./demo.ts";
import type { Lines } from "./line.ts";
import { pageLines } from "./page-lines.ts";
import { situations as all, type Figures, type Situation } from "./script.ts";
import { Mouth, type Voice, voices } from "./voices.ts";
import { wsLines } from "./ws-lines.ts";

const ways = ["ws", "webrtc"] as const;
type Way = (typeof ways)[number];

/** What the caller should not have to wait longer for, ms: half of the answers, and half of the interruptions. */
const GOALS = { answered: 350, silent: 300 };

interface Outcome extends Figures {
  readonly situation: string;
  readonly over: Way;
  readonly voice: Voice;
  readonly complaints: readonly string[];
  readonly load: number;
}

/**
 * Everyday situations of a call in real time against the demo: `situations [names] [--over ws] [--voice slt] [--times 1] [--told yes]`.
 * The server is a process of its own as `npm start` runs it, the caller mixes their microphone sample by sample, echo included.
 */
export const situations: Bench = async (args) => {
  const chosen = args.values.length === 0 ? all : args.values.map((name) => named(all, name));
  const over = list(args, "over", ways, "ws");
  const spoken = list(args, "voice", voices, "slt");
  const times = numberOption(args, "times", 1, [1, 100]);
  const told = args.options.told === "yes";
  const demo = await startDemo();
  const mouth = new Mouth();
  const outcomes: Outcome[] = [];
  try {
    for (const way of over) {
      const lines = way === "ws" ? wsLines(demo.url) : await pageLines(demo.url);
      try {
        for (const voice of spoken)
          for (const situation of chosen)
            for (let time = 0; time < times; time++)
              outcomes.push(await play(situation, { over: way, lines, mouth, voice, told }));
      } finally {
        await lines.close();
      }
    }
  } finally {
    await mouth.close();
    await demo.stop();
  }
  return {
    bench: "situations",
    reference: "the goal",
    comparisons: over.map((way) => judged(way, outcomes)),
    tables: [outcomesOf(outcomes)],
  };
};

interface Call {
  readonly over: Way;
  readonly lines: Lines;
  readonly mouth: Mouth;
  readonly voice: Voice;
  /** What the server told is printed, too. */
  readonly told: boolean;
}

async function play(situation: Situation, { over, lines, mouth, voice, told }: Call): Promise<Outcome> {
  const line = await lines.call(situation.echo);
  const caller = new Caller(line, mouth, voice);
  try {
    const figures = await situation.play(caller);
    const outcome = {
      situation: situation.name,
      over,
      voice,
      complaints: caller.complaints,
      load: loadavg()[0] ?? 0,
      ...figures,
    };
    console.error(rowOf(outcome).join("  "));
    if (told)
      console.error(line.told.map(({ atMs, message }) => `${Math.round(atMs)} ${JSON.stringify(message)}`).join("\n"));
    return outcome;
  } finally {
    await line.close();
  }
}

function judged(way: Way, outcomes: readonly Outcome[]) {
  const mine = outcomes.filter(({ over }) => over === way);
  const of = (name: keyof typeof GOALS, share: number): number =>
    percentile(
      mine.flatMap((outcome) => (outcome[name] === undefined ? [] : [outcome[name]])),
      share,
    );
  const ours = {
    "end of words to answer p50, ms": of("answered", 0.5),
    "end of words to answer p90, ms": of("answered", 0.9),
    "onset to silence p50, ms": of("silent", 0.5),
    "onset to silence p90, ms": of("silent", 0.9),
  };
  const measured = Object.fromEntries(Object.entries(ours).filter(([, value]) => !Number.isNaN(value)));
  const goals = Object.fromEntries(
    Object.keys(measured).map((name) => [name, name.startsWith("end") ? GOALS.answered : GOALS.silent]),
  );
  const fine = mine.filter(({ complaints }) => complaints.length === 0).length;
  return compare(way, measured, goals, `${fine} of ${mine.length} as a polite listener would`);
}

function outcomesOf(outcomes: readonly Outcome[]): Table {
  return {
    title: "each situation, ms",
    head: ["situation", "over", "voice", "answered", "silent", "longest halt", "load", "verdict"],
    rows: outcomes.map(rowOf),
  };
}

function rowOf({ situation, over, voice, answered, silent, paused, load, complaints }: Outcome): (string | number)[] {
  const figure = (value: number | undefined): string | number => (value === undefined ? "-" : Math.round(value));
  const verdict = complaints.length === 0 ? "ok" : complaints.join("; ").replaceAll("|", "/");
  return [situation, over, voice, figure(answered), figure(silent), figure(paused), load.toFixed(1), verdict];
}

function named(situations: readonly Situation[], name: string): Situation {
  const found = situations.find((situation) => situation.name === name);
  if (found) return found;
  throw new Error(`there is no situation ${name}; there are: ${situations.map((each) => each.name).join(", ")}`);
}

/** `--name a,b`. @throws Error for what is none of the choices. */
function list<T extends string>({ options }: BenchArguments, name: string, choices: readonly T[], fallback: T): T[] {
  return (options[name] ?? fallback).split(",").map((word) => {
    const found = choices.find((choice) => choice === word);
    if (found !== undefined) return found;
    throw new Error(`--${name} must be of ${choices.join(", ")}, not ${word}`);
  });
}
