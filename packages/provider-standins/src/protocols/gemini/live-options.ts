import type { Clock } from "@roomkit/core";
import type { AIScript } from "../ai-script.ts";

export interface GeminiLiveStandInOptions {
  /** Answers. `body` is `{ setup, contents }`: how the session was set up, and what was said in it. */
  readonly script?: AIScript | undefined;
  /** What a stretch of the caller's speech says. Default: what `audioOfText` put into it. */
  readonly transcribe?: ((samples: Int16Array, sampleRate: number) => string) | undefined;
  /** Wait before each piece of an answer, ms. Default 0. */
  readonly pieceMs?: number | undefined;
  /** Age at which a connection is told to go, ms. Default: never. */
  readonly goAwayMs?: number | undefined;
  /** What it is then left, ms; it is closed with 1011 after that. Default 2,000. */
  readonly goAwayLeftMs?: number | undefined;
  /** Models there are. Default: any. */
  readonly models?: readonly string[] | undefined;
  /** When the caller's words are written down: before the answer, or after it. Default `early`. */
  readonly transcription?: "early" | "late" | undefined;
  /** The model's words come after its turn is complete (or interrupted), all at once; they are promised no order. Default false. */
  readonly lateWords?: boolean | undefined;
  /**
   * Reckons with playback in real time: a turn is complete when its audio has been played, can be interrupted until then, and of
   * one that was no more is remembered than had been played. Default false: it is complete when it has been made.
   */
  readonly playsBack?: boolean | undefined;
  /** Says when the caller's speech begins and ends. Default false. */
  readonly tellsActivity?: boolean | undefined;
  /** Speech is heard, and never answered. Default false. */
  readonly ignoresSpeech?: boolean | undefined;
  /** Whether handles are given out. Default true. */
  readonly resumption?: boolean | undefined;
  /** Time for all of this. Default: the system's. */
  readonly clock?: Clock | undefined;
}
