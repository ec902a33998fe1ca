import { existsSync } from "node:fs";
import { fliteTts } from "@roomkit/provider-flite";
import { inSequence, quiet, type Sound } from "@roomkit/testing";
import { recordingAt } from "../audio/speech.ts";
import { type Cut, folders, humanBackchannels, humanInterruptions, type Words } from "./people.ts";
import { backchannels, interruptions } from "./phrases.ts";

const RATE = 16_000;
const VOICES = ["slt", "rms", "awb", "kal16"] as const;

/** Somebody says something; `other`: it is of the half that nothing was tuned on. */
export interface Said extends Pick<Sound, "samples" | "sampleRate" | "text"> {
  readonly other: boolean;
}

export interface JudgeMaterial {
  readonly voices: string;
  readonly backchannels: readonly Said[];
  readonly interruptions: readonly Said[];
}

/** Flite's voices: each backchannel by two of them, each interruption by one; at most `count` of each. */
export async function synthetic(count: number): Promise<JudgeMaterial> {
  const tts = fliteTts({ jobTimeoutMs: 60_000 });
  const say = async (text: string, voice: string, other: boolean): Promise<Said> => {
    const parts: Int16Array[] = [];
    async function* words(): AsyncGenerator<string> {
      yield text;
    }
    for await (const part of tts.synthesize(words(), { voice, signal: AbortSignal.timeout(60_000) }))
      if (part.type === "audio") parts.push(part.frame.samples);
    return { samples: inSequence(...parts), sampleRate: RATE, text, other };
  };
  const voice = (i: number): string => VOICES[i % VOICES.length] as string;
  try {
    const listens = backchannels.flatMap((text, i) => [
      [text, voice(i >> 1), i % 2 === 1] as const,
      [text, voice((i >> 1) + 2), i % 2 === 1] as const,
    ]);
    const takes = interruptions.map((text, i) => [text, voice(i >> 1), i % 2 === 1] as const);
    return {
      voices: "synthetic voices",
      backchannels: await Promise.all(listens.slice(0, count).map((each) => say(...each))),
      interruptions: await Promise.all(takes.slice(0, count).map((each) => say(...each))),
    };
  } finally {
    await tts.close?.();
  }
}

/** People, as far as recordings of them are on the machine; undefined without any. */
export function people(count: number): JudgeMaterial | undefined {
  const present = (all: readonly Words[]): Said[] =>
    all
      .map((words, i) => ({ words, other: i % 2 === 1 }))
      .filter(({ words }) => words.cuts.every(isThere))
      .slice(0, count)
      .map(joined);
  const listens = present(humanBackchannels);
  const takes = present(humanInterruptions);
  return listens.length > 0 && takes.length > 0
    ? { voices: "people", backchannels: listens, interruptions: takes }
    : undefined;
}

/** Between two words that were not said one after the other, ms. */
const GAP_MS = 60;

function joined({ words: { text, cuts }, other }: { words: Words; other: boolean }): Said {
  const parts = cuts.flatMap((cut, i) => (i === 0 ? [samplesOf(cut)] : [quiet(RATE, GAP_MS), samplesOf(cut)]));
  return { samples: inSequence(...parts), sampleRate: RATE, text, other };
}

function samplesOf(cut: Cut): Int16Array {
  const [, from = 0, to] = cut;
  const { file, rawRate } = placeOf(cut);
  const whole = recordingAt(RATE, file, file.endsWith(".raw") ? rawRate : undefined);
  const part = whole.slice((from * RATE) / 1_000, to === undefined ? undefined : (to * RATE) / 1_000);
  return from === 0 && to === undefined ? part : faded(part);
}

/** Without the click of a cut. */
function faded(samples: Int16Array): Int16Array {
  const ramp = RATE / 200;
  return samples.map((x, i) => Math.round(x * Math.min(1, i / ramp, (samples.length - i) / ramp)));
}

const isThere = (cut: Cut): boolean => existsSync(placeOf(cut).file);

function placeOf([name]: Cut): { file: string; rawRate: number | undefined } {
  const end = name.indexOf(":") + 1;
  const [folder, rawRate] = folders[name.slice(0, end)] ?? [""];
  return { file: `${folder}${name.slice(end)}`, rawRate };
}
