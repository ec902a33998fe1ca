import {
  type AudioFrame,
  type Cancel,
  type Clock,
  type CloseReason,
  Emitter,
  type IdSource,
  type Logger,
  type Metadata,
  RoomKitError,
  randomId,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
  type VoiceSessionState,
} from "@roomkit/core";

export interface SessionRegistryOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids?: IdSource;
  /** How long a session waits for its client, ms. Default 30,000. */
  readonly connectTimeoutMs?: number;
  /** Most sessions that wait for a client at once. Default 1,000. */
  readonly maxPending?: number;
}

interface Entry {
  readonly session: VoiceSession;
  state: VoiceSessionState;
  connection: VoiceConnection | undefined;
  /** Ends the wait for the client, or the watch over its connection. */
  release: () => void;
}

interface Events {
  readonly ready: { readonly session: VoiceSession; readonly connection: VoiceConnection };
  readonly ended: { readonly session: VoiceSession; readonly reason: CloseReason };
}

/**
 * The sessions of one backend: `connecting` until a client's connection is bound, `active` until either ends, then `ended` for
 * ever. Holds no session that has ended.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #events: Emitter<Events>;
  readonly #taps = new Set<(session: VoiceSession, frame: AudioFrame) => void>();

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#events = new Emitter<Events>((error, event) =>
      options.logger.error({ error, event }, "a session listener failed"),
    );
  }

  /** Sessions that have not ended. */
  get size(): number {
    return this.#entries.size;
  }

  /** @throws RoomKitError `too_many_sessions` when `maxPending` sessions wait for their clients already. */
  connect(roomId: string, participantId: string, channelId: string, metadata: Metadata = {}): VoiceSession {
    const { clock, ids = randomId, connectTimeoutMs = 30_000, maxPending = 1_000 } = this.#options;
    let pending = 0;
    for (const entry of this.#entries.values()) if (entry.state === "connecting") pending++;
    if (pending >= maxPending) {
      throw new RoomKitError("too_many_sessions", `${maxPending} sessions wait for their clients`, { retryable: true });
    }
    const id = ids("session");
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
    const entry: Entry = { session, state: "connecting", connection: undefined, release };
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

  /** The connection of an active session. */
  connectionOf(session: VoiceSession): VoiceConnection | undefined {
    return this.#entries.get(session.id)?.connection;
  }

  /**
   * Binds a session to its client's connection, and tells who waits for that. The session ends with the connection.
   *
   * @throws RoomKitError `unknown_session` when the session is not of this registry or has ended, `session_taken` when it has a
   *   connection already.
   */
  bind(session: VoiceSession, connection: VoiceConnection): void {
    const entry = this.#entries.get(session.id);
    if (!entry || entry.session !== session) {
      throw new RoomKitError("unknown_session", "the session is not of this backend, or has ended");
    }
    if (entry.state !== "connecting") throw new RoomKitError("session_taken", "the session has a connection already");
    entry.release();
    entry.state = "active";
    entry.connection = connection;
    entry.release = connection.onClose((reason) => this.end(session, reason));
    // It may have been over already: then the session has ended, and was never ready.
    if (entry.state === "active") this.#events.emit("ready", { session, connection });
  }

  /** Ends a session and closes its connection; nothing when it has ended. Resolves when the connection's socket is gone. */
  async end(session: VoiceSession, reason: CloseReason): Promise<void> {
    const entry = this.#entries.get(session.id);
    if (!entry || entry.session !== session) return;
    this.#entries.delete(session.id);
    entry.state = "ended";
    entry.release();
    const closing = entry.connection?.close(reason);
    this.#events.emit("ended", { session, reason });
    await closing;
  }

  async endAll(reason: CloseReason): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ session }) => this.end(session, reason)));
  }

  onReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe {
    return this.#events.on("ready", ({ session, connection }) => listener(session, connection));
  }

  onEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#events.on("ended", ({ session, reason }) => listener(session, reason));
  }

  onAudio(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe {
    const entry = (session: VoiceSession, frame: AudioFrame): void => listener(session, frame);
    this.#taps.add(entry);
    return () => {
      this.#taps.delete(entry);
    };
  }

  /** Shows a frame of an active session to the taps. */
  tap(session: VoiceSession, frame: AudioFrame): void {
    for (const tap of this.#taps) {
      try {
        tap(session, frame);
      } catch (error) {
        this.#options.logger.error({ error, session: session.id }, "an audio tap failed");
      }
    }
  }
}
