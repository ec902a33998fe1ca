import { existsSync, readFileSync } from "node:fs";
import { createResampler } from "@roomkit/pipeline";
import { fliteTts } from "@roomkit/provider-flite";
import { inSequence, samplesOfWav } from "@roomkit/testing";

/** Somebody says something. */
interface Clip {
  readonly name: string;
  readonly text: string;
  readonly samples: Int16Array;
}

export interface Speech {
  /** `human` where Debian's recordings are installed, otherwise the synthetic voice of `@roomkit/provider-flite`. */
  readonly voice: "human" | "flite";
  readonly sampleRate: number;
  readonly clips: readonly Clip[];
}

const SPHINX = "/usr/share/pocketsphinx/test/data";
const AUSTEN = "librivox/sense_and_sensibility_01_austen_64kb";

/** What is said in alsa-utils' recordings, and their names. */
export const loudspeakers: readonly string[] = [
  "Front Center",
  "Front Left",
  "Front Right",
  "Rear Center",
  "Rear Left",
  "Rear Right",
  "Side Left",
  "Side Right",
];

/** Public-domain recordings of people, of Debian's pocketsphinx-testdata, codec2-examples and alsa-utils: file, what is said, rate of a raw file in Hz. */
const recordings: readonly (readonly [file: string, text: string, rawRate?: number])[] = [
  [`${SPHINX}/cards/001.wav`, "ten of clubs"],
  [`${SPHINX}/cards/002.wav`, "four queen of clubs"],
  [`${SPHINX}/cards/003.wav`, "seven of clubs"],
  [`${SPHINX}/cards/004.wav`, "five five"],
  [`${SPHINX}/cards/005.wav`, "eight of spades four of clubs seven of hearts"],
  [
    `${SPHINX}/${AUSTEN}-0870.wav`,
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
  ],
  [`${SPHINX}/${AUSTEN}-0880.wav`, "he was not an ill disposed young man"],
  [`${SPHINX}/${AUSTEN}-0890.wav`, "unless to be rather cold hearted and rather selfish is to be ill disposed"],
  [
    `${SPHINX}/${AUSTEN}-0920.wav`,
    "had he married a more amiable woman he might have been made still more respectable than he was",
  ],
  [`${SPHINX}/${AUSTEN}-0930.wav`, "he might even have been made amiable himself"],
  [`${SPHINX}/goforward.raw`, "go forward ten meters", 16_000],
  [`${SPHINX}/something.raw`, "go somewhere and do something", 16_000],
  [`${SPHINX}/tidigits/dhd.2934z.raw`, "two nine three four zero", 16_000],
  [
    "/usr/share/codec2/raw/speech_orig_16k.wav",
    "the birch canoe slid on the smooth planks glue the sheet to the dark blue background it's easy to tell the depth of a well four hours of steady work faced us",
  ],
  [
    "/usr/share/codec2/raw/hts1.raw",
    "the navy attacked the big task force the hat brim was wide and too droopy",
    8_000,
  ],
  [
    "/usr/share/codec2/raw/hts2.raw",
    "these days a chicken leg is a rare dish the juice of lemons makes fine punch",
    8_000,
  ],
  ["/usr/share/codec2/raw/mmt1.raw", "it's easy to tell the depth of a well", 8_000],
  ...loudspeakers.map((text) => [`/usr/share/sounds/alsa/${text.replace(" ", "_")}.wav`, text.toLowerCase()] as const),
];

/** Spoken by the synthetic voices where no recordings are. */
const sentences = recordings.slice(4, 17).map(([, text]) => text);

/**
 * Speech for measurements, each clip with what is said in it, in this rate in Hz. People read it where the recordings are installed
 * (`apt-get install pocketsphinx-testdata codec2-examples alsa-utils`; any of them will do), otherwise synthetic voices.
 */
export async function speech(sampleRate: number, files: typeof recordings = recordings): Promise<Speech> {
  const clips = files.filter(([file]) => existsSync(file)).map((recording) => recorded(recording, sampleRate));
  if (clips.length > 0) return { voice: "human", sampleRate, clips };
  return { voice: "flite", sampleRate, clips: await synthetic(sampleRate) };
}

function recorded([file, text, rawRate]: (typeof recordings)[number], sampleRate: number): Clip {
  return { name: file.slice(file.lastIndexOf("/") + 1), text, samples: recordingAt(sampleRate, file, rawRate) };
}

/** What a WAV file, or one of bare samples at `rawRate` in Hz, holds; of two channels the first. */
export function recordingAt(sampleRate: number, file: string, rawRate?: number): Int16Array {
  const bytes = readFileSync(file);
  if (rawRate !== undefined) {
    const raw = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
    return resampled(raw, rawRate, sampleRate);
  }
  const { samples, format } = samplesOfWav(bytes);
  const mono = format.channels === 1 ? samples : samples.filter((_, i) => i % 2 === 0);
  return resampled(mono, format.sampleRate, sampleRate);
}

async function synthetic(sampleRate: number): Promise<Clip[]> {
  const tts = fliteTts({ jobTimeoutMs: 60_000 });
  try {
    const clips: Clip[] = [];
    for (const [i, text] of sentences.entries()) {
      const voice = ["slt", "rms", "awb"][i % 3] as string;
      const parts: Int16Array[] = [];
      const words = (async function* () {
        yield text;
      })();
      for await (const part of tts.synthesize(words, { voice, signal: AbortSignal.timeout(60_000) })) {
        if (part.type === "audio") parts.push(resampled(part.frame.samples, part.frame.sampleRate, sampleRate));
      }
      clips.push({ name: `${voice} ${i}`, text, samples: inSequence(...parts) });
    }
    return clips;
  } finally {
    await tts.close?.();
  }
}

/** A whole signal at another rate. */
export function resampled(samples: Int16Array, from: number, to: number): Int16Array {
  const resampler = createResampler(from, to);
  return inSequence(resampler.process(samples), resampler.flush());
}
