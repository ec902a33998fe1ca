import type { AudioFormat, AudioFrame, Clock, PipelineStream, RoomKitError, SttProvider } from "@roomkit/core";
import type { TurnInput } from "../turns/state.ts";
import type { SpeechHints } from "./segment.ts";

/** What a caller's speech becomes: inputs of the turn machine. */
export interface Hearing {
  /** The segment is over: its `transcript` shall come as soon as the recogniser has said all. */
  finish(segment: number): void;
  /** A segment does not count. */
  drop(segment: number): void;
  /** The client says that its audio stops for now: the turn of whoever is speaking ends with what was heard. */
  pause(): void;
  /** When the newest speech ended, on the injected clock; undefined before any. */
  readonly speechEndedAt: number | undefined;
  /** How long the newest speech lasted, in ms. */
  readonly speechMs: number;
  /** The application marks where speech begins and ends, where it does. */
  begin?(): void;
  end?(): void;
  /** Another hears the caller from now on; what was heard so far is still told. */
  retire(): void;
  close(): void;
}

export interface HearingOptions {
  readonly stt: SttProvider;
  readonly pipeline: PipelineStream;
  /** What the transport delivers. */
  readonly inbound: AudioFormat;
  readonly clock: Clock;
  readonly hints: SpeechHints;
  readonly finalTimeoutMs: number;
  /** Longest speech handed to one recogniser stream, in frames. */
  readonly maxFrames: number;
  readonly dispatch: (input: TurnInput) => void;
  /** Numbers the segments of a call, from 1. */
  readonly nextSegment: () => number;
  /** Both before the `speech-start` or `speech-end` of the segment. */
  readonly onSpeechStart: (segment: number, timestamp: number) => void;
  readonly onSpeechEnd: (segment: number | undefined, timestamp: number, durationMs: number) => void;
  readonly onError: (error: RoomKitError) => void;
  /** A recogniser thinks that the turn is over, with these words of the segment under way; undefined: it takes that back. */
  readonly onGuess: (words: string | undefined) => void;
  /** The newest audio, for a turn detector. */
  readonly onAudio: (frame: AudioFrame) => void;
}
