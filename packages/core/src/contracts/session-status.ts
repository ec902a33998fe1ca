import type { ConnectionQuality } from "./connection-quality.ts";
import type { StageStatus } from "./pipeline.ts";

/** How a session stands at the moment in which it is asked. */
export interface SessionStatus {
  /** Who has the floor, as the client is shown it. */
  readonly state: "listening" | "thinking" | "speaking";
  /** The caller has switched their microphone off. */
  readonly microphoneOff: boolean;
  /** What the caller says reaches nobody: `kit.mute`. */
  readonly muted: boolean;
  /** Nothing is brought to the caller: `kit.muteOutput`. */
  readonly outputMuted: boolean;
  readonly quality?: ConnectionQuality | undefined;
  /** What stands in the audio path; empty without any. */
  readonly stages: readonly StageStatus[];
}
