import type { AudioFormat } from "../audio/format.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { RoomKitError } from "../errors/error.ts";
import type { Clock } from "../time/clock.ts";
import type { Recipe } from "./recipe.ts";
import type { Recording } from "./recording.ts";

/** What a stage may know about the stream it is opened for. */
export interface StageContext {
  /** The session the stream belongs to: for stages that name what they make, such as a recording. */
  readonly sessionId: string;
  /** The call's. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Tells of a failure outside of the stage's calls, as of one that works in the background; one of each code is told on, each counts. */
  readonly report?: ((error: RoomKitError) => void) | undefined;
}

/** Makes the instances of one pipeline stage: one per stream, so that no caller's state touches another's. */
export interface StageFactory<S> {
  readonly name: string;
  /** The rate in Hz the stage works at; absent: any. The pipeline resamples around it when it must. */
  readonly sampleRate?: number | undefined;
  /** It answers with later frames, as time goes on: not for what comes faster than it is spoken. Default false. */
  readonly realtime?: boolean | undefined;
  /** How another thread makes it: for `onWorker` of `@roomkit/stage-worker`. Absent: it cannot. */
  readonly recipe?: Recipe | undefined;
  /** @throws RoomKitError `unsupported_format` when the stage cannot work on `format`. */
  open(format: AudioFormat, context?: StageContext): S;
}

/** What every stage has. All of it is synchronous. */
export interface Stage {
  /** Forgets the past, as if just opened. */
  reset(): void;
  /** Releases everything; idempotent. */
  close(): void;
}

/** A stage that changes audio: resampler, AGC, denoiser. It may hold samples back: the output length may differ from the input's. */
export interface FrameStage extends Stage {
  process(frame: AudioFrame): AudioFrame;
  /** What it holds back; it then begins anew. Absent: it never holds anything back. */
  flush?(): AudioFrame;
}

/** Removes the far end (what the caller's speaker plays) from the near end (what the caller's microphone hears). */
export interface EchoCanceller extends FrameStage {
  /** What is being played to the caller, in the stream's inbound format, as it goes out; silence too. */
  reference(frame: AudioFrame): void;
}

/** The way from the caller's speaker to their microphone, as far as it is known. */
export interface EchoPath {
  /** How loud what is played is heard, against what is played, dB. */
  readonly couplingDb: number;
  /** From what is told of as played to what is heard of it, ms. */
  readonly delayMs: number;
}

/** Keeps what the caller's speaker plays from being taken for the caller: it lets through, or does not, and cancels nothing. */
export interface EchoGuard extends EchoCanceller {
  /** The echo it hears, once it is sure; the same object until it is another. Absent: none is known, or it cannot say. */
  readonly echo?: EchoPath | undefined;
}

/** What a voice activity detector decides. */
export type VadEvent =
  /** Speech is certain; it began at `timestamp` (capture clock, ms), before the frame that made it certain. */
  | { readonly type: "speech-start"; readonly timestamp: number }
  /** Speech ended at `timestamp`; silence since then made it certain. Every start is followed by exactly one end. */
  | { readonly type: "speech-end"; readonly timestamp: number; readonly durationMs: number };

/** Finds speech in a stream. */
export interface Vad extends Stage {
  /** Takes the next frame; a detector that computes in the background may answer for an earlier one. */
  process(frame: AudioFrame): VadEvent | undefined;
  /** How likely the newest judged frame is speech, 0 to 1; for meters and policies. */
  readonly probability: number;
  /**
   * How much of the speech told last was heard as speech, in ms: grows only with audio that is speech itself, and by the gaps of up to 80 ms
   * inside words once they are over, never while the detector waits whether silence lasts; stands still from its end until the next start. What confirms an interruption.
   * Absent: the pipeline counts the frames whose `probability` is 0.5 or more.
   */
  readonly speechMs?: number | undefined;
}

export interface VadFactory extends StageFactory<Vad> {
  /** How much audio from before `speech-start` belongs to the utterance, in ms; the pipeline keeps that pre-roll. */
  readonly speechPadMs: number;
  /**
   * How long after it began speech is told of, at most, up to the end of the frame that proved it, in ms: as much more is kept, so that none of
   * it is lost. 0 to 60,000; absent: 2,000.
   */
  readonly lagMs?: number | undefined;
}

/** A press of a touch-tone key, told once. */
export interface DtmfEvent {
  readonly digit: "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "*" | "#" | "A" | "B" | "C" | "D";
  /** How long the key was held, ms. */
  readonly durationMs: number;
  /** When it was pressed, capture clock, ms. */
  readonly timestamp: number;
}

/** Whether this is a key of a telephone. */
export function isDtmfDigit(digit: unknown): digit is DtmfEvent["digit"] {
  return typeof digit === "string" && /^[0-9*#A-D]$/.test(digit);
}

/** Finds touch tones. */
export interface DtmfDetector extends Stage {
  /** Takes the next frame; a press is told when it has ended. */
  process(frame: AudioFrame): DtmfEvent | undefined;
  /**
   * The tone that sounds, or has just sounded and is not told yet: when it began and until when it has lasted so far, capture clock, ms. For
   * who silences it. Undefined in between; absent where a detector cannot say.
   */
  readonly tone?: { readonly from: number; readonly to: number } | undefined;
}

/**
 * Makes the tones of some digits as mono audio of this rate in Hz; `dtmfTones` of `@roomkit/dtmf` does. The lengths of each tone and of
 * the silence after it, ms, are given where somebody asked for them.
 * @throws RoomKitError `invalid_digits`.
 */
export type DtmfTones = (
  digits: string,
  options: {
    readonly sampleRate: number;
    readonly toneMs?: number | undefined;
    readonly pauseMs?: number | undefined;
  },
) => AudioFrame;

/** Whose voice a stretch of the caller's audio is. */
export interface SpeakerEvent {
  /** A label that is stable within the stream, or the name of a voice that is known. */
  readonly speaker: string;
  /** 0 to 1. */
  readonly confidence: number;
  /** Where the stretch begins, capture clock, ms. */
  readonly timestamp: number;
  /** How long it is, its pauses included, ms. Absent, from a diarizer that tells of changes only: until the next event's `timestamp`. */
  readonly durationMs?: number | undefined;
  /** What the same voice was called until now: it has become known since. All that was said under this label was said by `speaker`. */
  readonly renames?: string | undefined;
}

/** Tells voices apart. */
export interface Diarizer extends Stage {
  /** Takes the next frame; tells of a stretch once it has been judged, which may be later: one for each frame at most. */
  process(frame: AudioFrame): SpeakerEvent | undefined;
  /**
   * Somebody has stopped speaking: what was gathered is judged now, though it may be less than the diarizer likes to judge by.
   * Resolves, when all that was gathered before is judged, with what `process` has not told of; after `close` or `reset` with nothing.
   * Absent: it never has anything left to judge.
   */
  settle?(): Promise<readonly SpeakerEvent[]>;
}

/** What else the pipeline finds in the audio, timed as the inbound frames are. */
export type RecorderNotice =
  | ({ readonly type: "dtmf" } & DtmfEvent)
  /** A touch tone sounds, as far as it has lasted: told with every frame of it, before `dtmf` tells of the press. */
  | { readonly type: "tone"; readonly timestamp: number; readonly durationMs: number }
  | ({ readonly type: "speaker" } & SpeakerEvent)
  | { readonly type: "speech-start" | "speech-end"; readonly timestamp: number };

/** Writes what is heard and said, once its {@link Recording} was started. Fed with both directions from the opening on; must never block. */
export interface Recorder extends Stage {
  readonly recording: Recording;
  /**
   * `reached`: how far the caller's audio has come by now, on its own time, ms: later than the frame's end where a change of rate holds
   * some back, or more of it follows at once. Absent: to the frame's end.
   */
  inbound(frame: AudioFrame, reached?: number): void;
  /** `startedAt`: when the first sample of it was played, on the clock, ms; absent: about now. */
  outbound(frame: AudioFrame, startedAt?: number): void;
  notice?(notice: RecorderNotice): void;
}

export interface RecorderFactory extends StageFactory<Recorder> {
  /** What it must hear of what is said: as it was made, or as it was played. Absent: the pipeline's configuration decides. */
  readonly outbound?: "generated" | "played" | undefined;
}

/** Writes down what passes one point of a stream's path, for whoever looks for what a stage does to the audio. Must never block. */
export interface AudioTap extends Stage {
  write(frame: AudioFrame): void;
}

/** Makes the taps of a stream; `wavTaps` of `@roomkit/recorder-wav` does. */
export interface AudioTaps {
  /** `point`: where it is, such as `in-4-denoiser`; letters, digits and `-`. */
  open(point: string, format: AudioFormat, context?: StageContext): AudioTap;
}

/** Changes the rate of one mono stream of 16-bit samples; `createResampler` of `@roomkit/pipeline` makes them. */
export interface RateConverter {
  process(samples: Int16Array): Int16Array;
  /** The samples still held back; a new stream begins. */
  flush(): Int16Array;
  /** Drops what is held back; a new stream begins. */
  reset(): void;
}

/** Makes the converter from one rate in Hz to another. @throws RoomKitError `unsupported_format`. */
export type RateConverterFactory = (fromRate: number, toRate: number) => RateConverter;
