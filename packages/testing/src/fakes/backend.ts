import {
  type AudioFrame,
  type CloseReason,
  Emitter,
  type IdSource,
  type Metadata,
  sequentialIds,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A transport without sockets: the test connects callers by hand. */
export class FakeBackend implements VoiceBackend {
  readonly name = "fake";
  readonly capabilities = { nativeEchoCancellation: false, nativeGainControl: false };
  readonly sessions: Map<string, Mutable<VoiceSession>> = new Map<string, Mutable<VoiceSession>>();
  closed = false;
  readonly #ids: IdSource;
  readonly #connections = new Map<string, { readonly connection: VoiceConnection; readonly stop: Unsubscribe[] }>();
  readonly #ready = new Emitter<{
    ready: [VoiceSession, VoiceConnection];
    ended: [VoiceSession, CloseReason];
    audio: [VoiceSession, AudioFrame];
  }>();

  constructor(ids: IdSource = sequentialIds()) {
    this.#ids = ids;
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

  /** The session's client has connected. */
  bind(session: VoiceSession, connection: VoiceConnection): void {
    const known = this.sessions.get(session.id);
    if (known) known.state = "active";
    const stop = [
      connection.onAudio((frame) => this.#ready.emit("audio", [session, frame])),
      connection.onClose((reason) => this.#end(session, reason)),
    ];
    this.#connections.set(session.id, { connection, stop });
    this.#ready.emit("ready", [session, connection]);
  }

  onSessionReady(listener: (session: VoiceSession, connection: VoiceConnection) => void): Unsubscribe {
    return this.#ready.on("ready", ([session, connection]) => listener(session, connection));
  }

  onSessionEnded(listener: (session: VoiceSession, reason: CloseReason) => void): Unsubscribe {
    return this.#ready.on("ended", ([session, reason]) => listener(session, reason));
  }

  onAudioReceived(listener: (session: VoiceSession, frame: AudioFrame) => void): Unsubscribe {
    return this.#ready.on("audio", ([session, frame]) => listener(session, frame));
  }

  async disconnect(session: VoiceSession, reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    const connection = this.#connections.get(session.id)?.connection;
    if (connection) await connection.close(reason);
    else this.#end(session, reason);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const session of [...this.sessions.values()]) await this.disconnect(session);
  }

  #end(session: VoiceSession, reason: CloseReason): void {
    const known = this.sessions.get(session.id);
    if (!known) return;
    known.state = "ended";
    this.sessions.delete(session.id);
    for (const stop of this.#connections.get(session.id)?.stop ?? []) stop();
    this.#connections.delete(session.id);
    this.#ready.emit("ended", [session, reason]);
  }
}
