import type { AudioFrame } from "../audio/frame.ts";

/** What a turn detector judges. */
export interface TurnContext {
  /** What the speaker said in this turn so far. */
  readonly transcript: string;
  /** The conversation before it, oldest first. */
  readonly history: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
  /** Silence since the speaker stopped, in ms. */
  readonly silenceMs: number;
  /** The audio of the turn, at most its last 8 s, internal format. */
  readonly audio: readonly AudioFrame[];
  readonly language?: string | undefined;
}

export interface TurnDecision {
  readonly complete: boolean;
  /** 0 to 1. */
  readonly confidence: number;
  /** When not complete: how long to wait for more before answering all the same, in ms. */
  readonly waitMs?: number | undefined;
}

/** Judges whether a speaker who paused has finished. */
export interface TurnDetector {
  readonly name: string;
  evaluate(context: TurnContext, options: { readonly signal: AbortSignal }): Promise<TurnDecision>;
  /** Releases models and connections; what is being judged ends with `closed`. Idempotent. Whoever made the detector closes it. */
  close?(): Promise<void>;
}
