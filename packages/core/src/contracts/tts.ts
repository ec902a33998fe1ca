import type { AudioFrame } from "../audio/frame.ts";
import type { FallbackListening } from "./fallback.ts";
import type { WordTiming } from "./stt.ts";

export interface TtsCapabilities {
  /** Starts speaking before its text input has ended. */
  readonly streamingInput: boolean;
  /** Yields `words` parts. */
  readonly wordTimings: boolean;
  /** The rate in Hz its frames come in. */
  readonly sampleRate: number;
  /** Voices by name; absent: the vendor's list is open. */
  readonly voices?: readonly string[] | undefined;
}

export interface TtsOptions extends FallbackListening {
  /** Stops synthesis at once and closes what serves it. */
  readonly signal: AbortSignal;
  /** A voice of the provider; absent: its default. */
  readonly voice?: string | undefined;
  /** BCP 47 tag. */
  readonly language?: string | undefined;
  /** 1 = the voice's own pace; 0.5 to 2. */
  readonly speed?: number | undefined;
}

/** One thing a TTS stream yields, in playing order. */
export type SpeechPart =
  /** The audio that follows speaks this piece of the text, until the next `segment`. Providers that know where pieces begin say so. */
  | { readonly type: "segment"; readonly text: string }
  | { readonly type: "audio"; readonly frame: AudioFrame }
  /** When words are spoken, in ms since the start of this stream's audio. May come before or after that audio. */
  | { readonly type: "words"; readonly words: readonly WordTiming[] };

/** Text to speech. One `synthesize` call is one utterance of one session. */
export interface TtsProvider {
  readonly name: string;
  readonly capabilities: TtsCapabilities;
  /**
   * Speaks the pieces of `text` (whole clauses or sentences, in order) as one continuous utterance. Pulling slowly holds
   * synthesis back. Ends after the last piece, or throws `aborted`.
   */
  synthesize(text: AsyncIterable<string>, options: TtsOptions): AsyncIterable<SpeechPart>;
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
