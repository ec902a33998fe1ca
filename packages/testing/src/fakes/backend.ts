import {
  type AudioFrame,
  abortedError,
  type CloseReason,
  Emitter,
  type IdSource,
  type Metadata,
  RoomKitError,
  sequentialIds,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Bound {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly accepted: boolean;
  readonly stop: Unsubscribe[];
}

/** A transport without sockets: the test connects callers by hand, to sessions that wait for them or before any is made. */
export class FakeBackend implements VoiceBackend {
  readonly name = "fake";
  readonly capabilities: { nativeEchoCancellation: boolean; nativeGainControl: boolean };
  /** Sessions of {@link connect} that have not ended. */
  readonly sessions: Map<string, Mutable<VoiceSession>> = new Map<string, Mutable<VoiceSession>>();
  /** What {@link sendMessage} was given. */
  readonly messages: unknown[] = [];
  closed = false;
  readonly #ids: IdSource;
  readonly #waiting = new Map<string, { readonly connection: VoiceConnection; readonly stop: Unsubscribe }>();
  readonly #bound = new Map<string, Bound>();
  readonly #events = new Emitter<{
    ready: [VoiceSession, VoiceConnection];
    ended: [VoiceSession, CloseReason];
    connected: [string, Metadata];
    disconnected: [VoiceSession, CloseReason];
    audio: [VoiceSession, AudioFrame];
  }>();

  constructor(ids: IdSource = sequentialIds(), native = false) {
    this.#ids = ids;
    this.capabilities = { nativeEchoCancellation: native, nativeGainControl: native };
  }

  /** Sessions bound to a client now. */
  get bound(): number {
    return this.#bound.size;
  }

  async connect(
    roomId: string,
    participantId: string,
    channelId: string,
    metadata: Metadata = {},
  ): Promise<VoiceSession> {
    const session: Mutable<VoiceSession> = {
      id: this.#ids("vs"),
      roomId,
      participantId,
      channelId,
      state: "connecting",
      metadata: { ...metadata },
    };
    this.sessions.set(session.id, session);
    return session;
  }

  /** The client of a session of {@link connect} has connected. */
  bind(session: VoiceSession, connection: VoiceConnection): void {
    const known = this.sessions.get(session.id);
    if (known) known.state = "active";
    this.#bind(session, connection, false);
    this.#events.emit("ready", [session, connection]);
  }

  /** A client connects for whom no session was made. */
  client(connection: VoiceConnection): void {
    const stop = connection.onClose(() => this.#waiting.delete(connection.id));
    this.#waiting.set(connection.id, { connection, stop });
    this.#events.emit("connected", [connection.id, connection.metadata]);
  }

  async accept(
    session: VoiceSession,
    connectionId: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VoiceConnection> {
    if (signal?.aborted) throw abortedError(signal);
    const waiting = this.#waiting.get(connectionId);
    if (!waiting) throw new RoomKitError("unknown_connection", "no such client");
    const { connection, stop } = waiting;
    stop();
    this.#waiting.delete(connectionId);
    this.#bind(session, connection, true);
    return connection;
  }

  onSessionReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe {
    return this.#events.on("ready", ([session, connection]) => listener(session, connection));
  }

  onSessionEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#events.on("ended", ([session, reason]) => listener(session, reason));
  }

  onClientConnected(listener: (connectionId: string, metadata: Metadata) => unknown): Unsubscribe {
    return this.#events.on("connected", ([id, metadata]) => listener(id, metadata));
  }

  onClientDisconnected(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#events.on("disconnected", ([session, reason]) => listener(session, reason));
  }

  onAudioReceived(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe {
    return this.#events.on("audio", ([session, frame]) => listener(session, frame));
  }

  async sendAudio(session: VoiceSession, audio: AudioFrame | AsyncIterable<AudioFrame>): Promise<void> {
    const connection = this.#connectionOf(session);
    const utterance = this.#ids("utterance");
    if ("samples" in audio) connection.play(utterance, audio);
    else for await (const frame of audio) connection.play(utterance, frame);
    connection.endUtterance(utterance);
  }

  async sendMessage(session: VoiceSession, message: Readonly<Record<string, unknown>>): Promise<void> {
    this.#connectionOf(session);
    this.messages.push(message);
  }

  async disconnect(session: VoiceSession, reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    const connection = this.#bound.get(session.id)?.connection;
    if (connection) await connection.close(reason);
    else this.#end(session, reason);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const { connection } of [...this.#waiting.values()]) await connection.close();
    for (const { session } of [...this.#bound.values()]) await this.disconnect(session);
    for (const session of [...this.sessions.values()]) await this.disconnect(session);
  }

  #bind(session: VoiceSession, connection: VoiceConnection, accepted: boolean): void {
    const bound: Bound = { session, connection, accepted, stop: [] };
    this.#bound.set(session.id, bound);
    bound.stop.push(
      connection.onAudio((frame) => this.#events.emit("audio", [session, frame])),
      connection.onClose((reason) => this.#end(session, reason)),
    );
  }

  #connectionOf(session: VoiceSession): VoiceConnection {
    const connection = this.#bound.get(session.id)?.connection;
    if (!connection) throw new RoomKitError("unknown_session", "the session has no connection");
    return connection;
  }

  #end(session: VoiceSession, reason: CloseReason): void {
    const bound = this.#bound.get(session.id);
    const known = this.sessions.get(session.id);
    if (!bound && !known) return;
    if (known) known.state = "ended";
    this.sessions.delete(session.id);
    this.#bound.delete(session.id);
    for (const stop of bound?.stop ?? []) stop();
    if (bound?.accepted) this.#events.emit("disconnected", [session, reason]);
    this.#events.emit("ended", [session, reason]);
  }
}
