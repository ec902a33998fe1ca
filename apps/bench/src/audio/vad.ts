import { rms, type Vad, type VadEvent, type VadFactory } from "@roomkit/core";
import { sherpaVad } from "@roomkit/provider-sherpa";
import { inFrames, inSequence, quiet } from "@roomkit/testing";
import { energyVad } from "@roomkit/vad-energy";
import { sileroVad } from "@roomkit/vad-silero";
import { microsecondsPerCall } from "../measure/cpu.ts";
import {
  type Bench,
  type BenchArguments,
  type Comparison,
  compare,
  numberOption,
  type Table,
} from "../measure/report.ts";
import { frameAt, speechLike } from "../measure/signal.ts";
import { bareSherpa, bareSilero, SILERO, WINDOW } from "./bare-vads.ts";
import { atLevel, mixedAt, noise, noiseKinds } from "./material.ts";
import { type Speech, speech } from "./speech.ts";
import { asTruth, cells, type Found, foundIn, type Score, score, type Truth, truthOf } from "./vad-score.ts";

const RATE = 16_000;
const format = { sampleRate: RATE, channels: 1 } as const;
/** Before each clip, ms. */
const PAUSE_MS = 2_500;
/** Of a clip's speech, dB below a square wave of full scale. */
const LEVEL_DB = -26;
/** Signal to noise, dB. */
const RATIOS = [20, 10, 5, 0] as const;

/** What is measured: a detector, and how to wait until it has judged all it was given. */
interface Contender {
  readonly name: string;
  readonly factory: VadFactory;
  readonly settle?: ((vad: Vad) => Promise<void>) | undefined;
}

async function contenders(): Promise<Contender[]> {
  const [silero, sherpa] = [sileroVad(), sherpaVad({ model: SILERO })];
  await Promise.all([silero.warmUp(), sherpa.warmUp()]);
  return [
    { name: "energy", factory: energyVad() },
    { name: "Silero", factory: silero, settle: (vad) => (vad as ReturnType<typeof silero.open>).idle() },
    { name: "sherpa", factory: sherpa },
  ];
}

/**
 * The voice activity detectors: processor time of each per 20 ms frame beside what it is made of, and what each makes of people who speak in
 * noise. `vad [--frames 2000] [--rounds 5] [--clips 25] [--ratios 4] [--only energy]`: clips to listen to, how many of the ratios 20, 10, 5 and 0 dB,
 * one detector only.
 */
export const vad: Bench = async (args) => {
  const spoken = await speech(RATE);
  const clips = numberOption(args, "clips", spoken.clips.length, [1, 1_000]);
  const ratios = RATIOS.slice(0, numberOption(args, "ratios", RATIOS.length, [1, RATIOS.length]));
  const only = args.options.only;
  const all = (await contenders()).filter(({ name }) => only === undefined || name.toLowerCase() === only);
  return {
    bench: "vad",
    reference:
      "energy: the RMS of the frame; Silero, sherpa: the same network by onnxruntime, or by sherpa-onnx, called directly",
    comparisons: only === undefined ? await costs(args) : [],
    tables: [await quality({ ...spoken, clips: spoken.clips.slice(0, clips) }, all, ratios)],
  };
};

async function costs(args: BenchArguments): Promise<Comparison[]> {
  const frames = numberOption(args, "frames", 2_000, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const sound = speechLike(RATE, 4_000);
  const window = Float32Array.from(sound.subarray(RATE, RATE + WINDOW), (x) => x / 32_768);
  const frameRms = (i: number): number => rms(frameAt(sound, RATE, i).samples);
  const [silero, sherpa] = [await bareSilero(), bareSherpa()];
  const perFrame = RATE / 50 / WINDOW;
  const references: Readonly<Record<string, () => Promise<number>>> = {
    energy: () => microsecondsPerCall(frameRms, frames, rounds),
    Silero: async () => perFrame * (await microsecondsPerCall(() => silero(window), frames, rounds)),
    sherpa: async () => perFrame * (await microsecondsPerCall(() => sherpa(window), frames, rounds)),
  };
  const comparisons: Comparison[] = [];
  for (const { name, factory, settle } of await contenders()) {
    const stage = factory.open(format);
    const step = (i: number): unknown => {
      const event = stage.process(frameAt(sound, RATE, i));
      return settle?.(stage) ?? event;
    };
    const ours = await microsecondsPerCall(step, frames, rounds);
    stage.close();
    const bare = (await references[name]?.()) ?? Number.NaN;
    comparisons.push(compare(`${name}, 16,000 Hz`, { "µs per 20 ms": ours }, { "µs per 20 ms": bare }));
  }
  return comparisons;
}

/** All clips at one level, noise or silence before each, and where they are. */
function stream({ clips }: Speech): { readonly clean: Int16Array; readonly truth: Truth } {
  const parts: Int16Array[] = [];
  const pieces: ReturnType<typeof truthOf> = [];
  let length = 0;
  for (const { samples } of clips) {
    const levelled = atLevel(samples, LEVEL_DB);
    // A whole number of pieces, so that each is judged where it stands.
    const whole = levelled.subarray(0, levelled.length - (levelled.length % (RATE / 100)));
    const pause = quiet(RATE, PAUSE_MS);
    pieces.push(...truthOf(whole, RATE, ((length + pause.length) / RATE) * 1000));
    parts.push(pause, whole);
    length += pause.length + whole.length;
  }
  const clean = inSequence(...parts, quiet(RATE, PAUSE_MS));
  return { clean, truth: asTruth(pieces, (clean.length / RATE) * 1000) };
}

async function quality(spoken: Speech, all: readonly Contender[], ratios: readonly number[]): Promise<Table> {
  const { clean, truth } = stream(spoken);
  const lengthMs = (clean.length / RATE) * 1000;
  const rows: string[][] = [];
  const add = async (label: string, samples: Int16Array): Promise<void> => {
    for (const each of all) rows.push([label, each.name, ...cells(await judged(each, samples, truth))]);
  };
  await add("none", clean);
  for (const kind of noiseKinds) {
    const over = noise(kind, spoken, lengthMs, 11);
    for (const ratio of ratios) await add(`${kind}, ${ratio} dB`, mixedAt(clean, over, ratio));
  }
  return {
    title: `${truth.utterances.length} utterances of ${spoken.voice} speech, ${Math.round(lengthMs / 1000)} s, in noise`,
    head: ["noise", "VAD", "missed, %", "false alarm, %", "lost", "onset p50 / p95, ms", "offset p50 / p95, ms"],
    rows,
  };
}

async function judged(contender: Contender, samples: Int16Array, truth: Truth): Promise<Score> {
  return score(truth, await heard(contender, samples));
}

async function heard({ factory, settle }: Contender, samples: Int16Array): Promise<Found[]> {
  const stage = factory.open(format);
  const events: { event: VadEvent; known: number }[] = [];
  for (const frame of inFrames(samples, format)) {
    const event = stage.process(frame);
    if (event) events.push({ event, known: frame.timestamp + 20 });
    await settle?.(stage);
  }
  stage.close();
  return foundIn(events);
}
