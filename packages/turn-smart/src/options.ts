import type { Clock, TurnDetector } from "@roomkit/core";
import type { OnnxRuntimeChoice } from "@roomkit/onnx";

export interface SmartTurnsOptions {
  /** Path of the model's file, `smart-turn-v3.2-cpu.onnx`. */
  readonly model: string;
  /** Hash of that file, hexadecimal: for another model with the same front end. Default: that of v3.2, int8. */
  readonly sha256?: string | undefined;
  /** Asked at the same time; decides together with the model, and alone when the model is late or fails. Its maker closes it. */
  readonly otherwise?: TurnDetector | undefined;
  /** How long a judgement may take, in ms, 20 to 5,000. Default 300. */
  readonly timeoutMs?: number | undefined;
  /** Worker processes at most. Default 1. */
  readonly workers?: number | undefined;
  /** Judgements of all calls that may wait for a worker. Default 16. */
  readonly queueLimit?: number | undefined;
  /** What computes; `auto`: `onnxruntime-node` where it is installed, else WebAssembly. Default `auto`. */
  readonly runtime?: OnnxRuntimeChoice | undefined;
  readonly clock?: Clock | undefined;
}
