import {
  type AudioFrame,
  abortedError,
  type Cancel,
  type Clock,
  type CloseReason,
  Emitter,
  errorFields,
  type IdSource,
  type Logger,
  type Metadata,
  type ResumedSession,
  RoomKitError,
  randomId,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
  type VoiceSessionState,
} from "@roomkit/core";
import { authContext } from "../auth/context.ts";
import type { MediaConnection } from "../connection/media-connection.ts";
import { Refusals } from "./refusals.ts";

export interface SessionRegistryOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids?: IdSource | undefined;
  /** How long a session waits for its client, ms. Default 30,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a client waits for its session, ms. Default 30,000. */
  readonly acceptTimeoutMs?: number | undefined;
  /** Most sessions that wait for a client at once. Default 1,000. */
  readonly maxPending?: number | undefined;
}

interface Entry {
  readonly session: VoiceSession;
  state: VoiceSessionState;
  connection: MediaConnection | undefined;
  /** Made by whoever accepted the client. */
  readonly accepted: boolean;
  /** It was another process's. */
  readonly resumed?: ResumedSession | undefined;
  /** Ends the wait for the client, or the watch over its connection. */
  release: () => void;
}

/** A client for whom no session was made. */
interface WaitingClient {
  readonly connection: MediaConnection;
  /** Its session is there: called before anything of the session reaches the client. */
  readonly onAccepted: (session: VoiceSession) => void;
  readonly release: () => void;
}

interface Events {
  readonly ready: { readonly session: VoiceSession; readonly connection: VoiceConnection };
  readonly ended: { readonly session: VoiceSession; readonly reason: CloseReason };
  readonly connected: { readonly connection: MediaConnection };
  readonly disconnected: { readonly session: VoiceSession; readonly reason: CloseReason };
}

/**
 * The sessions of one backend and the clients that wait for one: `connecting` until a client's connection is bound, `active`
 * until either ends, then `ended` for ever. Holds nothing that has ended.
 */
export class SessionRegistry {
  /** Clients that got no session. */
  readonly refusals: Refusals = new Refusals();
  /** Newcomers are refused. */
  draining = false;
  readonly #options: SessionRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  /** By connection id. */
  readonly #waiting = new Map<string, WaitingClient>();
  /** Connections that have a session, by id. */
  readonly #owners = new Map<string, VoiceSession>();
  readonly #events: Emitter<Events>;
  readonly #taps = new Set<(session: VoiceSession, frame: AudioFrame) => void>();

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#events = new Emitter<Events>((error, event) =>
      options.logger.error({ event, ...errorFields(error) }, "a session listener failed"),
    );
  }

  /** Sessions that have not ended. */
  get size(): number {
    return this.#entries.size;
  }

  /** Clients that wait for a session. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @throws RoomKitError `too_many_sessions` when `maxPending` sessions wait for their clients already, `session_taken`. */
  connect(
    roomId: string,
    participantId: string,
    channelId: string,
    metadata: Metadata = {},
    resumed?: ResumedSession,
  ): VoiceSession {
    const { clock, ids = randomId, connectTimeoutMs = 30_000, maxPending = 1_000 } = this.#options;
    let pending = 0;
    for (const entry of this.#entries.values()) if (entry.state === "connecting") pending++;
    if (pending >= maxPending) {
      throw new RoomKitError("too_many_sessions", `${maxPending} sessions wait for their clients`, { retryable: true });
    }
    const id = resumed?.id ?? ids("session");
    if (this.#entries.has(id)) throw new RoomKitError("session_taken", "a session with this id is here already");
    const state = (): VoiceSessionState => entry.state;
    const session: VoiceSession = {
      id,
      roomId,
      participantId,
      channelId,
      get state() {
        return state();
      },
      metadata: { ...metadata },
    };
    const release: Cancel = clock.setTimeout(
      () => this.end(session, { code: "connect_timeout", message: "the session's client did not come" }),
      connectTimeoutMs,
    );
    const entry: Entry = { session, state: "connecting", connection: undefined, accepted: false, resumed, release };
    this.#entries.set(id, entry);
    return session;
  }

  /** A session that waits for its client and satisfies `test`. */
  findPending(test: (session: VoiceSession) => boolean): VoiceSession | undefined {
    for (const { session, state } of this.#entries.values())
      if (state === "connecting" && test(session)) return session;
    return undefined;
  }

  /** Whether a session is of this registry and waits for its client. */
  isPending(session: VoiceSession): boolean {
    const entry = this.#entries.get(session.id);
    return entry?.session === session && entry.state === "connecting";
  }

  /** What was kept of a session by another process. */
  resumedOf(session: VoiceSession): ResumedSession | undefined {
    return this.#entries.get(session.id)?.resumed;
  }

  /** The connection of an active session. */
  connectionOf(session: VoiceSession): MediaConnection | undefined {
    const entry = this.#entries.get(session.id);
    return entry?.session === session ? entry.connection : undefined;
  }

  /** The session a connection belongs to. */
  ownerOf(connection: MediaConnection): VoiceSession | undefined {
    return this.#owners.get(connection.id);
  }

  /**
   * Binds a session to its client's connection, and tells who waits for that. The session ends with the connection.
   *
   * @throws RoomKitError `unknown_session` when the session is not of this registry or has ended, `session_taken` when it has a
   *   connection already.
   */
  bind(session: VoiceSession, connection: MediaConnection): void {
    const entry = this.#entries.get(session.id);
    if (!entry || entry.session !== session) {
      throw new RoomKitError("unknown_session", "the session is not of this backend, or has ended");
    }
    if (entry.state !== "connecting") throw new RoomKitError("session_taken", "the session has a connection already");
    entry.release();
    // It may have been over already: then the session has ended, and was never ready.
    if (this.#join(entry, connection)) this.#events.emit("ready", { session, connection });
  }

  /**
   * Tells the application of a client for whom no session was made, and keeps the client until {@link accept} or the end of its
   * patience. False when nobody listens.
   */
  offer(connection: MediaConnection, onAccepted: (session: VoiceSession) => void): boolean {
    if (this.#events.listenerCount("connected") === 0) return false;
    if (connection.closed) return true;
    const { clock, acceptTimeoutMs = 30_000 } = this.#options;
    const cancel = clock.setTimeout(() => {
      void connection.close({ code: "accept_timeout", message: "no session was started on the connection" });
    }, acceptTimeoutMs);
    const stop = connection.onClose(() => this.#forget(connection));
    const release = (): void => {
      cancel();
      stop();
    };
    this.#waiting.set(connection.id, { connection, onAccepted, release });
    authContext.run(connection.metadata, () => this.#events.emit("connected", { connection }));
    return true;
  }

  /** @throws RoomKitError `unknown_connection`, `connection_taken`, `session_taken`, `aborted`. */
  accept(session: VoiceSession, connectionId: string, signal?: AbortSignal): MediaConnection {
    if (signal?.aborted) throw abortedError(signal);
    const client = this.#waiting.get(connectionId);
    if (!client) {
      throw this.#owners.has(connectionId)
        ? new RoomKitError("connection_taken", "a session was started on this connection already")
        : new RoomKitError("unknown_connection", "no client with this connection id waits for a session");
    }
    if (this.#entries.has(session.id)) throw new RoomKitError("session_taken", "the session has a connection already");
    const { connection, onAccepted } = client;
    this.#forget(connection);
    const entry: Entry = { session, state: "connecting", connection: undefined, accepted: true, release: () => {} };
    this.#entries.set(session.id, entry);
    onAccepted(session);
    this.#join(entry, connection);
    return connection;
  }

  /** Ends a session and closes its connection; nothing when it has ended. Resolves when the connection's socket is gone. */
  async end(session: VoiceSession, reason: CloseReason): Promise<void> {
    const entry = this.#entries.get(session.id);
    if (!entry || entry.session !== session) return;
    const { connection, accepted } = entry;
    this.#entries.delete(session.id);
    entry.state = "ended";
    entry.release();
    if (connection) this.#owners.delete(connection.id);
    const closing = connection?.close(reason);
    if (accepted) this.#events.emit("disconnected", { session, reason });
    this.#events.emit("ended", { session, reason });
    await closing;
  }

  /** Ends all sessions, and the waiting of those who have none. */
  async endAll(reason: CloseReason): Promise<void> {
    await Promise.all([
      ...[...this.#waiting.values()].map(({ connection }) => connection.close(reason)),
      ...[...this.#entries.values()].map(({ session }) => this.end(session, reason)),
    ]);
  }

  onReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe {
    return this.#events.on("ready", ({ session, connection }) => listener(session, connection));
  }

  onEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#events.on("ended", ({ session, reason }) => listener(session, reason));
  }

  onConnected(listener: (connectionId: string, metadata: Metadata) => unknown): Unsubscribe {
    return this.#events.on("connected", ({ connection }) => listener(connection.id, connection.metadata));
  }

  onDisconnected(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#events.on("disconnected", ({ session, reason }) => listener(session, reason));
  }

  onAudio(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe {
    const entry = (session: VoiceSession, frame: AudioFrame): void => listener(session, frame);
    this.#taps.add(entry);
    return () => {
      this.#taps.delete(entry);
    };
  }

  /** Session and connection are one from here on. False when the connection is over already. */
  #join(entry: Entry, connection: MediaConnection): boolean {
    const { session } = entry;
    entry.state = "active";
    entry.connection = connection;
    this.#owners.set(connection.id, session);
    entry.release = connection.onClose((reason) => void this.end(session, reason));
    if (entry.state !== "active") return false;
    connection.onReceived((frame) => this.#tap(session, frame));
    return true;
  }

  #forget(connection: MediaConnection): void {
    this.#waiting.get(connection.id)?.release();
    this.#waiting.delete(connection.id);
  }

  #tap(session: VoiceSession, frame: AudioFrame): void {
    for (const tap of this.#taps) {
      try {
        tap(session, frame);
      } catch (error) {
        this.#options.logger.error({ session: session.id, ...errorFields(error) }, "an audio tap failed");
      }
    }
  }
}
