import { type OptionRanges, optionsWithin, type Resolved } from "@roomkit/core";

export interface SherpaVadOptions {
  /** Path of a Silero VAD network, v4 or v5 (`silero_vad.onnx`). */
  readonly model: string;
  /** How likely a window must be speech to count as such, 0 to 1; speech goes on down to 0.15 below. Default 0.5. */
  readonly threshold?: number | undefined;
  /** Silence that ends speech, in ms. Default 500. */
  readonly silenceThresholdMs?: number | undefined;
  /** How much speech is proof that it has begun, in ms; rounded up to windows of 32 ms. Default 96. */
  readonly minSpeechMs?: number | undefined;
  /** Audio before the speech that belongs to it, in ms. Default 300. */
  readonly speechPadMs?: number | undefined;
  /** Longest speech, in ms; it is ended there, and what follows is speech of its own. Default 60,000. */
  readonly maxSpeechMs?: number | undefined;
  /** Detectors `warmUp` makes ahead, and closed ones that are kept for the next stream. Default 4. */
  readonly spare?: number | undefined;
}

const defaults: Resolved<SherpaVadOptions> = {
  model: "",
  threshold: 0.5,
  silenceThresholdMs: 500,
  minSpeechMs: 96,
  speechPadMs: 300,
  maxSpeechMs: 60_000,
  spare: 4,
};

const ranges: OptionRanges<SherpaVadOptions> = {
  threshold: [0.01, 0.99],
  silenceThresholdMs: [32, 60_000],
  minSpeechMs: [1, 5_000],
  speechPadMs: [0, 5_000],
  maxSpeechMs: [100, 3_600_000],
  spare: [0, 1_000],
};

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function resolveVadOptions(options: SherpaVadOptions): Resolved<SherpaVadOptions> {
  return optionsWithin(options, defaults, ranges);
}
