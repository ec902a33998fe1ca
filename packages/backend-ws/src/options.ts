import type { AudioCodec, Clock, IdSource, Logger, Metadata } from "@roomkit/core";
import type { MessageLimits } from "@roomkit/protocol";
import type { PacingWheel, SessionFactory, TrafficLimits } from "@roomkit/transport-utils";

/** What is known of a socket when it is handed over. */
export interface AcceptContext {
  /** What authentication said of the client. Default: nothing. */
  readonly metadata?: Metadata;
  readonly address?: string;
  /** Without one, a session must wait whose `metadata.websocket_id` is the client's id. */
  readonly sessionFactory?: SessionFactory;
  /** Called once when the socket is gone. */
  readonly onGone?: () => void;
}

export interface WebSocketBackendOptions {
  /** Rate of compat clients' microphones, Hz, and of v1 clients' that ask for none. Default 48,000. */
  readonly inputSampleRate?: number;
  /** Rate of audio sent to clients that ask for none, Hz. Default 24,000. */
  readonly outputSampleRate?: number;
  /** The mu-law codec, `mulaw()` of `@roomkit/codec-mulaw`. Without it only v1 clients that speak pcm16 are served. */
  readonly codec?: AudioCodec;
  /** Most outbound frames queued for one client. Default 1,000. */
  readonly audioQueueMaxSize?: number;
  /** Most outbound audio queued for one client, ms. Default 20,000. */
  readonly audioQueueMaxMs?: number;
  /** Audio a compat client is sent ahead of its playing, ms. Default 200. */
  readonly compatLeadMs?: number;
  /** The same for v1 clients, which can silence it at once. Default 400. */
  readonly leadMs?: number;
  /** Give `onPlayed` silence too where nothing plays, as an echo canceller needs it. Default false. */
  readonly playedSilence?: boolean;
  /** Bounds of one message. */
  readonly messageLimits?: Partial<MessageLimits>;
  /** Bounds of what one client sends over time. */
  readonly trafficLimits?: TrafficLimits;
  /** From the open socket to `start`, ms. Default 10,000. */
  readonly startTimeoutMs?: number;
  /** How long the session factory may take, ms. Default 10,000. */
  readonly factoryTimeoutMs?: number;
  /** How long a session waits for its client, ms. Default 30,000. */
  readonly connectTimeoutMs?: number;
  /** Between pings; a client that answers none until the next is lost, ms. Default 15,000. */
  readonly heartbeatMs?: number;
  /** How long a client may send nothing, not even a pong, ms. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** How long a session may last, ms; 0: as long as it likes. Default 0. */
  readonly maxSessionMs?: number;
  /** How long after losing its client a v1 session can be resumed, ms; 0: not at all. Default 30,000. */
  readonly resumeMs?: number;
  /** Most sessions that wait to be resumed; the longest-waiting ends first. Default 100. */
  readonly maxSuspended?: number;
  /** Outbound audio a socket may hold unsent before more waits in the queue, ms of that audio. Default 1,000. */
  readonly softBufferMs?: number;
  /** Bytes a socket may hold unsent before it is closed. Default 256 KiB. */
  readonly hardBufferBytes?: number;
  /** How long `close()` lets sessions finish, ms. Default 0: they end at once. */
  readonly drainTimeoutMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly ids?: IdSource;
  readonly wheel?: PacingWheel;
}

/** The defaults of {@link WebSocketBackendOptions}, where they are numbers. */
export const defaults = {
  inputSampleRate: 48_000,
  outputSampleRate: 24_000,
  audioQueueMaxSize: 1_000,
  audioQueueMaxMs: 20_000,
  compatLeadMs: 200,
  leadMs: 400,
  startTimeoutMs: 10_000,
  factoryTimeoutMs: 10_000,
  connectTimeoutMs: 30_000,
  heartbeatMs: 15_000,
  idleTimeoutMs: 60_000,
  maxSessionMs: 0,
  resumeMs: 30_000,
  maxSuspended: 100,
  softBufferMs: 1_000,
  hardBufferBytes: 262_144,
  drainTimeoutMs: 0,
} as const;
