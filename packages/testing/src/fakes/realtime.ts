import {
  type AudioFormat,
  type AudioFrame,
  abortedError,
  type Clock,
  Emitter,
  type RealtimeCapabilities,
  type RealtimeConnectOptions,
  type RealtimeEvent,
  type RealtimeProvider,
  type RealtimeSession,
  type RealtimeSessionConfig,
  type RoomKitError,
  type Unsubscribe,
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
  readonly connectMs?: number | undefined;
  readonly error?: RoomKitError | undefined;
  readonly inputSampleRate?: number | undefined;
  readonly outputSampleRate?: number | undefined;
  readonly capabilities?: Partial<RealtimeCapabilities> | undefined;
}

/** A speech-to-speech vendor without a network. */
export class ScriptedRealtime implements RealtimeProvider {
  readonly name = "scripted-realtime";
  readonly capabilities: RealtimeCapabilities;
  readonly sessions: ScriptedRealtimeSession[] = [];
  /** What each {@link connect} was told of the caller. */
  readonly connects: RealtimeConnectOptions[] = [];
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

  async connect(config: RealtimeSessionConfig, options: RealtimeConnectOptions): Promise<RealtimeSession> {
    this.connects.push(options);
    const { signal } = options;
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
