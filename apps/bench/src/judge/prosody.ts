import type { Table } from "../measure/report.ts";
import type { JudgeMaterial, Said } from "./material.ts";

const RATE = 16_000;
const HOP = RATE / 50;
/** Below the loudest 20 ms by more, nothing is said, dB. */
const AUDIBLE_DB = 25;
/** Audio more alike than this a period later has a pitch. */
const VOICED = 0.75;
/** Words no longer than this are the doubtful ones, ms. */
const SHORT_MS = 600;
/** Where the spectrum is looked at, Hz. */
const BANDS = Array.from({ length: 14 }, (_, k) => 200 * 1.24 ** k);

/** How words were said; pitch in semitones. */
type Prosody = Readonly<Record<(typeof FEATURES)[number], number>>;
const FEATURES = [
  "length",
  "voiced share",
  "pitch slope",
  "pitch range",
  "pitch at the end",
  "spectral spread",
] as const;

/**
 * How well each feature of how words were said tells backchannels from interruptions: the area under the curve, 0.5 by chance, 1 always; and the same
 * of short ones alone.
 */
export function prosodyTable(materials: readonly JudgeMaterial[]): Table {
  const heads = materials.flatMap(({ voices }) => [voices, `up to ${SHORT_MS} ms`]);
  const judged = materials.map(({ backchannels, interruptions }) => [
    backchannels.map(prosodyOf),
    interruptions.map(prosodyOf),
  ]);
  const rows = FEATURES.map((feature) => [
    feature,
    ...judged.flatMap((kinds) =>
      [Number.POSITIVE_INFINITY, SHORT_MS].map((most) => {
        const [listens = [], takes = []] = kinds.map((all) =>
          all.filter(({ length }) => length <= most).map((each) => each[feature]),
        );
        return apart(listens, takes);
      }),
    ),
  ]);
  return {
    title: "backchannels told from interruptions by how they are said, area under the curve",
    head: ["feature", ...heads],
    rows,
  };
}

function apart(some: readonly number[], others: readonly number[]): string {
  if (some.length === 0 || others.length === 0) return "-";
  let below = 0;
  for (const x of some) for (const y of others) below += x < y ? 1 : x === y ? 0.5 : 0;
  const area = below / (some.length * others.length);
  return Math.max(area, 1 - area).toFixed(2);
}

function prosodyOf({ samples }: Said): Prosody {
  const hops = Array.from({ length: Math.floor(samples.length / HOP) }, (_, i) => i * HOP);
  const levels = hops.map((at) => 10 * Math.log10(1 + power(samples, at)));
  const least = Math.max(...levels) - AUDIBLE_DB;
  const audible = hops.filter((_, i) => (levels[i] as number) > least);
  const pitches = audible.flatMap((at) => {
    const pitch = pitchAt(samples, at);
    return pitch === undefined ? [] : [{ at: at / RATE, pitch }];
  });
  const sorted = pitches.map(({ pitch }) => pitch).sort((a, b) => a - b);
  const share = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? 0;
  const [time, mean] = [meanOf(pitches.map(({ at }) => at)), meanOf(sorted)];
  const along = pitches.reduce((sum, { at, pitch }) => sum + (at - time) * (pitch - mean), 0);
  const spectra = audible.map((at) => spectrum(samples, at));
  const center = BANDS.map((_, k) => meanOf(spectra.map((each) => each[k] as number)));
  const distances = spectra.map((each) => meanOf(each.map((x, k) => (x - (center[k] as number)) ** 2)));
  return {
    length: ((audible.at(-1) ?? 0) - (audible[0] ?? 0) + HOP) / (RATE / 1000),
    "voiced share": pitches.length / Math.max(1, audible.length),
    "pitch slope": along / pitches.reduce((sum, { at }) => sum + (at - time) ** 2, 1e-9),
    "pitch range": share(0.9) - share(0.1),
    "pitch at the end": meanOf(pitches.slice(-Math.ceil(pitches.length / 3)).map(({ pitch }) => pitch)) - mean,
    "spectral spread": Math.sqrt(meanOf(distances)),
  };
}

const meanOf = (all: readonly number[]): number => all.reduce((sum, x) => sum + x, 0) / Math.max(1, all.length);

function power(samples: Int16Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + HOP; i++) sum += (samples[i] as number) ** 2;
  return sum / HOP;
}

/** In semitones above 100 Hz; undefined where nothing is voiced. */
function pitchAt(samples: Int16Array, at: number): number | undefined {
  let [most, period] = [0, 0];
  for (let lag = 45; lag <= 230; lag++) {
    let [both, first, second] = [0, 0, 1];
    for (let i = at; i < at + 480 && i + lag < samples.length; i += 2) {
      const [x, y] = [samples[i] as number, samples[i + lag] as number];
      both += x * y;
      first += x * x;
      second += y * y;
    }
    const alike = both / Math.sqrt(first * second + 1);
    // A multiple of a period is as alike as the period itself.
    if (alike > most + 0.02) [most, period] = [alike, lag];
  }
  return most > VOICED ? 12 * Math.log2(RATE / period / 100) : undefined;
}

/** Its levels in each band, without how loud it is. */
function spectrum(samples: Int16Array, at: number): number[] {
  const levels = BANDS.map((hz) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < HOP; i++) {
      const x = (samples[at + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / HOP));
      re += x * Math.cos((2 * Math.PI * hz * i) / RATE);
      im += x * Math.sin((2 * Math.PI * hz * i) / RATE);
    }
    return Math.log(re * re + im * im + 100);
  });
  const mean = meanOf(levels);
  return levels.map((x) => x - mean);
}
