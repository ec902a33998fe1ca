import type { AudioFrame } from "../audio/frame.ts";
import type { FallbackListening } from "./fallback.ts";

/** When a word was spoken, in ms since the start of the stream it belongs to. */
export interface WordTiming {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What an STT provider can do; data, so that channels choose instead of trying. */
export interface SttCapabilities {
  /** Yields partials while audio still flows. */
  readonly streaming: boolean;
  /** Yields `turn-start` and `turn-end` itself (a turn-taking recogniser). */
  readonly turnDetection: boolean;
  /** Its parts carry word timings. */
  readonly wordTimings: boolean;
  /** BCP 47 tags it understands; absent: the vendor's list is open. */
  readonly languages?: readonly string[] | undefined;
  /** The rate in Hz it wants its frames in; absent: any rate from 8,000 to 48,000. */
  readonly sampleRate?: number | undefined;
}

export interface SttOptions extends FallbackListening {
  /** Ends the stream at once: what was recognised and not yielded is lost. */
  readonly signal: AbortSignal;
  /** BCP 47 tag, e.g. `en-US`; absent: the provider's default. */
  readonly language?: string | undefined;
  /** Words to expect (names, terms); providers without the feature ignore it. */
  readonly keywords?: readonly string[] | undefined;
}

/** One thing an STT stream says. */
export type TranscriptPart =
  /** A guess at what was said since the last `final`; replaces the guess before it. */
  | {
      readonly type: "partial";
      readonly text: string;
      readonly confidence?: number | undefined;
      readonly words?: readonly WordTiming[] | undefined;
    }
  /** A settled piece; the turn's text is all finals, joined by a space where their script has spaces. */
  | {
      readonly type: "final";
      readonly text: string;
      readonly confidence?: number | undefined;
      readonly language?: string | undefined;
      readonly words?: readonly WordTiming[] | undefined;
    }
  /** The recogniser heard a turn begin (only with `capabilities.turnDetection`). */
  | { readonly type: "turn-start" }
  /** The recogniser is sure (or, `eager`, fairly sure) that the turn ended. */
  | { readonly type: "turn-end"; readonly eager: boolean; readonly confidence?: number | undefined }
  /** After an eager `turn-end`: the speaker went on after all. */
  | { readonly type: "turn-resumed" };

/** Speech to text. One `transcribe` call is one stream of one session; nothing is shared between calls but the model. */
export interface SttProvider {
  readonly name: string;
  readonly capabilities: SttCapabilities;
  /**
   * Transcribes until `audio` ends (then yields what is left and ends) or `signal` aborts (then throws `aborted`).
   * All frames have one format.
   */
  transcribe(audio: AsyncIterable<AudioFrame>, options: SttOptions): AsyncIterable<TranscriptPart>;
  /**
   * Whether one more call would have to wait for it. What computes on this machine says so; transports then refuse newcomers
   * (`node_full`), so that the calls that are there keep their answers. Absent: never.
   */
  overloaded?(): boolean;
  /** Loads models or opens connections ahead of the first call; optional to call, safe to call twice. */
  warmUp?(signal?: AbortSignal): Promise<void>;
  /**
   * Releases models and connections. What runs or is being prepared ends with `closed`, and so does every later call. Idempotent:
   * again, or twice at once, it resolves when all is released. Whoever made the provider closes it; who was given it does not.
   */
  close?(): Promise<void>;
}
