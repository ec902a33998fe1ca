import {
  type AudioFrame,
  abortedError,
  type Cancel,
  type Clock,
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
import { LabLine } from "../lab/line.ts";
import { FakeConnection } from "./connection.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Bound {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly accepted: boolean;
  readonly stop: Unsubscribe[];
}

export interface FakeBackendOptions {
  /** Time of the waiting. Default: nobody's patience ends. */
  readonly clock?: Clock | undefined;
  /** How long a session waits for its client, and a client for its session, ms. Default 30,000. */
  readonly patienceMs?: number | undefined;
}

const AHEAD_MS = 1_000;

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
  readonly #options: FakeBackendOptions;
  /** Patience of the sessions that wait, by id. */
  readonly #patience = new Map<string, Cancel>();
  readonly #waiting = new Map<string, { readonly connection: VoiceConnection; readonly stop: Unsubscribe }>();
  readonly #bound = new Map<string, Bound>();
  readonly #events = new Emitter<{
    ready: [VoiceSession, VoiceConnection];
    ended: [VoiceSession, CloseReason];
    connected: [string, Metadata];
    disconnected: [VoiceSession, CloseReason];
    audio: [VoiceSession, AudioFrame];
  }>();

  constructor(ids: IdSource = sequentialIds(), native = false, options: FakeBackendOptions = {}) {
    this.#ids = ids;
    this.#options = options;
    this.capabilities = { nativeEchoCancellation: native, nativeGainControl: native };
  }

  /** Sessions bound to a client now. */
  get bound(): number {
    return this.#bound.size;
  }

  /** Clients that wait for a session. */
  get waiting(): number {
    return this.#waiting.size;
  }

  async connect(
    roomId: string,
    participantId: string,
    channelId: string,
    metadata: Metadata = {},
  ): Promise<VoiceSession> {
    this.#assertOpen();
    const session: Mutable<VoiceSession> = {
      id: this.#ids("vs"),
      roomId,
      participantId,
      channelId,
      state: "connecting",
      metadata: { ...metadata },
    };
    this.sessions.set(session.id, session);
    const reason: CloseReason = { code: "connect_timeout", message: "the session's client did not come" };
    this.#patience.set(
      session.id,
      this.#after(() => this.#end(session, reason)),
    );
    return session;
  }

  /** The client of a session of {@link connect} has connected. It is sent away when the session is over, or has a client. */
  bind(session: VoiceSession, connection: VoiceConnection): void {
    const known = this.sessions.get(session.id);
    if (known !== session || known.state !== "connecting") {
      void connection.close({ code: "session_failed", message: "the session is not free" });
      return;
    }
    known.state = "active";
    this.#bind(session, connection, false, () => this.#events.emit("ready", [session, connection]));
  }

  /** A client connects for whom no session was made. */
  client(connection: VoiceConnection): void {
    const reason: CloseReason = { code: "accept_timeout", message: "no session was started on the connection" };
    const cancel = this.#after(() => void connection.close(reason));
    const unsubscribe = connection.onClose(() => this.#forget(connection.id));
    const stop = (): void => {
      cancel();
      unsubscribe();
    };
    this.#waiting.set(connection.id, { connection, stop });
    this.#events.emit("connected", [connection.id, connection.metadata]);
  }

  async accept(
    session: VoiceSession,
    connectionId: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<VoiceConnection> {
    this.#assertOpen();
    if (signal?.aborted) throw abortedError(signal);
    const waiting = this.#waiting.get(connectionId);
    if (!waiting) {
      const taken = [...this.#bound.values()].some(({ connection }) => connection.id === connectionId);
      throw new RoomKitError(taken ? "connection_taken" : "unknown_connection", "no such client waits");
    }
    if (this.#bound.has(session.id) || this.sessions.has(session.id))
      throw new RoomKitError("session_taken", "the session is not free");
    this.#forget(connectionId);
    this.#bind(session, waiting.connection, true);
    return waiting.connection;
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
    const { connection } = this.#boundTo(session);
    const utterance = this.#ids("utterance");
    if ("samples" in audio) connection.play(utterance, audio);
    else await this.#playStream(connection, utterance, audio);
    connection.endUtterance(utterance);
  }

  async sendMessage(session: VoiceSession, message: Readonly<Record<string, unknown>>): Promise<void> {
    const { connection } = this.#boundTo(session);
    try {
      JSON.stringify(message);
    } catch {
      throw new RoomKitError("invalid_message", "an application's message is JSON");
    }
    this.messages.push(message);
    if (connection instanceof FakeConnection) connection.raw.push(message);
    else if (connection instanceof LabLine) connection.sendRaw(message);
  }

  async disconnect(session: VoiceSession, reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    const bound = this.#bound.get(session.id);
    if (bound?.session === session) await bound.connection.close(reason);
    else this.#end(session, reason);
  }

  async close(): Promise<void> {
    this.closed = true;
    const reason: CloseReason = { code: "draining", message: "the transport closes" };
    for (const { connection } of [...this.#waiting.values()]) await connection.close(reason);
    for (const { session } of [...this.#bound.values()]) await this.disconnect(session, reason);
    for (const session of [...this.sessions.values()]) await this.disconnect(session, reason);
  }

  #bind(session: VoiceSession, connection: VoiceConnection, accepted: boolean, then: () => void = () => {}): void {
    this.#release(session.id);
    const bound: Bound = { session, connection, accepted, stop: [] };
    this.#bound.set(session.id, bound);
    bound.stop.push(connection.onClose((reason) => this.#end(session, reason)));
    if (!this.#bound.has(session.id)) return;
    const tap = (frame: AudioFrame): void => this.#events.emit("audio", [session, frame]);
    const tapped = connection instanceof FakeConnection || connection instanceof LabLine;
    bound.stop.push(tapped ? connection.onReceived(tap) : connection.onAudio(tap));
    then();
  }

  async #playStream(connection: VoiceConnection, utterance: string, audio: AsyncIterable<AudioFrame>): Promise<void> {
    const gone = new AbortController();
    const left = new Promise<{ done: true; value: undefined }>((resolve) =>
      gone.signal.addEventListener("abort", () => resolve({ done: true, value: undefined })),
    );
    const stop = connection.onClose(() => gone.abort());
    const source = audio[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await Promise.race([source.next(), left]);
        if (done || connection.closed) return;
        connection.play(utterance, value);
        await connection.writable(AHEAD_MS, gone.signal);
      }
    } finally {
      stop();
      if (connection.closed) void source.return?.();
    }
  }

  #boundTo(session: VoiceSession): Bound {
    const bound = this.#bound.get(session.id);
    if (bound?.session !== session) throw new RoomKitError("unknown_session", "the session has no connection");
    return bound;
  }

  #end(session: VoiceSession, reason: CloseReason): void {
    const bound = this.#bound.get(session.id);
    const known = this.sessions.get(session.id);
    if (bound?.session !== session && known !== session) return;
    if (known) known.state = "ended";
    this.#release(session.id);
    this.sessions.delete(session.id);
    this.#bound.delete(session.id);
    for (const stop of bound?.stop ?? []) stop();
    if (bound?.accepted) this.#events.emit("disconnected", [session, reason]);
    this.#events.emit("ended", [session, reason]);
  }

  #after(handler: () => void): Cancel {
    const { clock, patienceMs = 30_000 } = this.#options;
    return clock ? clock.setTimeout(handler, patienceMs) : () => {};
  }

  #release(sessionId: string): void {
    this.#patience.get(sessionId)?.();
    this.#patience.delete(sessionId);
  }

  #forget(connectionId: string): void {
    this.#waiting.get(connectionId)?.stop();
    this.#waiting.delete(connectionId);
  }

  #assertOpen(): void {
    if (this.closed) throw new RoomKitError("closed", "the transport is closed");
  }
}
