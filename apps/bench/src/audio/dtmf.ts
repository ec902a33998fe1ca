import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import { dtmf as detector, dtmfTones } from "@roomkit/dtmf";
import { inFrames, inSequence, quiet, seededRandom, throughOpus } from "@roomkit/testing";
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
import { atLevel, inOne, mixedAt, noise } from "./material.ts";
import { resampled, type Speech, speech } from "./speech.ts";

const KEYS = "123A456B789C*0#D";
const HZ = [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633];
const LINE = 8_000;
const PIPELINE = 16_000;

/**
 * Touch tones: processor time per 20 ms frame beside eight bare Goertzel filters, how many presses are heard through noise and codecs, and how
 * many are heard in speech that holds none. `dtmf [--frames 2000] [--rounds 5] [--presses 320] [--minutes 60]`: presses in each
 * row, minutes of speech.
 */
export const dtmf: Bench = async (args) => {
  const presses = numberOption(args, "presses", 320, [16, 100_000]);
  const minutes = numberOption(args, "minutes", 60, [0.1, 6_000]);
  const comparisons = await costs(args);
  const spoken = await speech(PIPELINE);
  const tables = [await detection(spoken, presses), talkOff(spoken, minutes)];
  return { bench: "dtmf", reference: "eight Goertzel filters over the same frame, nothing else", comparisons, tables };
};

async function costs(args: BenchArguments): Promise<Comparison[]> {
  const frames = numberOption(args, "frames", 2_000, [10, 1_000_000]);
  const rounds = numberOption(args, "rounds", 5, [1, 100]);
  const comparisons: Comparison[] = [];
  for (const rate of [8_000, 16_000, 48_000]) {
    for (const [name, sound] of [
      ["speech", speechLike(rate, 4_000)],
      ["tones", dtmfTones(KEYS, { sampleRate: rate }).samples],
    ] as const) {
      const stage = detector().open({ sampleRate: rate, channels: 1 });
      const ours = await microsecondsPerCall((i) => stage.process(frameAt(sound, rate, i)), frames, rounds);
      const bare = await microsecondsPerCall((i) => goertzel(frameAt(sound, rate, i).samples, rate), frames, rounds);
      comparisons.push(compare(`${rate} Hz, ${name}`, { "µs per 20 ms": ours }, { "µs per 20 ms": bare }));
    }
  }
  return comparisons;
}

/** The power of each tone in a frame, as textbooks have it. */
function goertzel(samples: Int16Array, rate: number): number[] {
  return HZ.map((hz) => {
    const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
    let [a, b] = [0, 0];
    for (let i = 0; i < samples.length; i++) {
      const next = (samples[i] as number) + c * a - b;
      b = a;
      a = next;
    }
    return a * a + b * b - c * a * b;
  });
}

/** The digits that are heard. */
function hear(samples: Int16Array, rate: number): string {
  const format = { sampleRate: rate, channels: 1 } as const;
  const stage = detector().open(format);
  return inFrames(samples, format)
    .flatMap((frame) => stage.process(frame)?.digit ?? [])
    .join("");
}

type Line = (samples: Int16Array, seed: number) => Promise<{ readonly samples: Int16Array; readonly rate: number }>;

/** What becomes of 48,000 Hz audio on its way to the detector. */
function lines(spoken: Speech): Readonly<Record<string, Line>> {
  const at = async (samples: Int16Array, rate: number) => ({ samples: resampled(samples, 48_000, rate), rate });
  const noisy = (snrDb: number, kind: "white" | "babble") => async (samples: Int16Array, seed: number) => {
    const { samples: clean, rate } = await at(samples, PIPELINE);
    return { samples: mixedAt(clean, noise(kind, spoken, 20_000, seed), snrDb), rate };
  };
  const opusLine = (lossPercent: number) => async (samples: Int16Array, seed: number) => {
    const line = {
      codec: opus({ bitrate: 24_000 }),
      sampleRate: PIPELINE,
      lossPercent,
      random: seededRandom(seed),
    } as const;
    return { samples: await throughOpus(samples, line), rate: PIPELINE };
  };
  return {
    "16,000 Hz": (samples) => at(samples, PIPELINE),
    "white noise, 15 dB": noisy(15, "white"),
    "white noise, 5 dB": noisy(5, "white"),
    "babble, 15 dB": noisy(15, "babble"),
    "babble, 5 dB": noisy(5, "babble"),
    "mu-law, 8,000 Hz": async (samples) => {
      const codec = mulaw();
      const { samples: line } = await at(samples, LINE);
      return { samples: codec.decode(codec.encode(line)), rate: LINE };
    },
    "Opus 24 kb/s": opusLine(0),
    "Opus 24 kb/s, 5 % lost": opusLine(5),
  };
}

/** Presses that were heard, of all; and digits that nobody pressed. */
async function detection(spoken: Speech, presses: number): Promise<Table> {
  const lengths = [40, 60, 100];
  const rounds = Math.ceil(presses / KEYS.length);
  const rows: string[][] = [];
  for (const [name, line] of Object.entries(lines(spoken))) {
    const cells: string[] = [];
    for (const toneMs of lengths) {
      let [right, wrong] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const levelDb = [-8, -15, -22, -30][round % 4] as number;
        const twistDb = [-6, 0, 2, 4][(round >> 2) % 4] as number;
        const tones = dtmfTones(KEYS, { sampleRate: 48_000, toneMs, pauseMs: 80, levelDb, twistDb }).samples;
        const { samples, rate } = await line(
          inSequence(quiet(48_000, 100 + round), tones, quiet(48_000, 100)),
          round + 1,
        );
        const heard = hear(samples, rate);
        const common = inBoth(heard, KEYS);
        right += common;
        wrong += heard.length - common;
      }
      cells.push(`${((100 * right) / (rounds * KEYS.length)).toFixed(1)} %${wrong > 0 ? ` (${wrong} wrong)` : ""}`);
    }
    rows.push([name, ...cells]);
  }
  return {
    title: `presses heard, of ${rounds * KEYS.length} each: all keys at -8 to -30 dB, high tone -6 to +4 dB`,
    head: ["line", ...lengths.map((ms) => `${ms} ms`)],
    rows,
  };
}

/** Digits of `heard` that are in `pressed` in the same order, each key once. */
function inBoth(heard: string, pressed: string): number {
  let [from, count] = [0, 0];
  for (const digit of heard) {
    const at = pressed.indexOf(digit, from);
    if (at < 0) continue;
    from = at + 1;
    count++;
  }
  return count;
}

/** Digits heard in an hour of speech. There is less than that to be had: it is played faster and slower, up to 15 %. */
function talkOff(spoken: Speech, minutes: number): Table {
  const all = inOne(spoken, 100);
  const rows: string[][] = [];
  for (const levelDb of [-12, -20, -30]) {
    for (const [name, samples] of [
      ["one person", atLevel(all, levelDb)],
      ["six people at once", atLevel(noise("babble", spoken, (all.length / PIPELINE) * 1000, 3), levelDb)],
    ] as const) {
      let [digits, ms] = [0, 0];
      for (let n = 0; ms < minutes * 60_000; n++) {
        const speed = 1 + 0.15 * Math.sin(n * 2.399);
        const rate = Math.round(PIPELINE * speed);
        digits += hear(samples, rate).length;
        ms += (samples.length / rate) * 1000;
      }
      rows.push([name, `${levelDb} dB`, ((digits * 3_600_000) / ms).toFixed(1)]);
    }
  }
  return {
    title: `digits heard in an hour of ${spoken.voice} speech that holds none`,
    head: ["who", "level", "digits in an hour"],
    rows,
  };
}
