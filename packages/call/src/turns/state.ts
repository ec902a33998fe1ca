import type { DismissCause, UtteranceId } from "@roomkit/core";

/** When the caller's speech silences the assistant. */
export type InterruptionStrategy =
  /** As soon as the VAD is sure of speech. */
  | "immediate"
  /** When `minSpeechMs` of speech have been heard, or words: a cough or a knock does not interrupt. */
  | "confirmed"
  /**
   * At the first word that is more than a sign of listening or a hesitation ("mhm", "right, okay", "um"); also when so much speech has been heard
   * without a word that it can be no such sign.
   */
  | "semantic"
  /** Never: what is said meanwhile is kept and answered afterwards. */
  | "disabled";

export const interruptionStrategies: readonly InterruptionStrategy[] = [
  "immediate",
  "confirmed",
  "semantic",
  "disabled",
];

export interface TurnRules {
  readonly strategy: InterruptionStrategy;
  /** How much speech must have been heard to interrupt (`confirmed`), in ms. */
  readonly minSpeechMs: number;
  /** How much speech of which no word is known interrupts (`semantic`), in ms. */
  readonly wordlessMs: number;
  /** Whether words interrupt however short they are: "stop". Default: none. */
  readonly isCommand?: ((words: HeardWords) => boolean) | undefined;
  /** Whether words heard while the assistant speaks are its own, by its loudspeaker. Default: never. */
  readonly isEcho?: ((text: string) => boolean) | undefined;
  /** Whether the assistant takes its turn again when what cut it off was nothing. */
  readonly resume: boolean;
  /** Whether words only say that somebody listens, or is about to speak. */
  readonly isBackchannel: (words: HeardWords) => boolean;
  /** Pieces of speech kept while the assistant may not be interrupted (`disabled`). */
  readonly maxHeldPieces: number;
}

/** What the caller is shown, and the name of the state for people. */
export type TurnPhase = "idle" | "listening" | "endpointing" | "thinking" | "speaking" | "interrupted";

/**
 * Who has the floor. Two people talk: the caller (a segment of speech under way, transcripts awaited, pieces of an unfinished
 * turn) and the assistant (a turn being answered, an utterance being played). {@link phaseOf} names the combination.
 */
export interface TurnState {
  /** The segment of speech under way, or undefined while the caller is silent. */
  readonly speaking: number | undefined;
  /** Segments that ended and whose transcript is awaited. */
  readonly awaited: readonly number[];
  /** Transcripts that came before the one of an earlier segment, which they wait for: what was said stays in its order. */
  readonly ahead: readonly SegmentText[];
  /** What the caller said in this turn so far, in the order in which it was said. */
  readonly pieces: readonly string[];
  /** Counts every change of `pieces` and every noise meanwhile; a decision about an older revision is stale. */
  readonly revision: number;
  /** `pieces` is to be judged when the caller is silent. */
  readonly unjudged: boolean;
  /** The turn as the hooks left it and the detector judged it, waiting for its time to be answered. */
  readonly waiting: string | undefined;
  /**
   * A segment that began while the assistant was thinking or speaking, and has not (yet) interrupted it. An `early` one began
   * before anything was audible: it is no reaction to the assistant's speech, so its words count however short it is. `spared`: words of
   * it are known, and none of them wants the floor (`semantic`). `words`: a guess at it that does. `short`: it has
   * ended, with too little speech to interrupt: only a command does.
   */
  readonly overlap:
    | {
        readonly segment: number;
        readonly early: boolean;
        readonly spared?: boolean | undefined;
        readonly words?: string | undefined;
        readonly short?: boolean | undefined;
      }
    | undefined;
  /** Typed while the words said before are not known yet, which belong before it. */
  readonly typed: readonly string[];
  /** Said while interruption is disabled. */
  readonly held: readonly string[];
  /** Turns submitted so far; they are numbered from 1. */
  readonly turns: number;
  /** The turn being answered. */
  readonly answering: number | undefined;
  /** The utterance being played. */
  readonly utterance: UtteranceId | undefined;
  /** How that may be interrupted, where it is otherwise than by the rules of the call. */
  readonly strategy: InterruptionStrategy | undefined;
  /** The caller has just silenced the assistant and has not been answered since. */
  readonly interrupted: boolean;
  /**
   * The assistant was cut off by what may turn out to be nothing: it then goes on, with the turn it was `answering`. `words`: a guess at what cut
   * it off that is more than nothing.
   */
  readonly resumable: { readonly answering: number | undefined; readonly words?: SegmentText | undefined } | undefined;
  /** What it was cut off by are words that only say that somebody listens: they count if there is nothing it could say again. */
  readonly spared: string;
  /** What it was cut off by are its own words. */
  readonly echoed: boolean;
  /** Segments during which somebody has typed, or the application stopped the assistant: that they listen is nothing to be answered any more. */
  readonly aside: readonly number[];
  /** A segment that goes on though nothing is played: from so much speech on, in ms; `proven`: for so long that it is no echo. */
  readonly alone: { readonly segment: number; readonly fromMs: number; readonly proven: boolean } | undefined;
  /** Segments that were waited for long enough: their words count when they come, and hold up nobody. */
  readonly late: readonly number[];
  /** Of those the ones that ended before something was typed: their words do not cut off its answer, and are answered after it. */
  readonly behind: readonly number[];
  /**
   * The words for which an answer was given up that nobody had heard anything of. It cannot be taken up again, so they count even
   * if the recogniser takes them back.
   */
  readonly claim: SegmentText | undefined;
}

/** Words, and what is known of how they were heard. */
export interface HeardWords {
  readonly text: string;
  /** How sure the recogniser is of them, 0 to 1; absent: it does not say. */
  readonly confidence?: number | undefined;
  /** How much speech they are, in ms; absent: nobody has measured. */
  readonly speechMs?: number | undefined;
}

/** What a segment says. */
export interface SegmentText extends HeardWords {
  readonly segment: number;
}

export const initialTurnState: TurnState = {
  speaking: undefined,
  awaited: [],
  ahead: [],
  pieces: [],
  revision: 0,
  unjudged: false,
  waiting: undefined,
  typed: [],
  overlap: undefined,
  held: [],
  turns: 0,
  answering: undefined,
  utterance: undefined,
  strategy: undefined,
  interrupted: false,
  resumable: undefined,
  spared: "",
  echoed: false,
  late: [],
  behind: [],
  claim: undefined,
  aside: [],
  alone: undefined,
};

/** Whether the caller is silent and all they said is known. */
export function callerIsQuiet(state: TurnState): boolean {
  return state.speaking === undefined && state.awaited.length === 0;
}

/** Whether the assistant may begin to speak: not over the caller, nor while it is being decided whether they have finished. */
export function floorIsFree(state: TurnState): boolean {
  return callerIsQuiet(state) && state.pieces.length === 0 && state.typed.length === 0;
}

/** Whether it is being found out if a sound over the assistant's speech interrupts it. */
export function isContested({ overlap, utterance }: TurnState): boolean {
  return utterance !== undefined && overlap !== undefined && !overlap.early && !overlap.spared;
}

/** The name of a state. */
export function phaseOf(state: TurnState): TurnPhase {
  if (state.utterance !== undefined) return "speaking";
  if (state.answering !== undefined) return "thinking";
  if (state.interrupted && (state.speaking !== undefined || state.awaited.length > 0)) return "interrupted";
  if (state.speaking !== undefined) return "listening";
  if (state.awaited.length > 0 || state.pieces.length > 0) return "endpointing";
  return "idle";
}

/** What the caller is shown of it. */
export function shownPhase(state: TurnState): "listening" | "thinking" | "speaking" {
  const phase = phaseOf(state);
  if (phase === "speaking") return "speaking";
  const judging = phase === "endpointing" && state.waiting === undefined;
  return phase === "thinking" || judging ? "thinking" : "listening";
}

/** What happens. */
export type TurnInput =
  /** Speech is certain; `elapsedMs` of it have been heard so far. */
  | { readonly type: "speech-start"; readonly segment: number; readonly elapsedMs: number }
  /** It goes on: so much was heard of it in all. Silence that a detector waits out is no speech; words are proof enough (infinite). */
  | { readonly type: "speech-progress"; readonly segment: number; readonly speechMs: number }
  | { readonly type: "speech-end"; readonly segment: number }
  /** A guess at what the segment says. */
  | ({ readonly type: "partial" } & SegmentText)
  /** All the segment says; empty for noise and failed recognition. */
  | ({ readonly type: "transcript" } & SegmentText)
  /** Hooks and turn detector on revision `revision` of the turn; `text` is what the hooks left of it. */
  | TurnJudgement
  /** A hook blocked the turn. */
  | { readonly type: "turn-blocked"; readonly revision: number }
  | { readonly type: "timer"; readonly timer: TurnTimer }
  | {
      readonly type: "utterance-start";
      readonly utterance: UtteranceId;
      readonly strategy?: InterruptionStrategy | undefined;
    }
  /** It has been played or cut off; `answers` is the turn it was the whole answer to. */
  | { readonly type: "utterance-end"; readonly utterance: UtteranceId; readonly answers?: number | undefined }
  /** Everything the turn caused is through. */
  | { readonly type: "turn-done"; readonly turn: number }
  /** The caller typed instead of speaking. */
  | { readonly type: "text"; readonly text: string }
  /** Nothing was left unsaid: the words that were to be ignored are all that anybody said. */
  | { readonly type: "unresumed"; readonly text: string }
  /** Somebody pressed stop. */
  | { readonly type: "interrupt"; readonly reason: string };

export interface TurnJudgement {
  readonly type: "decision";
  readonly revision: number;
  readonly text: string;
  /** How long to wait for more before it is answered, in ms; 0: it is answered at once. */
  readonly waitMs: number;
  /** As in the `judge` effect it answers. */
  readonly typed: boolean;
}

export type TurnTimer =
  /** More of the turn was waited for. */
  | "endpoint"
  /** The words said before what was typed were waited for. */
  | "typed"
  /** It was waited for what cut the assistant off. */
  | "verdict";

/** What is to be done about it, in this order. */
export type TurnEffect =
  /** Silence the listener now, then stop the voice; the model too, unless what it has not said may be said yet (`hold`). Always the first effect. */
  | { readonly type: "silence"; readonly reason: string; readonly hold: boolean }
  /** Sound over the assistant's speech did not count. */
  | { readonly type: "dismiss"; readonly cause: DismissCause }
  /** The recogniser gets no more audio of this segment: it shall say what it has. */
  | { readonly type: "finish-segment"; readonly segment: number }
  /** The segment does not count: drop its recogniser. */
  | { readonly type: "drop-segment"; readonly segment: number }
  | { readonly type: "start-timer"; readonly timer: TurnTimer; readonly ms: number }
  | { readonly type: "stop-timer"; readonly timer: TurnTimer }
  /**
   * Run the hooks on the turn so far and judge whether it is complete; answer with `decision` or `turn-blocked`. A `typed`
   * turn is complete by itself: hooks only.
   */
  | { readonly type: "judge"; readonly revision: number; readonly text: string; readonly typed: boolean }
  /** Nothing was said after all: what was left unsaid when the assistant was cut off is said now. If nothing was: `unresumed` with `words`. */
  | { readonly type: "resume"; readonly words: string; readonly cause: DismissCause }
  /** The turn is complete: say it into the room. */
  | { readonly type: "submit"; readonly turn: number; readonly text: string };

export interface TurnStep {
  readonly state: TurnState;
  readonly effects: readonly TurnEffect[];
}
