import type { DtmfPress, PlaybackProgress, TtsProvider, UtteranceId } from "@roomkit/core";
import type { InterruptionStrategy } from "../turns/state.ts";

/** What was heard of a text before the utterance that says its rest. */
export interface Before {
  /** What it is shown as; undefined: nothing was. */
  readonly id: UtteranceId | undefined;
  readonly text: string;
  /** How often it was shown. */
  readonly revision: number;
  readonly playedMs: number;
  readonly confidence: PlaybackProgress["confidence"];
}

export interface SpeakOptions {
  /** Cancels this utterance. */
  readonly signal: AbortSignal;
  readonly voice?: string | undefined;
  /** Another source of audio than the call's voice. */
  readonly tts?: TtsProvider | undefined;
  /** They are touch tones: no speech, nobody's words, and not to be waited with until the other side is silent. */
  readonly tones?: boolean | undefined;
  /** Keys to press, as events beside the audio: all that is sent, instead of any audio. */
  readonly presses?: readonly DtmfPress[] | undefined;
  /** How it may be interrupted, where that is otherwise than by the rules of the call. */
  readonly interruption?: InterruptionStrategy | undefined;
  /** The turn it answers. */
  readonly correlationId?: string | undefined;
  /** The text, where it is known before it is read. `over`: all of it. */
  readonly known?: { readonly text: string; readonly over: boolean } | undefined;
  /** What was said of it before: by another process. */
  readonly before?: Before | undefined;
}
