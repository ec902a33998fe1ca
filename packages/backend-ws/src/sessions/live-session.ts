import type { CloseReason, VoiceSession } from "@roomkit/core";
import type { AudioSpecs } from "@roomkit/protocol";
import type { MediaConnection } from "@roomkit/transport-utils";
import type { Dialect } from "../client/formats.ts";

/** What can be put under a live session: its client's socket just now. */
export interface SessionClient {
  /** Another socket continues the session: this one closes and no longer concerns it. */
  supersede(): void;
  /** The server will end soon. */
  bye(reason: CloseReason): void;
}

/** A session with its connection and, unless it is waiting to be resumed, its client. */
export interface LiveSession {
  readonly session: VoiceSession;
  readonly connection: MediaConnection;
  readonly dialect: Dialect;
  readonly audio: AudioSpecs;
  /** When it began, ms on the clock. */
  readonly startedAt: number;
  client: SessionClient | undefined;
}
