import { type OptionRanges, optionsWithin, type Resolved, RoomKitError } from "@roomkit/core";
import type { OnnxRuntimeChoice } from "@roomkit/onnx";

export interface SileroVadOptions {
  /** How likely a window must be speech to count as such, 0 to 1. Default 0.5. */
  readonly threshold?: number | undefined;
  /** Speech goes on while windows are at least so likely, 0 to `threshold`. Default 0.35. */
  readonly releaseThreshold?: number | undefined;
  /** Silence that ends speech, in ms. Default 500. */
  readonly silenceThresholdMs?: number | undefined;
  /** How much speech is proof that it has begun, in ms; rounded up to windows of 32 ms. Default 96. */
  readonly minSpeechMs?: number | undefined;
  /** Audio before the speech that belongs to it, in ms. Default 300. */
  readonly speechPadMs?: number | undefined;
  /** Longest speech, in ms; it is ended there, and what follows is speech of its own. Default 60,000. */
  readonly maxSpeechMs?: number | undefined;
  /** Audio that may wait to be judged, in ms; beyond that the oldest is dropped. Default 2,000. */
  readonly maxBacklogMs?: number | undefined;
  /** What computes; `auto`: `onnxruntime-node` where it is installed, else WebAssembly. Default `auto`. */
  readonly runtime?: OnnxRuntimeChoice | undefined;
}

const defaults: Resolved<SileroVadOptions> = {
  threshold: 0.5,
  releaseThreshold: 0.35,
  silenceThresholdMs: 500,
  minSpeechMs: 96,
  speechPadMs: 300,
  maxSpeechMs: 60_000,
  maxBacklogMs: 2_000,
  runtime: "auto",
};

const ranges: OptionRanges<SileroVadOptions> = {
  threshold: [0.01, 0.99],
  releaseThreshold: [0, 0.99],
  silenceThresholdMs: [32, 60_000],
  minSpeechMs: [1, 5_000],
  speechPadMs: [0, 5_000],
  maxSpeechMs: [100, 3_600_000],
  maxBacklogMs: [100, 60_000],
};

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function resolveOptions(options: SileroVadOptions): Resolved<SileroVadOptions> {
  const resolved = optionsWithin(options, defaults, ranges);
  if (resolved.releaseThreshold <= resolved.threshold) return resolved;
  throw new RoomKitError("invalid_option", "releaseThreshold must not be above threshold");
}
