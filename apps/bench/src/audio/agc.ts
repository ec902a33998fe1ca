import { agc as levelled } from "@roomkit/agc";
import { inFrames, inSequence, mixed, quiet, whiteNoise } from "@roomkit/testing";
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
import { percentile } from "../measure/statistics.ts";
import { activeRms, atLevel, dbfs } from "./material.ts";
import { type Speech, speech } from "./speech.ts";

const RATE = 16_000;
const TARGET_DB = -20;
const CEILING_DB = -1;
const format = { sampleRate: RATE, channels: 1 } as const;

/** Gain control: processor time per 20 ms frame beside a loop that copies it, and what it does to speech. `agc [--frames 2000] [--rounds 5]`. */
export const agc: Bench = async (args) => ({
  bench: "agc",
  reference: "a loop that copies the frame sample by sample",
  comparisons: await costs(args),
  tables: [quality(await speech(RATE))],
});

async function costs(args: BenchArguments): Promise<Comparison[]> {
  const frames = numberOption(args, "frames", 2_000, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const comparisons: Comparison[] = [];
  for (const rate of [8_000, 16_000, 48_000]) {
    const sound = speechLike(rate, 4_000);
    const stage = levelled().open({ sampleRate: rate, channels: 1 });
    const ours = await microsecondsPerCall((i) => stage.process(frameAt(sound, rate, i)), frames, rounds);
    const bare = await microsecondsPerCall((i) => copied(frameAt(sound, rate, i).samples), frames, rounds);
    comparisons.push(compare(`${rate} Hz`, { "µs per 20 ms": ours }, { "µs per 20 ms": bare }));
  }
  return comparisons;
}

function through(samples: Int16Array): Int16Array {
  const stage = levelled({ targetDb: TARGET_DB, ceilingDb: CEILING_DB }).open(format);
  return inSequence(...inFrames(samples, format).map((frame) => stage.process(frame).samples));
}

function copied(samples: Int16Array): Int16Array {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = samples[i] as number;
  return out;
}

/** The noise of a quiet room, in which somebody speaks, dB. */
const ROOM_DB = -72;
const STRETCH = RATE / 10;

function quality(spoken: Speech): Table {
  const rows = [-45, -38, -30, -26, -10].map((db) => {
    const talk = inSequence(
      ...spoken.clips
        .filter(({ samples }) => samples.length > RATE)
        .flatMap(({ samples }) => [atLevel(samples, db), quiet(RATE, 200)]),
    ).subarray(0, 30 * RATE);
    const louder = inSequence(talk, atLevel(talk, Math.min(-6, db + 20)));
    const whole = inSequence(talk, quiet(RATE, 5_000), louder);
    const signal = mixed(whole, whiteNoise(RATE, (whole.length / RATE) * 1000, 32_768 * 10 ** (ROOM_DB / 20), 4));
    const out = through(signal);
    const gains = gainsOf(signal, out);
    const [first, pause] = [talk.length / STRETCH, (5 * RATE) / STRETCH];
    const talking = gains.slice(0, Math.floor(first)).filter(({ active }) => active);
    const final = percentile(
      talking.slice(-Math.ceil(talking.length / 2)).map(({ db: gain }) => gain),
      0.5,
    );
    const settled = talking.findIndex(({ db: gain }) => Math.abs(gain - final) <= 3);
    const inPause = gains.slice(Math.ceil(first) + 2, Math.floor(first + pause) - 1).map(({ db: gain }) => gain);
    const after = out.subarray(2 * talk.length + 5 * RATE);
    return [
      `${db} dB`,
      level(out.subarray(Math.floor(talk.length / 2), talk.length)).toFixed(1),
      ((talking[settled]?.at ?? Number.NaN) / 1000).toFixed(1),
      (Math.max(...inPause) - Math.min(...inPause)).toFixed(2),
      overshoot(after).toFixed(1),
      peakDb(after).toFixed(2),
    ];
  });
  return {
    title: `speech at several levels, brought to ${TARGET_DB} dB, then 5 s of pause, then 20 dB louder, at most -6 dB (${spoken.voice} speech)`,
    head: [
      "speech at",
      "comes out at, dB",
      "within 3 dB after, s",
      "gain moves in the pause by, dB",
      "loudest second after the step, dB above the target",
      "highest sample, dB",
    ],
    rows,
  };
}

const level = (samples: Int16Array): number => 20 * Math.log10(activeRms(samples) / 32_768);
const peakDb = (samples: Int16Array): number =>
  20 * Math.log10(samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 32_768);

/** By how much the loudest second is above the target, dB. */
function overshoot(samples: Int16Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at + RATE <= Math.min(samples.length, 5 * RATE); at += STRETCH)
    most = Math.max(most, level(samples.subarray(at, at + RATE)));
  return most - TARGET_DB;
}

/** The gain of each 100 ms: when, how much, and whether somebody spoke. */
function gainsOf(signal: Int16Array, out: Int16Array): { at: number; db: number; active: boolean }[] {
  return Array.from({ length: Math.floor(out.length / STRETCH) }, (_, i) => {
    const part = (samples: Int16Array): number => dbfs(samples.subarray(i * STRETCH, (i + 1) * STRETCH));
    const came = part(signal);
    return { at: i * 100, db: part(out) - came, active: came > ROOM_DB + 12 };
  });
}
