import { rms, type TurnDetector } from "@roomkit/core";
import { heuristicTurns } from "@roomkit/turn-heuristic";
import { type SmartTurns, smartTurns } from "@roomkit/turn-smart";
import { cpuMeter, microsecondsPerCall } from "../measure/cpu.ts";
import { type Bench, type Comparison, compare, numberOption, type Table } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";
import { ASKED_AFTER_MS, type Moment, type Moments, people, synthetic } from "./material.ts";
import { turnModel } from "./model.ts";
import { rulesTable } from "./rules.ts";
import { type Score, scoreOf } from "./score.ts";

/** When a moment would be answered, ms after the last sound. */
type Policy = (moment: Moment) => Promise<number>;

interface Contender {
  readonly name: string;
  readonly answeredAt: Policy;
}

const REFERENCE = "a VAD alone, 500 ms";

/** Turn detectors: how often a pause inside a turn is taken for its end, and how long a finished turn waits for its answer. */
export const turns: Bench = async (args) => {
  const cases = numberOption(args, "cases", 60, [1, 60]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const path = turnModel();
  const [words, heuristic] = [heuristicTurns({ prosody: false }), heuristicTurns()];
  const model = path === undefined ? undefined : patient(path);
  const both = path === undefined ? undefined : patient(path, heuristic);
  try {
    const all: Contender[] = [300, 500, 800].map((ms) => ({
      name: `a VAD alone, ${ms} ms`,
      answeredAt: async () => ms,
    }));
    all.push(
      { name: "heuristic, words only", answeredAt: asking(words) },
      { name: "heuristic", answeredAt: asking(heuristic) },
    );
    if (model) all.push({ name: "smart alone", answeredAt: asking(model) });
    if (both) all.push({ name: "smart and heuristic", answeredAt: asking(both) });
    const synthesized = await synthetic(cases);
    const recorded = await people(cases);
    const tables: Table[] = [];
    const scores = new Map<string, Score>();
    const materials = [synthesized, ...(recorded ? [recorded] : [])];
    for (const material of materials) {
      const rows: (string | number)[][] = [];
      for (const { name, answeredAt } of all) {
        const score = await judged(material, answeredAt);
        if (material === synthesized) scores.set(name, score);
        const [p50, p90] = [0.5, 0.9].map((share) => percentile(score.waits, share));
        rows.push([name, `${score.falseCuts} of ${score.pauses}`, `${p50} / ${p90}`]);
      }
      const ends = material.moments.filter(({ pauseMs }) => pauseMs === undefined).length;
      const missing = model ? "" : "; without the end-of-turn model, which is not on this machine";
      tables.push({
        title: `${material.moments.length - ends} pauses and ${ends} finished turns by ${material.voices}${missing}`,
        head: ["decided by", "false cuts", "added wait p50 / p90, ms"],
        rows,
      });
    }
    if (model) tables.push(await rulesTable(materials, heuristic, model));
    const waitOf = (name: string): Record<string, number> => {
      const { waits } = scores.get(name) as Score;
      return { "added wait p50, ms": percentile(waits, 0.5), "added wait p90, ms": percentile(waits, 0.9) };
    };
    return {
      bench: "turns",
      reference: `${REFERENCE}; for the costs: the level of the same 8 s`,
      comparisons: [
        ...all.slice(3).map(({ name }) => compare(name, waitOf(name), waitOf(REFERENCE))),
        ...(await costs(synthesized, heuristic, model, rounds)),
      ],
      tables,
    };
  } finally {
    await Promise.all([model?.close(), both?.close()]);
  }
};

/** The model with all the time it wants: how long it takes is told beside what it decides. */
function patient(model: string, otherwise?: TurnDetector): SmartTurns {
  return smartTurns({ model, otherwise, timeoutMs: 5_000 });
}

const asking =
  (detector: TurnDetector): Policy =>
  async ({ context }) => {
    const { complete, waitMs = Number.POSITIVE_INFINITY } = await detector.evaluate(context, {
      signal: AbortSignal.timeout(60_000),
    });
    return ASKED_AFTER_MS + (complete ? 0 : waitMs);
  };

async function judged({ moments }: Moments, answeredAt: Policy): Promise<Score> {
  const answered = [];
  for (const moment of moments) answered.push({ pauseMs: moment.pauseMs, answeredAt: await answeredAt(moment) });
  return scoreOf(answered);
}

async function costs(
  { moments }: Moments,
  heuristic: TurnDetector,
  model: SmartTurns | undefined,
  rounds: number,
): Promise<Comparison[]> {
  const { signal } = new AbortController();
  const at = (i: number): Moment["context"] => (moments[i % moments.length] as Moment).context;
  const level = (i: number): number => at(i).audio.reduce((sum, { samples }) => sum + rms(samples), 0);
  const reference = await microsecondsPerCall(level, 10 * moments.length, rounds);
  const ours = await microsecondsPerCall((i) => heuristic.evaluate(at(i), { signal }), 10 * moments.length, rounds);
  const all = [compare("heuristic, the event loop", { "µs per judgement": ours }, { "µs per judgement": reference })];
  if (!model) return all;
  await model.warmUp();
  const times: number[] = [];
  const meter = cpuMeter();
  const calls = Math.min(40, moments.length);
  for (let i = 0; i < calls; i++) {
    const begin = performance.now();
    await model.evaluate(at(i), { signal });
    times.push(performance.now() - begin);
  }
  const loop = { "µs per judgement": (1_000 * meter.cpuMs()) / calls };
  return [
    ...all,
    compare(
      "smart, the event loop",
      loop,
      { "µs per judgement": reference },
      `answers after ${Math.round(percentile(times, 0.5))} ms, p90 ${Math.round(percentile(times, 0.9))}`,
    ),
  ];
}
