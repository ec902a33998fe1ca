import {
  type AudioFormat,
  type AudioFrame,
  abortedError,
  type Clock,
  type CloseReason,
  Emitter,
  type Metadata,
  type RealtimeCapabilities,
  type RealtimeConnectOptions,
  type RealtimeEvent,
  type RealtimeProvider,
  type RealtimeSession,
  type RealtimeSessionConfig,
  type RealtimeTransport,
  RoomKitError,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";

/** One session of the scripted vendor: the test says what it says, and reads what it was told. */
export class ScriptedRealtimeSession implements RealtimeSession {
  readonly id: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly config: RealtimeSessionConfig;
  responding = false;
  closed = false;
  /** Frames it was sent. */
  readonly heard: AudioFrame[] = [];
  /** Everything else it was told, as `[method, ...arguments]`. */
  readonly calls: unknown[][] = [];
  readonly #events = new Emitter<{ event: RealtimeEvent }>((error) => {
    throw error;
  });

  constructor(id: string, config: RealtimeSessionConfig, rates: { readonly input: number; readonly output: number }) {
    this.id = id;
    this.config = config;
    this.inbound = { sampleRate: rates.input, channels: 1 } as const;
    this.outbound = { sampleRate: rates.output, channels: 1 } as const;
  }

  get listeners(): number {
    return this.#events.listenerCount();
  }

  /** The vendor says something. */
  say(event: RealtimeEvent): void {
    if (event.type === "response-start") this.responding = true;
    if (event.type === "response-end") this.responding = false;
    this.#events.emit("event", event);
  }

  onEvent(listener: (event: RealtimeEvent) => void): Unsubscribe {
    return this.#events.on("event", listener);
  }

  sendAudio(frame: AudioFrame): void {
    this.heard.push(frame);
  }

  sendText(...args: unknown[]): void {
    this.calls.push(["sendText", ...args]);
  }

  activityStart(): void {
    this.calls.push(["activityStart"]);
  }

  activityEnd(): void {
    this.calls.push(["activityEnd"]);
  }

  interrupt(): void {
    this.calls.push(["interrupt"]);
  }

  truncate(itemId: string, playedMs: number): void {
    this.calls.push(["truncate", itemId, playedMs]);
  }

  submitToolResult(...args: unknown[]): void {
    this.calls.push(["submitToolResult", ...args]);
  }

  async update(config: Partial<RealtimeSessionConfig>): Promise<void> {
    this.calls.push(["update", config]);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.calls.push(["close"]);
  }
}

export interface ScriptedRealtimeOptions {
  readonly clock: Clock;
  /** Time the handshake takes, in ms. */
  readonly connectMs?: number;
  readonly error?: RoomKitError;
  readonly inputSampleRate?: number;
  readonly outputSampleRate?: number;
  readonly capabilities?: Partial<RealtimeCapabilities>;
}

/** A speech-to-speech vendor without a network. */
export class ScriptedRealtime implements RealtimeProvider {
  readonly name = "scripted-realtime";
  readonly capabilities: RealtimeCapabilities;
  readonly sessions: ScriptedRealtimeSession[] = [];
  closed = false;
  readonly #options: ScriptedRealtimeOptions;

  constructor(options: ScriptedRealtimeOptions) {
    this.#options = options;
    this.capabilities = {
      inputSampleRates: [options.inputSampleRate ?? 16_000],
      outputSampleRates: [options.outputSampleRate ?? 24_000],
      truncation: true,
      serverTurnDetection: true,
      midSessionUpdate: true,
      resumption: false,
      ...options.capabilities,
    };
  }

  async connect(config: RealtimeSessionConfig, { signal }: RealtimeConnectOptions): Promise<RealtimeSession> {
    const { clock, connectMs = 0, error } = this.#options;
    if (connectMs > 0) await clock.sleep(connectMs, signal);
    if (signal.aborted) throw abortedError(signal);
    if (error) throw error;
    const rates = { input: this.#options.inputSampleRate ?? 16_000, output: this.#options.outputSampleRate ?? 24_000 };
    const session = new ScriptedRealtimeSession(`rs_${this.sessions.length + 1}`, config, rates);
    this.sessions.push(session);
    return session;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** A realtime transport without sockets: the test connects clients by hand. */
export class FakeRealtimeTransport implements RealtimeTransport {
  readonly name = "fake-realtime";
  readonly capabilities = { nativeEchoCancellation: true, nativeGainControl: true };
  readonly messages: unknown[] = [];
  closed = false;
  readonly #waiting = new Map<string, VoiceConnection>();
  readonly #accepted = new Map<string, { readonly connection: VoiceConnection; readonly stop: Unsubscribe[] }>();
  readonly #events = new Emitter<{
    connected: [string, Metadata];
    disconnected: [VoiceSession, CloseReason];
    audio: [VoiceSession, AudioFrame];
  }>();

  /** Sessions bound to a client now. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** A client connects. */
  client(connection: VoiceConnection): void {
    this.#waiting.set(connection.id, connection);
    this.#events.emit("connected", [connection.id, connection.metadata]);
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

  async accept(session: VoiceSession, connectionId: string): Promise<VoiceConnection> {
    const connection = this.#waiting.get(connectionId);
    if (!connection) throw new RoomKitError("unknown_connection", "no such client");
    this.#waiting.delete(connectionId);
    const stop = [
      connection.onAudio((frame) => this.#events.emit("audio", [session, frame])),
      connection.onClose((reason) => {
        this.#release(session.id);
        this.#events.emit("disconnected", [session, reason]);
      }),
    ];
    this.#accepted.set(session.id, { connection, stop });
    return connection;
  }

  async sendAudio(): Promise<void> {}

  async sendMessage(_session: VoiceSession, message: Readonly<Record<string, unknown>>): Promise<void> {
    this.messages.push(message);
  }

  async disconnect(session: VoiceSession, reason: CloseReason = { code: "server_closed", message: "" }): Promise<void> {
    const accepted = this.#accepted.get(session.id);
    if (!accepted) return;
    this.#release(session.id);
    await accepted.connection.close(reason);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const id of [...this.#accepted.keys()]) {
      const accepted = this.#accepted.get(id);
      this.#release(id);
      await accepted?.connection.close();
    }
  }

  #release(sessionId: string): void {
    for (const stop of this.#accepted.get(sessionId)?.stop ?? []) stop();
    this.#accepted.delete(sessionId);
  }
}
