import type { VadFactory } from "@roomkit/core";
import type { CallerLab, LabScript } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { sileroVad } from "@roomkit/vad-silero";
import { type Bench, type Comparison, compare, numberOption, type Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { type CallOptions, callOver, type Outcome } from "./call.ts";
import { type JudgeMaterial, people, type Said, synthetic } from "./material.ts";
import { prosodyTable } from "./prosody.ts";
import { Decodes, DecodingStt } from "./recogniser.ts";

/** Longer is no answer to somebody who wants the floor, ms. */
const YIELD_MS = 1_000;
const LEVEL_DB = -24;
const STRATEGIES = ["confirmed", "semantic"] as const;

interface Judged {
  readonly outcome: Outcome;
  readonly other: boolean;
}

interface Kit {
  readonly vads: readonly VadFactory[];
  readonly decodes: Decodes;
  /** Only this one; empty: all. */
  readonly recogniser: string;
  readonly minSpeechMs: number;
  readonly verbose: boolean;
}

const PARTS = ["synthetic", "people", "noises", "prosody"];

/**
 * What counts as an interruption: `judge [synthetic people noises prosody] [--cases 60] [--noises 6] [--vad energy|silero] [--recogniser moonshine|scripted] [--min-speech 300] [--verbose 1]`. Whole calls in virtual time: over an answer
 * somebody says a word of listening, or one that takes the floor, or makes a noise.
 */
export const judge: Bench = async (args) => {
  const cases = numberOption(args, "cases", 60, [1, 60]);
  const noises = numberOption(args, "noises", 6, [1, 100]);
  const minSpeechMs = numberOption(args, "min-speech", 300, [0, 2_000]);
  const silero = sileroVad();
  const decodes = new Decodes();
  try {
    await Promise.all([silero.warmUp(), decodes.warmUp()]);
    const vads = [energyVad(), silero].filter(({ name }) => name.endsWith(args.options.vad ?? ""));
    const { recogniser = "" } = args.options;
    const kit: Kit = { vads, decodes, recogniser, minSpeechMs, verbose: args.options.verbose !== undefined };
    const wanted = (part: string): boolean => args.values.length === 0 || args.values.includes(part);
    const unknown = args.values.find((value) => !PARTS.includes(value));
    if (unknown !== undefined) throw new Error(`there is ${PARTS.join(", ")}, no ${unknown}`);
    const synthesized = await synthetic(cases);
    const recorded = people(cases);
    const tables: Table[] = [];
    const comparisons: Comparison[] = [];
    const spoken = [...(wanted("synthetic") ? [synthesized] : []), ...(recorded && wanted("people") ? [recorded] : [])];
    for (const material of spoken) {
      const { table, compared } = await spokenTable(material, kit);
      tables.push(table);
      comparisons.push(...compared);
    }
    if (wanted("prosody")) tables.push(prosodyTable([synthesized, ...(recorded ? [recorded] : [])]));
    if (wanted("noises")) tables.push(await noiseTable(noises, kit));
    return {
      bench: "judge",
      reference: "a recogniser that knows each word when its middle has sounded",
      comparisons,
      tables,
    };
  } finally {
    await decodes.close();
  }
};

async function spokenTable(material: JudgeMaterial, kit: Kit): Promise<{ table: Table; compared: Comparison[] }> {
  const { voices, backchannels, interruptions } = material;
  const rows: string[][] = [];
  const compared: Comparison[] = [];
  for (const vad of kit.vads) {
    const latency = new Map<string, Record<string, number>>();
    // With one voice and behind one detector is enough, to see what is the rules' and what the recogniser's: it knows the words.
    for (const recogniser of recognisersFor(voices, vad).filter((each) => each.startsWith(kit.recogniser))) {
      for (const strategy of STRATEGIES) {
        const name = `${voices}, ${vad.name.slice(4)}, ${recogniser}, ${strategy}`;
        const run = (all: readonly Said[]): Promise<Judged[]> =>
          each(all, kit, name, { strategy, vad, stt: recognises(recogniser, kit) });
        const listened = await run(backchannels);
        const took = await run(interruptions);
        const ended = ({ outcome }: Judged): boolean => !outcome.finished;
        const paused = listened.flatMap(({ outcome }) => outcome.silenceMs ?? []);
        const missed = ({ outcome: { finished, silentAfterMs = Number.POSITIVE_INFINITY } }: Judged): boolean =>
          finished || silentAfterMs > YIELD_MS;
        const times = took.flatMap(({ outcome }) => (outcome.finished ? [] : (outcome.silentAfterMs ?? [])));
        const [p50, p95] = [0.5, 0.95].map((share) => percentile(times, share));
        rows.push([
          ...[vad.name.slice(4), recogniser, strategy, share(listened, ended)],
          ...[`${paused.length}`, paused.length === 0 ? "-" : `${percentile(paused, 0.5)} / ${Math.max(...paused)}`],
          ...[share(took, missed), `${p50} / ${p95}`],
        ]);
        if (times.length > 0)
          latency.set(`${recogniser} ${strategy}`, {
            "onset to silence p50, ms": p50 as number,
            "p95, ms": p95 as number,
          });
      }
    }
    for (const strategy of STRATEGIES) {
      const [ours, reference] = ["moonshine", "scripted"].map((name) => latency.get(`${name} ${strategy}`));
      if (ours && reference) compared.push(compare(`${voices}, ${vad.name.slice(4)}, ${strategy}`, ours, reference));
    }
  }
  const title = `${backchannels.length} backchannels and ${interruptions.length} interruptions by ${voices}; in brackets the half that nothing was tuned on`;
  const head = ["VAD", "recogniser", "strategy", "answers ended by a backchannel", "paused"];
  const more = ["silence p50 / longest, ms", "interruptions not yielded to in 1 s", "yielded after p50 / p95, ms"];
  return { table: { title, head: [...head, ...more], rows }, compared };
}

const recognisersFor = (voices: string, { name }: VadFactory): readonly ("moonshine" | "scripted")[] =>
  voices === "synthetic voices" && name === "vad-energy" ? ["moonshine", "scripted"] : ["moonshine"];

async function noiseTable(count: number, kit: Kit): Promise<Table> {
  const kinds: Readonly<Record<string, (caller: LabScript, levelDb: number) => void>> = {
    "a knock": (caller, levelDb) => caller.knocks(1, levelDb),
    "three knocks": (caller, levelDb) => caller.knocks(3, levelDb),
    "a cough": (caller, levelDb) => caller.coughs(levelDb),
    "a keyboard for 2 s": (caller, levelDb) => caller.types(2_000, levelDb - 8),
    "a door": (caller, levelDb) => caller.slamsDoor(levelDb),
  };
  const rows: string[][] = [];
  for (const [kind, makes] of Object.entries(kinds)) {
    for (const vad of kit.vads) {
      for (const strategy of STRATEGIES) {
        const outcomes: Outcome[] = [];
        for (let i = 0; i < count; i++) {
          const does = (caller: LabScript): void => makes(caller, -26 + ((i * 5) % 15));
          outcomes.push(await over(i + 1, kit, { strategy, vad, stt: recognises("moonshine", kit) }, does));
        }
        const paused = outcomes.flatMap(({ silenceMs }) => silenceMs ?? []);
        const ended = outcomes.filter(({ finished }) => !finished).length;
        const longest = paused.length === 0 ? "-" : `${Math.max(...paused)}`;
        rows.push([kind, vad.name.slice(4), strategy, `${ended} of ${count}`, `${paused.length}`, longest]);
      }
    }
  }
  const head = ["noise", "VAD", "strategy", "answers ended", "paused", "longest silence, ms"];
  return { title: `noises at -26 to -12 dB, ${count} of each, with moonshine`, head, rows };
}

const share = (all: readonly Judged[], counts: (judged: Judged) => boolean): string => {
  const other = all.filter(({ other }) => other);
  return `${all.filter(counts).length} of ${all.length} (${other.filter(counts).length} of ${other.length})`;
};

const recognises =
  (recogniser: "moonshine" | "scripted", { decodes }: Kit) =>
  (lab: CallerLab): ReturnType<CallOptions["stt"]> =>
    recogniser === "scripted" ? lab.recogniser() : new DecodingStt(lab.clock, decodes);

async function each(
  all: readonly Said[],
  kit: Kit,
  name: string,
  options: Pick<CallOptions, "strategy" | "vad" | "stt">,
): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const [i, said] of all.entries()) {
    const { text, other } = said;
    const outcome = await over(i + 1, kit, options, (caller) => caller.says(said, { levelDb: LEVEL_DB }));
    if (kit.verbose) console.log(`${name}: ${other ? "other" : "tuned"} [${text}] ${JSON.stringify(outcome)}`);
    judged.push({ outcome, other });
  }
  return judged;
}

const over = (
  seed: number,
  { decodes, minSpeechMs }: Kit,
  options: Pick<CallOptions, "strategy" | "vad" | "stt">,
  does: CallOptions["does"],
): Promise<Outcome> => callOver({ ...options, seed, minSpeechMs, idle: () => decodes.idle(), does });
