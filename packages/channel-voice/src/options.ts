import type {
  AudioPipeline,
  RoomEvent,
  SentenceOptions,
  SpeechFilter,
  SttProvider,
  TtsProvider,
  TurnDetector,
  VoiceBackend,
} from "@roomkit/core";
import { RoomKitError } from "@roomkit/core";
import type { InterruptionStrategy } from "./turns/state.ts";

export interface InterruptionOptions {
  /** Default `confirmed`. */
  readonly strategy?: InterruptionStrategy;
  /** How much speech must have been heard to interrupt, with `confirmed`. Silence that a VAD waits out does not count. Default 300 ms. */
  readonly minSpeechMs?: number;
}

export interface VoiceChannelOptions {
  /** The transport callers come in by. */
  readonly backend: VoiceBackend;
  readonly stt: SttProvider;
  readonly tts: TtsProvider;
  /** The audio path, e.g. `audioPipeline({ vad: energyVad() })` of `@roomkit/pipeline`. */
  readonly pipeline: AudioPipeline;
  /** When callers may interrupt. */
  readonly interruption?: InterruptionOptions;
  /** Judges whether a pause ends a turn; without one every pause the VAD reports does. */
  readonly turnDetector?: TurnDetector;
  /** Who finds where speech begins and ends. Default: `vad` when the pipeline has one, otherwise `stt`. */
  readonly turnDetection?: "vad" | "stt";
  /** Longest wait for more after a turn judged incomplete. Default 3,000 ms. */
  readonly maxEndpointWaitMs?: number;
  /** How long the recogniser may take for its last word. Default 10,000 ms. */
  readonly sttTimeoutMs?: number;
  /** Longest speech given to one recogniser stream; older audio is dropped beyond. Default 60,000 ms. */
  readonly maxSpeechMs?: number;
  /** BCP 47 tag for recogniser and voice. */
  readonly language?: string;
  /** The voice to speak with; default the provider's. */
  readonly voice?: string;
  /** Voices by the channel that replies, e.g. one for each agent. */
  readonly voices?: Readonly<Record<string, string>>;
  /** Spoken when a session begins. */
  readonly greeting?: string;
  /** What is said of a text; what is written stays. Default `speakable`: leaves out what only eyes can read. */
  readonly speechFilter?: SpeechFilter;
  readonly sentences?: SentenceOptions;
  /** Synthesized audio queued ahead of a listener at most; the voice is held back beyond. Default 5,000 ms. */
  readonly maxQueuedMs?: number;
  /** Utterances waiting to be spoken to one listener at most; more are refused with `queue_full`. Default 16. */
  readonly maxUtterances?: number;
  /** Which events of the room are spoken. Default: those of assistants. */
  readonly speaks?: (event: RoomEvent) => boolean;
  /** How long a client may be connected before its session is joined to a room. Default 30,000 ms. */
  readonly joinTimeoutMs?: number;
}

/** The options with every default filled in. */
export type VoiceSettings = Required<
  Pick<
    VoiceChannelOptions,
    "maxEndpointWaitMs" | "sttTimeoutMs" | "maxSpeechMs" | "maxQueuedMs" | "maxUtterances" | "joinTimeoutMs" | "speaks"
  >
> &
  VoiceChannelOptions & { readonly strategy: InterruptionStrategy; readonly minSpeechMs: number };

/** @throws RoomKitError `invalid_option` for a number out of its range. */
export function resolveOptions(options: VoiceChannelOptions): VoiceSettings {
  const settings: VoiceSettings = {
    ...options,
    strategy: options.interruption?.strategy ?? "confirmed",
    minSpeechMs: options.interruption?.minSpeechMs ?? 300,
    maxEndpointWaitMs: options.maxEndpointWaitMs ?? 3_000,
    sttTimeoutMs: options.sttTimeoutMs ?? 10_000,
    maxSpeechMs: options.maxSpeechMs ?? 60_000,
    maxQueuedMs: options.maxQueuedMs ?? 5_000,
    maxUtterances: options.maxUtterances ?? 16,
    joinTimeoutMs: options.joinTimeoutMs ?? 30_000,
    speaks: options.speaks ?? ((event) => event.source.role === "assistant"),
  };
  for (const name of [
    "minSpeechMs",
    "maxEndpointWaitMs",
    "sttTimeoutMs",
    "maxSpeechMs",
    "maxQueuedMs",
    "maxUtterances",
    "joinTimeoutMs",
  ] as const) {
    const value = settings[name];
    if (!Number.isFinite(value) || value < 0) throw new RoomKitError("invalid_option", `${name} must be a number >= 0`);
  }
  return settings;
}
