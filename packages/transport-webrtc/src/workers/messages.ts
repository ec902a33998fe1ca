import type {
  AudioFormat,
  CloseReason,
  LogFields,
  Logger,
  OpusSampleRate,
  Recipe,
  RemoteCandidate,
} from "@roomkit/core";
import type { DtmfFrame, TrackPlace } from "@roomkit/transport-utils";
import type { WireError } from "@roomkit/worker-pool";
import type { LoopLoad } from "../host/load-meter.ts";
import type { MediaRequest, MediaStats } from "../host/media-host.ts";

/** What a media worker is made of. */
export interface WorkerParts {
  readonly engine: Recipe;
  readonly opus: Recipe;
  readonly mulaw?: Recipe | undefined;
  /** Hz callers' audio will be decoded to. */
  readonly inputSampleRate: OpusSampleRate;
}

/** What a media worker is told of one of its calls, whose number `call` is. */
export type ToCall =
  | { readonly type: "candidate"; readonly call: number; readonly candidate: RemoteCandidate }
  /** 20 ms for the track. */
  | { readonly type: "audio"; readonly call: number; readonly samples: Int16Array }
  /** 20 ms of a key that is held, in the place of audio. */
  | { readonly type: "dtmf"; readonly call: number; readonly frame: DtmfFrame }
  | { readonly type: "message"; readonly call: number; readonly channel: number; readonly message: string | Uint8Array }
  | { readonly type: "close_channel"; readonly call: number; readonly channel: number }
  /** So much of what came from the call has been dealt with. */
  | { readonly type: "taken"; readonly call: number; readonly bytes: number }
  | { readonly type: "close"; readonly call: number; readonly reason: CloseReason | undefined };

/** What a media worker is told. */
export type ToWorker =
  | ToCall
  | { readonly type: "open"; readonly call: number; readonly request: MediaRequest }
  | { readonly type: "ping" }
  | { readonly type: "stop" };

/** What a media worker's call tells. */
export type FromCall =
  | { readonly type: "connected"; readonly call: number }
  | { readonly type: "audio"; readonly call: number; readonly samples: Int16Array; readonly timestamp: number }
  | { readonly type: "digit"; readonly call: number; readonly digit: string }
  | { readonly type: "excess"; readonly call: number; readonly verdict: "warn" | "close" }
  | {
      readonly type: "channel";
      readonly call: number;
      readonly channel: number;
      readonly id: number;
      readonly label: string;
    }
  | { readonly type: "message"; readonly call: number; readonly channel: number; readonly message: string | Uint8Array }
  | { readonly type: "channel_closed"; readonly call: number; readonly channel: number }
  | { readonly type: "placed"; readonly call: number; readonly place: TrackPlace }
  /** So many frames for the track have been dealt with. */
  | { readonly type: "frames_taken"; readonly call: number; readonly frames: number }
  /** Of the bytes for data channels: how many were handed on so far, and how many of them wait in the engine. */
  | { readonly type: "buffered"; readonly call: number; readonly handed: number; readonly waiting: number }
  | { readonly type: "closed"; readonly call: number; readonly reason: CloseReason; readonly stats: MediaStats };

/** A call that was opened, as the other thread sees it. */
export interface OpenedCall {
  readonly answer: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly receives: boolean;
  readonly sends: boolean;
  readonly dtmfEvents: string;
}

/** What a media worker tells. */
export type FromWorker =
  | FromCall
  | { readonly type: "ready" }
  /** It could not be made; the thread ends. */
  | { readonly type: "failed"; readonly error: WireError }
  | { readonly type: "opened"; readonly call: number; readonly opened: OpenedCall }
  | { readonly type: "refused"; readonly call: number; readonly error: WireError }
  | { readonly type: "report"; readonly load: LoopLoad; readonly stats: readonly (readonly [number, MediaStats])[] }
  | { readonly type: "pong" }
  | { readonly type: "log"; readonly level: keyof Logger; readonly fields: LogFields; readonly message: string };
