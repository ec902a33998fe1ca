import type { AudioCodec, Clock, IdSource, Logger, Metadata } from "@roomkit/core";
import type { MessageLimits } from "@roomkit/protocol";
import type { ConnectionLimits, PacingWheel, SessionFactory, TrafficLimits } from "@roomkit/transport-utils";

/** What is known of a socket when it is handed over. */
export interface AcceptContext {
  /** What authentication said of the client. Default: nothing. */
  readonly metadata?: Metadata | undefined;
  readonly address?: string | undefined;
  /** Without one, a session must wait whose `metadata.websocket_id` is the client's id. */
  readonly sessionFactory?: SessionFactory | undefined;
  /** Called once when the socket is gone. */
  readonly onGone?: (() => void) | undefined;
}

export interface WebSocketBackendOptions extends ConnectionLimits {
  /** Rate of compat clients' microphones, Hz, and of v1 clients' that ask for none. Default 48,000. */
  readonly inputSampleRate?: number | undefined;
  /** Rate of audio sent to clients that ask for none, Hz. Default 24,000. */
  readonly outputSampleRate?: number | undefined;
  /** The mu-law codec, `mulaw()` of `@roomkit/codec-mulaw`. Without it only v1 clients that speak pcm16 are served. */
  readonly codec?: AudioCodec | undefined;
  /** Most outbound frames queued for one client. Default 1,000. */
  readonly audioQueueMaxSize?: number | undefined;
  /** Most outbound audio queued for one client, ms. Default 20,000. */
  readonly audioQueueMaxMs?: number | undefined;
  /** Audio a compat client is sent ahead of its playing, ms. Default 200. */
  readonly compatLeadMs?: number | undefined;
  /** The same for v1 clients, which can silence it at once. Default 400. */
  readonly leadMs?: number | undefined;
  /** Give `onPlayed` silence too where nothing plays, as an echo canceller needs it. Default false. */
  readonly playedSilence?: boolean | undefined;
  /** Bounds of one message. */
  readonly messageLimits?: { readonly [K in keyof MessageLimits]?: number | undefined } | undefined;
  /** Bounds of what one client sends over time. */
  readonly trafficLimits?: TrafficLimits | undefined;
  /** From the open socket to `start`, ms. Default 10,000. */
  readonly startTimeoutMs?: number | undefined;
  /** How long the application has to make a session for a client that said `start`, ms. Default 10,000. */
  readonly factoryTimeoutMs?: number | undefined;
  /** How long a session waits for its client, ms. Default 30,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Between pings; a client that answers none until the next is lost, ms. Default 15,000. */
  readonly heartbeatMs?: number | undefined;
  /** How long a client may send nothing, not even a pong, ms. Default 60,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a session may last, ms; 0: as long as it likes. Default 0. */
  readonly maxSessionMs?: number | undefined;
  /** How long after losing its client a v1 session can be resumed, ms; 0: not at all. Default 30,000. */
  readonly resumeMs?: number | undefined;
  /** Most sessions that wait to be resumed; the longest-waiting ends first. Default 100. */
  readonly maxSuspended?: number | undefined;
  /** Outbound audio a socket may hold unsent before more waits in the queue, ms of that audio. Default 1,000. */
  readonly softBufferMs?: number | undefined;
  /** Bytes a socket may hold unsent before it is closed. Default 256 KiB. */
  readonly hardBufferBytes?: number | undefined;
  /** How long `close()` lets sessions finish, ms. Default 0: they end at once. */
  readonly drainTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly ids?: IdSource | undefined;
  readonly wheel?: PacingWheel | undefined;
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
