import type { MessagePort } from "node:worker_threads";
import type { AudioFormat, AudioFrame, Recipe } from "@roomkit/core";
import type { WireError } from "@roomkit/worker-pool";

/** To a thread: another lane begins, and what it says goes through this port. */
export interface OpenLane {
  readonly recipe: Recipe;
  readonly format: AudioFormat;
  readonly sessionId: string;
  readonly port: MessagePort;
}

/** Along a lane. Each `process` is answered, in order. */
export type LaneRequest =
  | { readonly type: "process"; readonly id: number; readonly frame: AudioFrame }
  | { readonly type: "reference"; readonly frame: AudioFrame }
  | { readonly type: "reset" };

export type LaneAnswer =
  | { readonly id: number; readonly frame: AudioFrame }
  /** Of one frame, or with no id: of the whole lane. */
  | { readonly id?: number | undefined; readonly error: WireError };
