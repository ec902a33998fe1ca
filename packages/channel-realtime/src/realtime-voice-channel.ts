import {
  abortedError,
  type Binding,
  type Channel,
  ChannelCategory,
  type ChannelHost,
  type CloseReason,
  eventText,
  type Metadata,
  type RealtimeSession,
  RoomKitError,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import { ToolSet } from "@roomkit/tools";
import {
  type RealtimeSettings,
  type RealtimeVoiceChannelOptions,
  resolveOptions,
  type SessionOverrides,
  sessionConfig,
} from "./options.ts";
import { InboundAudio } from "./session/inbound.ts";
import { RealtimeCall } from "./session/realtime-call.ts";

export interface StartSessionOptions extends SessionOverrides {
  /** The transport's connection: what `onClientConnected` was called with. */
  readonly connection: string;
  readonly metadata?: Metadata;
  /** Gives up the start; everything begun is undone. */
  readonly signal?: AbortSignal;
}

/** How long the last words of a call may take to the room before its end is told, ms. */
const LAST_WORDS_MS = 2_000;

type MutableSession = { -readonly [K in keyof VoiceSession]: VoiceSession[K] };

interface Running {
  readonly session: MutableSession;
  readonly call: RealtimeCall;
  readonly provider: RealtimeSession;
  readonly release: () => void;
}

/** A speech-to-speech model as a voice in a room: the provider hears and speaks, the room keeps what was said and heard. */
export class RealtimeVoiceChannel implements Channel {
  readonly id: string;
  readonly kind = "realtime-voice";
  readonly category: typeof ChannelCategory.TRANSPORT = ChannelCategory.TRANSPORT;
  readonly #settings: RealtimeSettings;
  readonly #sessions = new Map<string, Running>();
  /** Sessions that are being started: ending them gives the start up. */
  readonly #starting = new Map<string, AbortController>();
  readonly #tools: ToolSet;
  /** Ends with the channel: nobody is left to be told of a tool that still runs. */
  readonly #lifetime = new AbortController();
  readonly #subscriptions: Unsubscribe[] = [];
  #host: ChannelHost | undefined;

  /** @throws RoomKitError `invalid_option`. */
  constructor(id: string, options: RealtimeVoiceChannelOptions) {
    this.id = id;
    this.#settings = resolveOptions(options);
    this.#tools = new ToolSet(this.#settings.tools);
  }

  get sessions(): readonly VoiceSession[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  register(host: ChannelHost): void {
    if (this.#host) throw new RoomKitError("already_registered", `channel ${this.id} is registered already`);
    this.#host = host;
    const { transport } = this.#settings;
    this.#subscriptions.push(transport.onClientDisconnected((session, reason) => void this.#end(session.id, reason)));
  }

  /**
   * Joins a connected client, a new provider session and a room. Whole or not at all: on any failure, and when `signal` aborts or
   * the client leaves meanwhile, everything begun is undone.
   *
   * @throws RoomKitError `not_attached`, `unknown_connection`, `invalid_option` (rates differ and no resampler was given), `timeout`, `aborted`,
   *   or the provider's code.
   */
  async startSession(roomId: string, participantId: string, options: StartSessionOptions): Promise<VoiceSession> {
    const host = this.#registered();
    if (!host.binding(roomId, this.id))
      throw new RoomKitError("not_attached", `channel ${this.id} is not attached to the room`);
    const session: MutableSession = {
      id: host.ids("vs"),
      roomId,
      participantId,
      channelId: this.id,
      state: "connecting",
      metadata: { ...options.metadata },
    };
    const giveUp = new AbortController();
    const signal = options.signal ? AbortSignal.any([giveUp.signal, options.signal]) : giveUp.signal;
    const undo: (() => void | Promise<void>)[] = [() => void this.#starting.delete(session.id)];
    this.#starting.set(session.id, giveUp);
    try {
      if (signal.aborted) throw abortedError(signal);
      await this.#start(session, options, signal, giveUp, undo);
    } catch (error) {
      session.state = "ended";
      giveUp.abort(error);
      for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => {});
      throw RoomKitError.from(error, "session_failed");
    }
    this.#starting.delete(session.id);
    host.emit("voice_session_started", { session });
    host.notifyHooks("ON_SESSION_STARTED", { session, roomId });
    return session;
  }

  /** Ends a session for both sides; idempotent. */
  async endSession(
    sessionId: string,
    reason: CloseReason = { code: "server_closed", message: "the session was ended" },
  ): Promise<void> {
    await this.#end(sessionId, reason);
  }

  /** Puts text into a session's conversation; `respond` (default true) asks for an answer. @throws RoomKitError `unknown_session`. */
  sendText(
    sessionId: string,
    text: string,
    options?: { readonly role?: "user" | "system"; readonly respond?: boolean },
  ): void {
    this.#running(sessionId).call.sendText(text, options);
  }

  /** Silences the model for a session. */
  interrupt(sessionId: string): void {
    this.#sessions.get(sessionId)?.call.interrupt();
  }

  /** Changes what a running session's model is told to be. @throws RoomKitError `unknown_session`, `unsupported`. */
  async reconfigure(sessionId: string, overrides: SessionOverrides): Promise<void> {
    const { provider } = this.#running(sessionId);
    if (!this.#settings.provider.capabilities.midSessionUpdate) {
      throw new RoomKitError("unsupported", `${this.#settings.provider.name} cannot change a running session`);
    }
    // Only what is given changes: the rest of the session stays as it is.
    const { systemPrompt, voice, language, temperature, providerOptions } = overrides;
    await provider.update({
      ...(systemPrompt === undefined ? {} : { instructions: systemPrompt }),
      ...(voice === undefined ? {} : { voice }),
      ...(language === undefined ? {} : { language }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(providerOptions === undefined ? {} : { providerOptions }),
    });
  }

  async leave(session: VoiceSession, reason: string): Promise<void> {
    await this.#end(session.id, { code: reason, message: "the session left its room" });
  }

  onBindingChanged(binding: Binding): void {
    if (!binding.outputMuted) return;
    for (const { session, call } of this.#sessions.values()) if (session.roomId === binding.roomId) call.interrupt();
  }

  async onDetached(roomId: string): Promise<void> {
    const leaving = [...this.#sessions.values()].filter(({ session }) => session.roomId === roomId);
    await Promise.all(
      leaving.map(({ session }) => this.#end(session.id, { code: "detached", message: "the channel was detached" })),
    );
  }

  async close(): Promise<void> {
    const reason = { code: "draining", message: "the server is closing" };
    await Promise.all([...this.#sessions.keys(), ...this.#starting.keys()].map((id) => this.#end(id, reason)));
    this.#lifetime.abort(new RoomKitError("aborted", "the channel was closed"));
    for (const stop of this.#subscriptions) stop();
    const results = await Promise.allSettled([this.#settings.provider.close?.(), this.#settings.transport.close()]);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw RoomKitError.from(failed.reason);
  }

  async #start(
    session: MutableSession,
    options: StartSessionOptions,
    signal: AbortSignal,
    giveUp: AbortController,
    undo: (() => void | Promise<void>)[],
  ): Promise<void> {
    const host = this.#registered();
    const settings = this.#settings;
    const { provider: vendor, transport } = settings;
    const connection = await transport.accept(session, options.connection, { signal });
    undo.push(() => transport.disconnect(session, { code: "session_failed", message: "the session could not start" }));
    undo.push(
      connection.onClose((reason) =>
        giveUp.abort(new RoomKitError("connection_closed", `the client has gone: ${reason.code}`)),
      ),
    );
    // From here on nothing the caller says is lost: they speak as soon as they are connected.
    const inbound = new InboundAudio(settings.handshakeBufferMs, settings.createResampler);
    undo.push(() => inbound.close());
    let call: RealtimeCall | undefined;
    undo.push(
      connection.onAudio((frame) => {
        if (!call || call.mayHear) inbound.push(frame);
      }),
    );
    const history = await this.#history(session.roomId);
    const config = sessionConfig(settings, this.#tools.definitions, options, history);
    const rates = { inputSampleRate: connection.inbound.sampleRate, outputSampleRate: connection.outbound.sampleRate };
    const connecting = vendor.connect(config, { signal, ...rates });
    // A handshake that finishes after it was given up leaves no session behind.
    connecting.then(
      (late) => {
        if (signal.aborted) void late.close();
      },
      () => {},
    );
    const provider = await withTimeout(connecting, settings.connectTimeoutMs, {
      clock: host.clock,
      signal,
      what: `connecting to ${vendor.name}`,
    });
    undo.push(() => provider.close());
    this.#checkRates(connection, provider);
    call = new RealtimeCall({
      host,
      settings,
      channelId: this.id,
      session,
      connection,
      provider,
      inbound,
      tools: {
        tools: this.#tools,
        lifetime: this.#lifetime.signal,
        toolLimits: { timeoutMs: settings.toolTimeoutMs, resultMaxLength: settings.toolResultMaxLength },
      },
      onEnded: (reason) =>
        void this.#end(session.id, { code: reason, message: "the speech provider ended the session" }),
    });
    undo.push(() => void call?.close());
    if (signal.aborted) throw abortedError(signal);
    session.state = "active";
    // Undoing a start and ending a session release the same things; the transport's own goodbye is the end's to say.
    const release = (): void => {
      for (const step of undo.slice(2).reverse()) void Promise.resolve(step()).catch(() => {});
    };
    this.#sessions.set(session.id, { session, call, provider, release });
    inbound.open(provider, connection.inbound.sampleRate);
    const greeting = options.greetingPrompt ?? settings.greetingPrompt;
    if (greeting !== undefined) call.sendText(greeting, { role: "system" });
  }

  async #end(sessionId: string, reason: CloseReason): Promise<void> {
    this.#starting.get(sessionId)?.abort(new RoomKitError("aborted", `the session was ended: ${reason.code}`));
    const running = this.#sessions.get(sessionId);
    if (!running) return;
    this.#sessions.delete(sessionId);
    const { session, call, release } = running;
    const host = this.#registered();
    session.state = "ended";
    release();
    // Whoever hears of the end finds the last words in the room; a hook that hangs does not hold it up for long.
    await withTimeout(call.close(), LAST_WORDS_MS, { clock: host.clock, what: "storing the last words" }).catch(
      () => {},
    );
    host.emit("voice_session_ended", { session, reason: reason.code });
    host.notifyHooks("ON_SESSION_ENDED", { session, roomId: session.roomId, reason: reason.code });
    await this.#settings.transport.disconnect(session, reason).catch(() => {});
  }

  /** The earlier conversation, so that a caller who comes back is not a stranger. */
  async #history(roomId: string): Promise<readonly { readonly role: "user" | "assistant"; readonly text: string }[]> {
    const last = this.#settings.historyEvents;
    if (last === 0) return [];
    const events = await this.#registered().timeline(roomId, this.id, { last });
    return events.flatMap((event) => {
      const { role } = event.source;
      const text = eventText(event);
      return text === "" || role === "system" || event.status !== "delivered" ? [] : [{ role, text }];
    });
  }

  #checkRates(connection: VoiceConnection, provider: RealtimeSession): void {
    const same =
      connection.inbound.sampleRate === provider.inbound.sampleRate &&
      connection.outbound.sampleRate === provider.outbound.sampleRate;
    if (same || this.#settings.createResampler) return;
    throw new RoomKitError("invalid_option", "transport and provider use different rates: pass createResampler", {
      details: {
        transport: [connection.inbound, connection.outbound],
        provider: [provider.inbound, provider.outbound],
      },
    });
  }

  #running(sessionId: string): Running {
    const running = this.#sessions.get(sessionId);
    if (!running) throw new RoomKitError("unknown_session", "there is no such session");
    return running;
  }

  #registered(): ChannelHost {
    if (!this.#host) throw new RoomKitError("not_registered", `channel ${this.id} was not registered with a RoomKit`);
    return this.#host;
  }
}
