import type { AudioFrame } from "../audio/frame.ts";

/** What a turn detector judges. */
export interface TurnContext {
  /** What the speaker said in this turn so far. */
  readonly transcript: string;
  /** The conversation before it, oldest first. */
  readonly history: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
  /** Silence since the speaker's last sound, in ms. */
  readonly silenceMs: number;
  /** How long this speaker has paused inside of turns so far, in ms, newest last; the last 32 at most. */
  readonly pauses?: readonly number[] | undefined;
  /** What the call waits at least and at most after the last sound, in ms: a decision outside of it is brought within. */
  readonly minEndpointMs?: number | undefined;
  readonly maxEndpointMs?: number | undefined;
  /** The audio of the turn, at most its last 8 s, internal format. */
  readonly audio: readonly AudioFrame[];
  readonly language?: string | undefined;
}

export interface TurnDecision {
  readonly complete: boolean;
  /** 0 to 1. */
  readonly confidence: number;
  /** When not complete: how long from now to wait for more before answering all the same, in ms. Default: as long as the call allows. */
  readonly waitMs?: number | undefined;
  /** What it went by, in a word for metrics and people: `question`, `conjunction`, `digits`. No words of the speaker. */
  readonly reason?: string | undefined;
}

/** Judges whether a speaker who paused has finished. */
export interface TurnDetector {
  readonly name: string;
  evaluate(context: TurnContext, options: { readonly signal: AbortSignal }): Promise<TurnDecision>;
  /** Releases models and connections; what is being judged ends with `closed`. Idempotent. Whoever made the detector closes it. */
  close?(): Promise<void>;
}
