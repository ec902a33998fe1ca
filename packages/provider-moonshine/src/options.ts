import { type Clock, RoomKitError } from "@roomkit/core";
import type { OnnxRuntimeChoice } from "@roomkit/onnx";

export interface MoonshineOptions {
  /** New audio between two partials, in ms, 100 to 10,000; 0: no partials. Default 500. */
  readonly partialEveryMs?: number | undefined;
  /** Speech longer than this is settled in pieces, cut where it is quietest, in ms, 4,000 to 30,000. Default 15,000. */
  readonly segmentMs?: number | undefined;
  /** Leaves out what the model makes up for noise. Default true. */
  readonly noiseGate?: boolean | undefined;
  /** Worker processes at most; they start when there is work for them. Default: the CPU's cores less one, at least 1. */
  readonly workers?: number | undefined;
  /** Decodes of all calls that may wait for a worker. Default 64. */
  readonly queueLimit?: number | undefined;
  /** How long a decode may wait, a worker's start included, and then take, in ms. Default 30,000. */
  readonly jobTimeoutMs?: number | undefined;
  /** A folder with `encoder_model.onnx` and `decoder_model_merged.onnx`. Default: the model in this package. */
  readonly modelDir?: string | undefined;
  /** What computes; `auto`: `onnxruntime-node` where it is installed, else WebAssembly. Default `auto`. */
  readonly runtime?: OnnxRuntimeChoice | undefined;
  readonly clock?: Clock | undefined;
}

/** @throws RoomKitError `invalid_option` */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new RoomKitError("invalid_option", `${name} must be ${min} to ${max}`, { details: { [name]: value } });
}
