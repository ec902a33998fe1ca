import type { PlaybackReport } from "../playback/player.ts";
import type { ReceivedAudio } from "../transport/transport.ts";
import type { PlaybackStats } from "../worklets/messages.ts";

/** Which microphone, and what the browser does to its sound. */
export interface MicrophoneOptions {
  /** A device of {@link AudioDevices.inputs}; absent: the system's default. */
  readonly deviceId?: string | undefined;
  /** Remove what this device's own speaker plays. Default true: without it the assistant interrupts itself. */
  readonly echoCancellation?: boolean | undefined;
  /** Default true. */
  readonly noiseSuppression?: boolean | undefined;
  /** Default true. */
  readonly autoGainControl?: boolean | undefined;
  /** Call without a microphone when it cannot be had (and report why), instead of failing. Default false. */
  readonly optional?: boolean | undefined;
}

export interface AudioDevice {
  readonly id: string;
  /** Empty until the microphone has been allowed once. */
  readonly label: string;
}

export interface AudioDevices {
  readonly inputs: readonly AudioDevice[];
  /** Empty where the browser does not let a page choose. */
  readonly outputs: readonly AudioDevice[];
}

export interface AudioIOHandlers {
  onFrame(offset: number, samples: Int16Array): void;
  onInputLevel(db: number): void;
  onOutputLevel(db: number, stats: PlaybackStats | undefined): void;
  onReport(report: PlaybackReport, underruns: number): void;
  /** The browser does not play before the person has touched the page, or does again. */
  onBlocked(blocked: boolean): void;
  /** The microphone went away and no other could take its place, or nothing comes from it. */
  onMicrophoneLost(error: Error): void;
  /** A device was plugged in or out. */
  onDevices(): void;
}

/** Rates of the audio that goes out and comes in, Hz; absent where the browser carries that audio itself. */
export interface AudioRates {
  readonly send?: number | undefined;
  readonly receive?: number | undefined;
}

/** The page's ears and mouth for one call. The SDK has one implementation, on Web Audio; tests have another. */
export interface AudioIO {
  /** Call it from a click or key press, before anything is awaited: only then may the page make sound. @throws VoiceClientError */
  start(): Promise<void>;
  /**
   * Opens a microphone, in place of the one that is open. Resolves when it delivers: what is said before that is lost. One that
   * delivers nothing is not waited for long; `onMicrophoneLost` tells of it. @throws VoiceClientError `microphone_denied`, ...
   */
  openMicrophone(options: MicrophoneOptions): Promise<void>;
  readonly hasMicrophone: boolean;
  /**
   * Sets both directions up for what the server granted. Playback that is set up already for the same rate goes on, unless
   * `fresh`: a new session numbers its utterances from 1 again.
   */
  setRates(rates: AudioRates, fresh: boolean): void;
  setMuted(muted: boolean): void;
  play(audio: ReceivedAudio): void;
  /** Stops the utterances numbered `upTo` or lower; all that are here when absent. */
  clear(upTo: number | undefined): void;
  /** What goes out, as a stream, for transports that send one. */
  outgoingStream(): MediaStream;
  /** Plays the far end's stream, from transports that get one. */
  playStream(stream: MediaStream): void;
  /** Sends a recording as if it was spoken; resolves when all of it went out. @throws VoiceClientError `aborted`. */
  playRecording(
    recording: AudioBuffer | Int16Array,
    sampleRate: number,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  /** @throws VoiceClientError `unsupported`, `speaker_not_found`. */
  setOutputDevice(deviceId: string): Promise<void>;
  /** Tries to make sound again; call it from a click or key press. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export type AudioIOFactory = (handlers: AudioIOHandlers) => AudioIO;
