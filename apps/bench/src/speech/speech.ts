import { availableParallelism } from "node:os";
import type { AudioFrame, SttProvider, TtsProvider } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { inFrames, inSequence } from "@roomkit/testing";
import { speech as recordings } from "../audio/speech.ts";
import { childProcesses, processorMs } from "../measure/processes.ts";
import { type Bench, type Comparison, compare, compareRuns, counts, numberOption } from "../measure/report.ts";
import { percentile } from "../measure/statistics.ts";

const RATE = 16_000;
const PATIENCE_MS = 120_000;
const TOGETHER = "seconds of audio in a second, all together";

const TEXTS = [
  "There is a lot to be said of that, and I will tell you all of it from the very beginning.",
  "Your table for four is booked for half past seven on Friday, under the name of Miller.",
  "The oldest part of the house was built for a merchant who had sailed around the world.",
  "I am sorry, there is nothing free before the twelfth, but I can put you on the list.",
];

/** So often are one worker and several measured, in turn: what else runs on the machine meets both. */
const TURNS = 3;

type Job = () => Promise<number>;

/** One of the local engines, with so many workers of its own. */
interface Engine {
  /** Give the length of their audio, ms. */
  readonly jobs: readonly Job[];
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/**
 * How much faster than it is spoken the local recogniser and the local voice are: `speech [at once...] [--clips 4] [--workers N]`, by default with
 * 1, 2 and 4 calls at once; the reference is one call alone, in the same run. Then what so many workers (default: one for each core) get
 * done beside one, with two calls for each.
 */
export const speech: Bench = async (args) => {
  const clips = numberOption(args, "clips", 4, [1, 60]);
  const workers = numberOption(args, "workers", availableParallelism(), [1, 64]);
  const sizes = counts(args, [1, 2, 4], 64);
  const heard = (await recordings(RATE)).clips.filter(({ samples }) => samples.length < 10 * RATE).slice(0, clips);
  const comparisons: Comparison[] = [];
  for (const [name, open] of [
    ["Moonshine", (size?: number) => moonshine(heard, size)],
    ["Flite", (size?: number) => flite(clips, size)],
  ] as const) {
    await using({ engine: open() }, async ({ engine: { jobs } }) => {
      const alone = await measure(jobs, 1);
      for (const atOnce of sizes) {
        const ours = atOnce === 1 ? alone : await measure(jobs, atOnce);
        comparisons.push(
          compare(`${name}, ${atOnce} at once`, ours, alone, undefined, { more: [TOGETHER], absolute: true }),
        );
      }
    });
    if (workers === 1) continue;
    await using({ many: open(workers), one: open(1) }, async ({ many, one }) => {
      const runs: { readonly ours: Record<string, number>; readonly reference: Record<string, number> }[] = [];
      for (let i = 0; i < TURNS; i++) {
        const reference = await measure(one.jobs, 2 * workers);
        runs.push({ ours: await measure(many.jobs, 2 * workers), reference });
      }
      comparisons.push(
        compareRuns(
          `${name}, ${workers} workers beside one`,
          runs.map(({ ours }) => ours),
          runs.map(({ reference }) => reference),
          undefined,
          { more: [TOGETHER] },
        ),
      );
    });
  }
  return { bench: "speech", reference: "one call alone; of several workers, one worker", comparisons };
};

function moonshine(heard: readonly { readonly samples: Int16Array }[], workers?: number): Engine {
  const stt = moonshineStt({ workers, jobTimeoutMs: PATIENCE_MS, partialEveryMs: 0 });
  const jobs = heard.map(
    ({ samples }): Job =>
      () =>
        recognise(stt, samples),
  );
  return { jobs, warmUp: async () => stt.warmUp?.(), close: async () => stt.close?.() };
}

function flite(clips: number, workers?: number): Engine {
  const tts = fliteTts({ workers, jobTimeoutMs: PATIENCE_MS });
  const jobs = Array.from(
    { length: clips },
    (_, i): Job =>
      () =>
        say(tts, TEXTS[i % TEXTS.length] as string),
  );
  return { jobs, warmUp: async () => tts.warmUp?.(), close: async () => tts.close?.() };
}

/** Has engines work that are warm, and closes them. */
async function using<E extends Record<string, Engine>>(engines: E, work: (engines: E) => Promise<void>): Promise<void> {
  try {
    for (const { jobs, warmUp } of Object.values(engines)) {
      await warmUp();
      // The first of all waits for code and pages of the model; as many at once as there may be workers, so that each has been there.
      await measure(jobs.slice(0, 1), availableParallelism());
    }
    await work(engines);
  } finally {
    await Promise.all(Object.values(engines).map((engine) => engine.close()));
  }
}

/** Each job in each of so many calls at once. @param jobs give the length of their audio, ms */
async function measure(jobs: readonly Job[], atOnce: number): Promise<Record<string, number>> {
  const workers = childProcesses() ?? [];
  const cpu = (): number =>
    process.cpuUsage().user / 1000 + workers.reduce((sum, worker) => sum + processorMs(worker), 0);
  const factors: number[] = [];
  const [begun, cpuBefore] = [performance.now(), cpu()];
  let audioMs = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async (_, call) => {
      for (let i = 0; i < jobs.length; i++) {
        const from = performance.now();
        const ms = await (jobs[(i + call) % jobs.length] as Job)();
        factors.push((performance.now() - from) / ms);
        audioMs += ms;
      }
    }),
  );
  const wallMs = performance.now() - begun;
  return {
    "real-time factor of a call, p50": percentile(factors, 0.5),
    "real-time factor of a call, the worst": Math.max(...factors),
    [TOGETHER]: audioMs / wallMs,
    "CPU per second of audio, ms": ((cpu() - cpuBefore) / audioMs) * 1000,
  };
}

async function recognise(stt: SttProvider, samples: Int16Array): Promise<number> {
  // As a VAD hands it over.
  const frames = inFrames(inSequence(samples, new Int16Array(RATE / 2)), { sampleRate: RATE, channels: 1 });
  async function* audio(): AsyncGenerator<AudioFrame> {
    yield* frames;
  }
  let finals = 0;
  for await (const part of stt.transcribe(audio(), { signal: AbortSignal.timeout(PATIENCE_MS) }))
    if (part.type === "final") finals++;
  if (finals === 0) throw new Error("the recogniser heard nothing");
  return (samples.length / RATE) * 1000;
}

async function say(tts: TtsProvider, text: string): Promise<number> {
  async function* words(): AsyncGenerator<string> {
    yield text;
  }
  let ms = 0;
  for await (const part of tts.synthesize(words(), { signal: AbortSignal.timeout(PATIENCE_MS) }))
    if (part.type === "audio") ms += (part.frame.samples.length / part.frame.sampleRate) * 1000;
  return ms;
}
