import type {
  AIProvider,
  AudioPipeline,
  Clock,
  SentenceOptions,
  SpeechFilter,
  SttProvider,
  TtsProvider,
} from "@roomkit/core";

export interface CascadeOptions {
  readonly stt: SttProvider;
  readonly ai: AIProvider;
  readonly tts: TtsProvider;
  /** The audio path, with a VAD: `audioPipeline({ vad: energyVad() })` of `@roomkit/pipeline`. */
  readonly pipeline: AudioPipeline;
  /** How much speech must have been heard before it counts as an interruption. Default 250 ms. */
  readonly interruptAfterMs?: number;
  /** How long the recogniser may take for its last word. Default 5,000 ms. */
  readonly sttTimeoutMs?: number;
  /** Longest speech given to one recogniser stream. Default 60,000 ms. */
  readonly maxSpeechMs?: number;
  /** Messages of the conversation shown to the model at most. Default 60. */
  readonly maxMessages?: number;
  /** Rounds of tool calls before the model must answer in words. Default 8. */
  readonly maxToolRounds?: number;
  /** How long the application may take for a tool's result. Default 30,000 ms. */
  readonly toolTimeoutMs?: number;
  /** Longest silence of model and voice while an answer is made, before it is given up as failed. Default 20,000 ms. */
  readonly responseTimeoutMs?: number;
  /** Said when the model fails before it said anything. Default a short apology; empty for silence. */
  readonly apology?: string;
  /** What is said of the model's text; what is written stays. Default `speakable`: leaves out what only eyes can read. */
  readonly speechFilter?: SpeechFilter;
  readonly sentences?: SentenceOptions;
  readonly clock?: Clock;
}
