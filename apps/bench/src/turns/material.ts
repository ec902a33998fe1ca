import type { TurnContext } from "@roomkit/core";
import { fliteTts } from "@roomkit/provider-flite";
import { inFrames, inSequence, quiet, seededRandom } from "@roomkit/testing";
import { speech } from "../audio/speech.ts";
import { finishedPeople, pausedPeople, type Stretch } from "./people.ts";
import { finished, paused, type Sentence } from "./sentences.ts";

const RATE = 16_000;
const format = { sampleRate: RATE, channels: 1 } as const;
/** Silence after which a detector is asked, as a VAD in front of it needs it. */
export const ASKED_AFTER_MS = 200;
const VOICES = ["slt", "rms", "awb", "kal16"];
/** So many moments of one caller follow each other: pauses and ends in turn. */
const OF_A_CALLER = 20;

/** A moment at which somebody has fallen silent. */
export interface Moment {
  readonly context: TurnContext;
  /** They go on after so long, ms; undefined: they have finished. */
  readonly pauseMs: number | undefined;
}

interface Said {
  readonly samples: Int16Array;
  readonly text: string;
  readonly asked?: string | undefined;
}

export interface Moments {
  readonly voices: string;
  readonly moments: readonly Moment[];
}

/** Sentences by Flite's voices, cut where a word ends: at most `count` pauses and as many ends. */
export async function synthetic(count: number): Promise<Moments> {
  const tts = fliteTts({ jobTimeoutMs: 60_000 });
  try {
    const speak = async ({ text, asked }: Sentence, i: number): Promise<Said> => {
      const [before = "", after] = text.split(" | ");
      const whole = after === undefined ? before : `${before} ${after}`;
      const parts: Int16Array[] = [];
      let wordEnds: number[] = [];
      const words = (async function* () {
        yield whole;
      })();
      const call = { voice: VOICES[i % VOICES.length] as string, signal: AbortSignal.timeout(60_000) };
      for await (const part of tts.synthesize(words, call)) {
        if (part.type === "audio") parts.push(part.frame.samples);
        else if (part.type === "words") wordEnds = [...wordEnds, ...part.words.map(({ endMs }) => endMs)];
      }
      const samples = inSequence(...parts);
      const endMs = after === undefined ? undefined : wordEnds[before.split(" ").length - 1];
      return { samples: endMs === undefined ? spoken(samples) : samples.slice(0, endMs * 16), text: before, asked };
    };
    const pauses = await Promise.all(paused.slice(0, count).map(speak));
    const ends = await Promise.all(finished.slice(0, count).map(speak));
    return { voices: "Flite's voices", moments: moments(pauses, ends, 7) };
  } finally {
    await tts.close?.();
  }
}

/** The same by people, of whom recordings are on the machine; undefined without any. */
export async function people(count: number): Promise<Moments | undefined> {
  const { voice, clips } = await speech(RATE);
  if (voice !== "human") return undefined;
  const cut = ({ file, from = 0, to, text }: Stretch): Said[] =>
    clips
      .filter(({ name }) => name === file)
      .map(({ samples }) => ({
        samples: spoken(samples.slice(from * 16, to === undefined ? undefined : to * 16)),
        text,
      }));
  return {
    voices: "people",
    moments: moments(pausedPeople.slice(0, count).flatMap(cut), finishedPeople.slice(0, count).flatMap(cut), 11),
  };
}

/** Without the silence after it: from the last 10 ms on that are at most 30 dB below the loudest. */
function spoken(samples: Int16Array): Int16Array {
  const step = RATE / 100;
  const power = (at: number): number => samples.subarray(at, at + step).reduce((sum, x) => sum + x * x, 0);
  let loudest = 0;
  for (let at = 0; at + step <= samples.length; at += step) loudest = Math.max(loudest, power(at));
  let end = samples.length - (samples.length % step);
  while (end > step && power(end - step) < loudest / 1_000) end -= step;
  return samples.slice(0, end);
}

/** Callers who pause briefly and others who take their time, 0.4 to 1.6 s; each is known by the pauses made so far. */
function moments(pauses: readonly Said[], ends: readonly Said[], seed: number): Moment[] {
  const random = seededRandom(seed);
  const all: Moment[] = [];
  let made: number[] = [];
  const add = ({ samples, text, asked }: Said, pauseMs: number | undefined): void => {
    if (all.length % OF_A_CALLER === 0) made = [];
    const history = asked === undefined ? [] : [{ role: "assistant" as const, text: asked }];
    const audio = inFrames(inSequence(samples, quiet(RATE, ASKED_AFTER_MS)).slice(-8 * RATE), format);
    all.push({
      context: { transcript: text, history, silenceMs: ASKED_AFTER_MS, audio, language: "en", pauses: made },
      pauseMs,
    });
    if (pauseMs !== undefined) made = [...made, pauseMs];
  };
  for (let i = 0; i < Math.max(pauses.length, ends.length); i++) {
    const slow = Math.floor(all.length / OF_A_CALLER) % 2 === 1;
    const [pause, end] = [pauses[i], ends[i]];
    if (pause) add(pause, Math.round(slow ? 800 + 800 * random() : 400 + 600 * random()));
    if (end) add(end, undefined);
  }
  return all;
}
