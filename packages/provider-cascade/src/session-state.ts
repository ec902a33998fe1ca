import type { CallOptions } from "@roomkit/call";
import type {
  AIProvider,
  AudioFormat,
  Clock,
  Logger,
  RealtimeConnectOptions,
  RealtimeSessionConfig,
  UtteranceId,
} from "@roomkit/core";
import type { CascadeSettings, PreparedAnswer } from "./options.ts";

export interface CascadeSessionOptions extends Pick<RealtimeConnectOptions, "native" | "onFallback"> {
  readonly id: string;
  readonly ai: AIProvider;
  readonly call: CallOptions;
  readonly settings: CascadeSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: RealtimeSessionConfig;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  /** Never throws. */
  readonly onPrepared: (prepared: PreparedAnswer) => void;
}

/** A text of the application that the call takes for the caller's. */
export interface Typed {
  readonly words: string;
  /** It shall not be answered any more. */
  takenBack: boolean;
}

/** An answer on its way: from the caller's turn until all of its audio was given, or it was cut off. */
export interface Response {
  readonly id: string;
  /** Its audio; known once there is any. */
  utterance: UtteranceId | undefined;
  /** What the model wrote so far. */
  text: string;
  failed: boolean;
  ended: boolean;
}
