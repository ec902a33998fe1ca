import { rms, type VadEvent } from "@roomkit/core";
import { percentile } from "../measure/statistics.ts";

/** Length of a judged piece, ms. */
const PIECE_MS = 10;
/** A piece of a clean recording is speech when it is at most so far below the loudest one of it, dB. */
const SPEECH_DB = 30;
/** Speech with less than this between is one utterance, ms. */
const BRIDGE_MS = 1_000;

/** A stretch of time, ms. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is really said in a stream, by its clean recordings. */
export interface Truth {
  /** Of each piece of 10 ms: whether it is speech. */
  readonly speech: readonly boolean[];
  /** From the first to the last piece of speech, with pauses of up to a second in it. */
  readonly utterances: readonly Stretch[];
}

/** A stretch that a detector took for speech, and when it said so, in ms of the stream. */
export interface Found extends Stretch {
  readonly startKnown: number;
  /** Infinity: it had not ended when the stream did. */
  readonly endKnown: number;
}

export interface Score {
  /** Share of the pieces of speech that no stretch found covers, 0 to 1. */
  readonly missed: number;
  /** Share of the pieces outside of utterances that one does, 0 to 1. */
  readonly falseAlarms: number;
  /** Utterances in which nothing was found at all, and how many there are. */
  readonly lost: number;
  readonly utterances: number;
  /** From the beginning of an utterance until it was known, ms; of those that nothing known before reaches into. */
  readonly onsets: readonly number[];
  /** From the end of an utterance until that was known, ms; of those whose end was known before the next began. */
  readonly offsets: readonly number[];
}

/** Where the speech is in a clean recording that stands at `beginMs` of a stream. */
export function truthOf(clean: Int16Array, sampleRate: number, beginMs: number): Stretch[] {
  const size = (sampleRate * PIECE_MS) / 1000;
  const levels = Array.from({ length: Math.floor(clean.length / size) }, (_, i) =>
    rms(clean.subarray(i * size, (i + 1) * size)),
  );
  const least = Math.max(1, levels.reduce((a, b) => Math.max(a, b), 0) / 10 ** (SPEECH_DB / 20));
  return levels.flatMap((level, i) => {
    const from = beginMs + i * PIECE_MS;
    return level >= least ? [{ from, to: from + PIECE_MS }] : [];
  });
}

/** All pieces of speech of a stream of that length, oldest first. */
export function asTruth(pieces: readonly Stretch[], lengthMs: number): Truth {
  const speech = new Array<boolean>(Math.floor(lengthMs / PIECE_MS)).fill(false);
  const utterances: { from: number; to: number }[] = [];
  for (const { from, to } of pieces) {
    speech[Math.floor(from / PIECE_MS)] = true;
    const last = utterances.at(-1);
    if (last && from - last.to < BRIDGE_MS) last.to = to;
    else utterances.push({ from, to });
  }
  return { speech, utterances };
}

/** Pairs what a detector said, each event with when it said it. */
export function foundIn(events: readonly { readonly event: VadEvent; readonly known: number }[]): Found[] {
  const found: Found[] = [];
  for (const { event, known } of events) {
    if (event.type === "speech-start") {
      const from = event.timestamp;
      found.push({ from, to: Number.POSITIVE_INFINITY, startKnown: known, endKnown: Number.POSITIVE_INFINITY });
    } else {
      const open = found.pop();
      if (open) found.push({ ...open, to: event.timestamp, endKnown: known });
    }
  }
  return found;
}

export function score({ speech, utterances }: Truth, found: readonly Found[]): Score {
  const covered = (at: number): boolean => found.some(({ from, to }) => from < at + PIECE_MS && at < to);
  const counts = { missed: 0, said: 0, wrong: 0, quiet: 0 };
  speech.forEach((is, i) => {
    const at = i * PIECE_MS;
    if (is) {
      counts.said++;
      if (!covered(at)) counts.missed++;
    } else if (!utterances.some(({ from, to }) => from <= at && at < to)) {
      counts.quiet++;
      if (covered(at)) counts.wrong++;
    }
  });
  const onsets: number[] = [];
  const offsets: number[] = [];
  let lost = 0;
  utterances.forEach(({ from, to }, i) => {
    const inIt = found.filter((each) => each.from < to && from < each.to);
    const [first, last] = [inIt[0], inIt.at(-1)];
    if (!first || !last) {
      lost++;
      return;
    }
    if (first.startKnown > from) onsets.push(first.startKnown - from);
    if (last.endKnown < (utterances[i + 1]?.from ?? Number.POSITIVE_INFINITY)) offsets.push(last.endKnown - to);
  });
  return {
    missed: counts.missed / Math.max(1, counts.said),
    falseAlarms: counts.wrong / Math.max(1, counts.quiet),
    lost,
    utterances: utterances.length,
    onsets,
    offsets,
  };
}

/** A row's cells: what was missed and falsely found in percent, lost utterances, and the median and 95th percentile of both delays in ms. */
export function cells({ missed, falseAlarms, lost, utterances, onsets, offsets }: Score): string[] {
  const both = (delays: readonly number[]): string =>
    delays.length < utterances / 2
      ? "-"
      : `${Math.round(percentile(delays, 0.5))} / ${Math.round(percentile(delays, 0.95))}`;
  return [(100 * missed).toFixed(1), (100 * falseAlarms).toFixed(1), String(lost), both(onsets), both(offsets)];
}
