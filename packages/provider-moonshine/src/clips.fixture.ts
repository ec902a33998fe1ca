import { existsSync, readFileSync } from "node:fs";
import type { AudioFrame } from "@roomkit/core";
import { inFrames, inSequence, quiet, samplesOfWav } from "@roomkit/testing";

/** A recording of a human voice and what is said in it. */
export interface Clip {
  readonly file: string;
  readonly text: string;
  /** Rate of a file without a header, in Hz. */
  readonly rawRate?: number | undefined;
}

const SPHINX = "/usr/share/pocketsphinx/test/data";
const CODEC2 = "/usr/share/codec2";
const ALSA = "/usr/share/sounds/alsa";
const AUSTEN = `${SPHINX}/librivox/sense_and_sensibility_01_austen_64kb`;

/** Clips that Debian packages bring: pocketsphinx-testdata, codec2-examples, alsa-utils. Harvard sentences in codec2. */
export const CLIPS: readonly Clip[] = [
  { file: `${SPHINX}/cards/001.wav`, text: "ten of clubs" },
  { file: `${SPHINX}/cards/002.wav`, text: "four queen of clubs" },
  { file: `${SPHINX}/cards/003.wav`, text: "seven of clubs" },
  { file: `${SPHINX}/cards/004.wav`, text: "five five" },
  { file: `${SPHINX}/cards/005.wav`, text: "eight of spades four of clubs seven of hearts" },
  {
    file: `${AUSTEN}-0870.wav`,
    text: "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
  },
  { file: `${AUSTEN}-0880.wav`, text: "he was not an ill disposed young man" },
  { file: `${AUSTEN}-0890.wav`, text: "unless to be rather cold hearted and rather selfish is to be ill disposed" },
  {
    file: `${AUSTEN}-0920.wav`,
    text: "had he married a more amiable woman he might have been made still more respectable than he was",
  },
  { file: `${AUSTEN}-0930.wav`, text: "he might even have been made amiable himself" },
  { file: `${SPHINX}/goforward.raw`, text: "go forward ten meters", rawRate: 16_000 },
  { file: `${SPHINX}/something.raw`, text: "go somewhere and do something", rawRate: 16_000 },
  { file: `${SPHINX}/tidigits/dhd.2934z.raw`, text: "two nine three four zero", rawRate: 16_000 },
  {
    file: `${CODEC2}/raw/speech_orig_16k.wav`,
    text: "the birch canoe slid on the smooth planks glue the sheet to the dark blue background it's easy to tell the depth of a well four hours of steady work faced us",
  },
  {
    file: `${CODEC2}/raw/hts1.raw`,
    text: "the navy attacked the big task force the hat brim was wide and too droopy",
    rawRate: 8_000,
  },
  {
    file: `${CODEC2}/raw/hts2.raw`,
    text: "these days a chicken leg is a rare dish the juice of lemons makes fine punch",
    rawRate: 8_000,
  },
  { file: `${CODEC2}/raw/mmt1.raw`, text: "it's easy to tell the depth of a well", rawRate: 8_000 },
  ...[
    "Front Center",
    "Front Left",
    "Front Right",
    "Rear Center",
    "Rear Left",
    "Rear Right",
    "Side Left",
    "Side Right",
  ].map((name) => ({ file: `${ALSA}/${name.replace(" ", "_")}.wav`, text: name })),
];

/** Those that are on this machine. */
export const presentClips = (): readonly Clip[] => CLIPS.filter(({ file }) => existsSync(file));

/** The samples of a clip at 16 kHz. */
export function samplesOf({ file, rawRate }: Clip): Int16Array {
  const bytes = readFileSync(file);
  if (rawRate === undefined) {
    const { samples, format } = samplesOfWav(bytes);
    return at16k(samples, format.sampleRate);
  }
  const samples = Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
  return at16k(samples, rawRate);
}

/** Changes the rate by an interpolation with a windowed sinc, 64 samples of the lower rate wide. */
function at16k(samples: Int16Array, from: number): Int16Array {
  if (from === 16_000) return samples;
  const step = from / 16_000;
  const width = 32 * Math.max(1, step);
  const cutoff = Math.min(1, 1 / step);
  return Int16Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    const centre = i * step;
    let sum = 0;
    for (let k = Math.ceil(centre - width); k <= centre + width; k++) {
      const t = (k - centre) * cutoff;
      const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
      sum += (samples[k] ?? 0) * sinc * cutoff * (0.5 + 0.5 * Math.cos((Math.PI * (k - centre)) / width));
    }
    return Math.max(-32_768, Math.min(32_767, sum));
  });
}

/** Audio as a caller sends it: frames of 20 ms with silence around the speech. */
export function framesOf(
  samples: Int16Array,
  quietMs: { before?: number | undefined; after?: number | undefined } = {},
): AudioFrame[] {
  const { before = 200, after = 400 } = quietMs;
  const whole = inSequence(quiet(16_000, before), samples, quiet(16_000, after));
  return inFrames(whole, { sampleRate: 16_000, channels: 1 });
}

export async function* stream(frames: readonly AudioFrame[]): AsyncGenerator<AudioFrame> {
  yield* frames;
}
