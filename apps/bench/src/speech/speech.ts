import type { AudioFrame, SttProvider, TtsProvider } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { moonshineStt } from "@roomkit/provider-moonshine";
import { inFrames, inSequence } from "@roomkit/testing";
import { speech as recordings } from "../audio/speech.ts";
import { childProcesses, processorMs } from "../measure/processes.ts";
import { type Bench, type Comparison, compare, counts, numberOption } from "../measure/report.ts";
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

/**
 * How much faster than it is spoken the local recogniser and the local voice are: `speech [at once...] [--clips 4]`, by default with 1, 2 and 4
 * calls at once. The reference is one call alone, in the same run.
 */
export const speech: Bench = async (args) => {
  const clips = numberOption(args, "clips", 4, [1, 60]);
  const sizes = counts(args, [1, 2, 4], 64);
  const slow = { jobTimeoutMs: PATIENCE_MS };
  const stt = moonshineStt({ ...slow, partialEveryMs: 0 });
  const tts = fliteTts(slow);
  const comparisons: Comparison[] = [];
  try {
    await Promise.all([stt.warmUp?.(), tts.warmUp?.()]);
    const heard = (await recordings(RATE)).clips.filter(({ samples }) => samples.length < 10 * RATE).slice(0, clips);
    const kinds: readonly (readonly [string, readonly (() => Promise<number>)[]])[] = [
      [
        "Moonshine",
        heard.map(
          ({ samples }) =>
            () =>
              recognise(stt, samples),
        ),
      ],
      ["Flite", Array.from({ length: clips }, (_, i) => () => say(tts, TEXTS[i % TEXTS.length] as string))],
    ];
    for (const [name, jobs] of kinds) {
      // The first of all waits for code and pages of the model.
      await measure(jobs.slice(0, 1), 1);
      const alone = await measure(jobs, 1);
      for (const atOnce of sizes) {
        const ours = atOnce === 1 ? alone : await measure(jobs, atOnce);
        comparisons.push(
          compare(`${name}, ${atOnce} at once`, ours, alone, undefined, { more: [TOGETHER], absolute: true }),
        );
      }
    }
  } finally {
    await Promise.all([stt.close?.(), tts.close?.()]);
  }
  return { bench: "speech", reference: "one call alone", comparisons };
};

/** Each job in each of so many calls at once. @param jobs give the length of their audio, ms */
async function measure(jobs: readonly (() => Promise<number>)[], atOnce: number): Promise<Record<string, number>> {
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
        const ms = await (jobs[(i + call) % jobs.length] as () => Promise<number>)();
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
