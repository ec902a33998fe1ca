import type { AudioCodec, Clock } from "@roomkit/core";
import type { AIScript } from "../ai-script.ts";

export interface OpenAIRealtimeStandInOptions {
  /** Answers. `body` is `{ session, items }`: how the session is configured, and what stands in its conversation. */
  readonly script?: AIScript | undefined;
  /** What a stretch of the caller's speech says. Default: what `audioOfText` put into it. */
  readonly transcribe?: ((samples: Int16Array, sampleRate: number) => string) | undefined;
  /**
   * When the caller's words are written down: before the answer, after it, after the words that follow them (`crossed`: each
   * second item comes before the one before it), not at all, or in vain. Default `early`.
   */
  readonly transcription?: "early" | "late" | "crossed" | "never" | "failed" | undefined;
  /** The model's words come after its response is done, all at once; they are promised no order. Default false. */
  readonly lateWords?: boolean | undefined;
  /** Codes the G.711 of a session that speaks it, `mulaw()` or `alaw()`: without it no speech is found in that, and a hum is said. */
  readonly codec?: AudioCodec | undefined;
  /** Wait before each piece of an answer, ms. Default 0. */
  readonly pieceMs?: number | undefined;
  /** Age at which a session expires, ms. Default: never. */
  readonly sessionMs?: number | undefined;
  /** Time for both. Default: the system's. */
  readonly clock?: Clock | undefined;
}
