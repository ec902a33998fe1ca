import type { PlaybackProgress, UtteranceId } from "@roomkit/core";
import type { TurnState } from "../turns/state.ts";

/** A text that is being spoken to the caller, or waits to be. */
export interface SayingRecord {
  /** The utterance under way. */
  readonly utterance: UtteranceId;
  /** What the text is shown and logged as: the first of its utterances. */
  readonly id: UtteranceId;
  /** How often that was shown so far. */
  readonly revision: number;
  /** What was heard of it in earlier utterances, and for how long, ms. */
  readonly before: string;
  readonly beforeMs: number;
  readonly confidence: PlaybackProgress["confidence"];
  /** What the utterance under way says, as far as the voice has it. */
  readonly text: string;
  /** The rest of the text, as far as it is known. */
  readonly more: string;
  /** There is no more of it. */
  readonly over: boolean;
  /** Some of it was given to the client. */
  readonly audible: boolean;
  readonly playedMs: number;
  /** From `playedMs` on: after so many ms so many characters at the end of `text` have not been heard. */
  readonly unheard: readonly (readonly [ms: number, chars: number])[];
  /** The turn that it answers. */
  readonly turnId?: string | undefined;
  readonly voice?: string | undefined;
}

/** A turn of the caller that is being answered. */
export interface TurnRecord {
  readonly number: number;
  readonly id: string;
  readonly text: string;
  readonly speaker?: string | undefined;
}

/** What of a call has to be known to go on with it. Data only, and bounded. */
export interface CallRecord {
  /** Turns numbered so far. */
  readonly turns: number;
  readonly turn?: TurnRecord | undefined;
  /** What the caller has said of a turn that is not over. */
  readonly words: string;
  /** The oldest first. */
  readonly sayings: readonly SayingRecord[];
  /** The process ended as planned: what was cut off by that is in the log, and is gone on with all the same. */
  readonly last: boolean;
}

/** Whether a step of the turn machine is more than that somebody goes on with what they are doing. */
export function changesRecord(before: TurnState, after: TurnState): boolean {
  const { turns, answering, utterance, pieces, waiting, typed } = before;
  const same = turns === after.turns && answering === after.answering && utterance === after.utterance;
  return !same || pieces !== after.pieces || waiting !== after.waiting || typed !== after.typed;
}

/** Characters of one text: the rest of a longer one is asked for again. */
export const MAX_TEXT = 8_192;
/** Texts that wait. */
export const MAX_SAYINGS = 4;
/** How far ahead of what was heard it is told what will have been, ms. */
export const AHEAD_MS = 4_000;
export const STEP_MS = 100;
