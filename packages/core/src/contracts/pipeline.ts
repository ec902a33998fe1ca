import type { AudioFormat } from "../audio/format.ts";
import type { AudioFrame } from "../audio/frame.ts";
import type { RoomKitError } from "../errors/error.ts";
import type { Unsubscribe } from "../events/emitter.ts";
import type { Clock } from "../time/clock.ts";
import type { Recording } from "./recording.ts";
import type {
  Diarizer,
  DtmfDetector,
  DtmfEvent,
  EchoCanceller,
  EchoGuard,
  EchoPath,
  FrameStage,
  SpeakerEvent,
  StageFactory,
  VadFactory,
} from "./stage.ts";
import type { VoiceCapabilities } from "./voice.ts";

/** What makes the stages of a caller's audio path, by the place each stands in. */
export interface StageFactories {
  readonly dtmf: StageFactory<DtmfDetector>;
  readonly aec: StageFactory<EchoCanceller>;
  readonly echoGuard: StageFactory<EchoGuard>;
  readonly agc: StageFactory<FrameStage>;
  readonly denoiser: StageFactory<FrameStage>;
  readonly vad: VadFactory;
  readonly diarization: StageFactory<Diarizer>;
}

/** A place of the inbound path, for one stage. */
export type StageRole = keyof StageFactories;

/** What a stage has done since it was opened. */
export interface StageCounters {
  /** Frames it was given. */
  readonly frames: number;
  /** Frames it failed on. */
  readonly failures: number;
  /** Audio it was given, ms. */
  readonly audioMs: number;
  /** Time it took for all of that, ms. */
  readonly busyMs: number;
  /** The longest it took for one frame, ms. */
  readonly longestMs: number;
}

/** A stage of a stream. */
export interface StageStatus {
  readonly role: StageRole | "recorder" | "postprocessor" | "tap";
  /** What it calls itself. */
  readonly name: string;
  /**
   * `off`: switched off; `native`: left out, as the caller's platform does the same; `failed`: it could not be opened, or was taken out
   * for its failures. Where there is none the audio passes as it is.
   */
  readonly state: "on" | "off" | "native" | "failed";
  /** Absent where the pipeline does not count. */
  readonly counters?: StageCounters | undefined;
}

/** The stages of one stream, and their switches. */
export interface StageControl {
  list(): readonly StageStatus[];
  /**
   * Closes a stage (`false`), or opens one anew: the one that stood there last, at first that of the configuration (`true`), or another. From the next frame on, with
   * nothing of the audio lost or said twice; speech under way ends where its VAD goes. What cannot be opened is told of as `stage-error`.
   * Without effect after the stream's end.
   *
   * @throws RoomKitError `invalid_option` for no such place, `true` where none is configured, and what is no factory.
   */
  set<R extends StageRole>(role: R, to: boolean | StageFactories[R]): void;
}

/** What a pipeline stream reports while frames pass through it. */
export interface PipelineEvents {
  /**
   * Speech began at `timestamp`; `preRoll` is the audio from `speechPadMs` before it up to and including the newest frame, internal
   * format. Of what was told as speech before it has the second half of the pause: a detector tells late of an end, and the first
   * sound of the next words may lie there. Comes after the `frame` of that newest frame.
   */
  readonly "speech-start": { readonly timestamp: number; readonly preRoll: readonly AudioFrame[] };
  /** Speech ended at `timestamp`, `durationMs` after it began. */
  readonly "speech-end": { readonly timestamp: number; readonly durationMs: number };
  /**
   * Each processed inbound frame, in the internal format; with `speech` true from after `speech-start` until `speech-end`. `speechMs`
   * is how much the VAD has heard as speech since the speech began (or that a `speech-start` right after this frame tells of), this
   * frame included, in ms: the silence that it waits out before `speech-end` is not in it. Absent where a pipeline cannot say;
   * readers then take every frame of speech for it ({@link SpeechMeter}). `probability`: how likely the VAD finds it to be speech, 0 to
   * 1; absent without one.
   */
  readonly frame: {
    readonly frame: AudioFrame;
    readonly speech: boolean;
    readonly speechMs?: number | undefined;
    readonly probability?: number | undefined;
  };
  readonly dtmf: DtmfEvent;
  /** Whose voice a stretch of the audio is: told of each that was judged, whether or not the speaker has changed, in no certain order. */
  readonly speaker: SpeakerEvent;
  /** The caller's microphone hears what is played to them: told by an echo guard once it is sure, and again when that changes by much. */
  readonly "echo-suspected": EchoPath;
  /** A stage failed on a frame and was passed by; reported once per stage and kind of failure. */
  readonly "stage-error": { readonly stage: string; readonly error: RoomKitError };
  /** A stage was switched on or off, or taken out for its failures: `error` is the last. Comes after the `stage-error` that tells why. */
  readonly "stage-change": StageStatus & { readonly error?: RoomKitError | undefined };
}

/** The audio path of one session: everything in it belongs to that session alone. */
export interface PipelineStream {
  /** The format every stage after the resampler, and STT, sees. */
  readonly internal: AudioFormat;
  /** Whether the stream has a VAD now; without one no speech events come. `stage-change` tells when that changes. */
  readonly hasVad: boolean;
  /** Its stages, where they can be switched. */
  readonly stages?: StageControl | undefined;
  /** What the pipeline's recorder makes of the stream. It waits to be started. Absent: there is no recorder. */
  readonly recording?: Recording | undefined;
  on<K extends keyof PipelineEvents>(event: K, listener: (payload: PipelineEvents[K]) => void): Unsubscribe;
  /** Takes a frame from the transport; events fire before it returns. */
  processInbound(frame: AudioFrame): void;
  /** Takes a frame of speech of any rate and gives what the transport plays: its outbound format, possibly empty. */
  processOutbound(frame: AudioFrame): AudioFrame;
  /** The tail the outbound resampler still holds; call it at the end of an utterance. */
  flushOutbound(): AudioFrame;
  /** Drops what the outbound side holds: the utterance was cut off. */
  clearOutbound(): void;
  /**
   * Tells the stages what is physically being played now (echo reference, recording); silence counts. `startedAt`: when its first
   * sample was played, on the clock, ms; absent: about now.
   */
  played(frame: AudioFrame, startedAt?: number): void;
  /**
   * Somebody has stopped speaking: has the diarizer judge what it has heard. Resolves when `speaker` has told of it; never rejects.
   * Undefined: there is nothing to wait for. Absent: there is no diarizer.
   */
  settleSpeaker?(): Promise<void> | undefined;
  close(): void;
}

/** Builds the audio path of each session from one configuration. */
export interface AudioPipeline {
  open(formats: {
    readonly inbound: AudioFormat;
    readonly outbound: AudioFormat;
    readonly sessionId: string;
    /** What the caller's platform does to the inbound audio, so that nothing does it twice. Default: nothing. */
    readonly native?: VoiceCapabilities | undefined;
    /** The call's, for stages that need one. Default: the system's. */
    readonly clock?: Clock | undefined;
  }): PipelineStream;
}
