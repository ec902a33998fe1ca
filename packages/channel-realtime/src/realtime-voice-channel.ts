import { type CallRecording, ChannelSessions, dtmfModes, type SendDtmfOptions } from "@roomkit/call";
import {
  type AttendableCall,
  type AttendableCalls,
  assertOptions,
  type Binding,
  type Channel,
  ChannelCategory,
  type ChannelHost,
  type CloseReason,
  type DrainOptions,
  defined,
  type Metadata,
  RoomKitError,
  type SendTextOptions,
  type StageControl,
  type VoiceSession,
} from "@roomkit/core";
import { ToolSet } from "@roomkit/tools";
import {
  type RealtimeSettings,
  type RealtimeVoiceChannelOptions,
  resolveOptions,
  type SessionOverrides,
  sessionUpdate,
} from "./options.ts";
import { otherAssistants } from "./other-assistants.ts";
import type { RealtimeCall } from "./session/realtime-call.ts";
import { startCall } from "./session/start-call.ts";

export interface StartSessionOptions extends SessionOverrides {
  /** The transport's connection: what `onClientConnected` was called with. */
  readonly connection: string;
  readonly metadata?: Metadata | undefined;
  /** Gives up the start; everything begun is undone. */
  readonly signal?: AbortSignal | undefined;
}

type MutableSession = { -readonly [K in keyof VoiceSession]: VoiceSession[K] };

/**
 * A speech-to-speech model as a voice in a room: the provider hears and speaks, the room keeps what was said and heard. A session
 * begins with {@link startSession} on a client that connected, or with `kit.join` of a session that the transport's mount made.
 */
export class RealtimeVoiceChannel implements Channel, AttendableCalls {
  readonly id: string;
  readonly kind = "realtime-voice";
  readonly category: typeof ChannelCategory.TRANSPORT = ChannelCategory.TRANSPORT;
  readonly #settings: RealtimeSettings;
  readonly #sessions: ChannelSessions<RealtimeCall>;
  /** Ends with the channel: nobody is left to be told of a tool that still runs. */
  readonly #lifetime = new AbortController();
  /** What a session begun here has differently from its channel. */
  readonly #overrides = new WeakMap<VoiceSession, SessionOverrides>();

  /** @throws RoomKitError `invalid_option`. */
  constructor(id: string, options: RealtimeVoiceChannelOptions) {
    assertOptions("RealtimeVoiceChannel", options, {
      required: ["provider", "transport"],
      string: ["systemPrompt", "voice", "language", "greetingPrompt"],
      oneOf: { turnDetection: ["server", "manual"], dtmfMode: dtmfModes },
      number: [
        "temperature",
        "maxHandoffs",
        "historyEvents",
        "joinTimeoutMs",
        "connectTimeoutMs",
        "handshakeBufferMs",
        "maxBufferedMs",
        "toolTimeoutMs",
        "toolResultMaxLength",
      ],
      boolean: ["emitTranscriptionEvents", "muteOnToolCall"],
      function: ["createResampler", "dtmfTones"],
      object: ["provider", "transport", "providerOptions", "pipeline", "assistants"],
      objects: ["tools"],
    });
    this.id = id;
    this.#settings = resolveOptions(options);
    const settings = this.#settings;
    const tools = new ToolSet(settings.tools);
    const others = otherAssistants(id, settings);
    const toolLimits = { timeoutMs: settings.toolTimeoutMs, resultMaxLength: settings.toolResultMaxLength };
    this.#sessions = new ChannelSessions({
      channelId: id,
      backend: settings.transport,
      joinTimeoutMs: settings.joinTimeoutMs,
      needs: [settings.provider],
      providers: { realtime: settings.provider.name },
      onEnd: (session) => {
        // The transport keeps the state of the sessions it made itself.
        if (this.#overrides.has(session)) (session as MutableSession).state = "ended";
      },
      start: ({ session, connection, signal, kept }) => {
        const overrides = this.#overrides.get(session) ?? {};
        const own = { config: sessionUpdate({ ...settings, ...defined(overrides) }), tools };
        return startCall({
          host: this.#sessions.host,
          settings,
          channelId: id,
          session,
          connection,
          tools: {
            ...{ lifetime: this.#lifetime.signal, toolLimits, maxHandoffs: settings.maxHandoffs },
            assistants: new Map([[id, own], ...others(own.config)]),
          },
          overrides,
          resumed: kept !== undefined,
          signal,
          onEnded: (code) =>
            void this.endSession(session.id, { code, message: "the speech provider ended the session" }),
        });
      },
    });
  }

  get sessions(): readonly VoiceSession[] {
    return this.#sessions.calls.map(({ session }) => session);
  }

  register(host: ChannelHost): void {
    this.#sessions.register(host);
  }

  /**
   * Joins a connected client, a new provider session and a room. Whole or not at all: on any failure, and when `signal` aborts or
   * the client leaves meanwhile, everything begun is undone.
   *
   * @throws RoomKitError `not_attached`, `unknown_connection`, `invalid_option` (rates differ and no resampler was given), `timeout`, `aborted`,
   *   or the provider's code.
   */
  async startSession(roomId: string, participantId: string, options: StartSessionOptions): Promise<VoiceSession> {
    const { host } = this.#sessions;
    if (!host.binding(roomId, this.id))
      throw new RoomKitError("not_attached", `channel ${this.id} is not attached to the room`);
    const { connection: connectionId, metadata, signal, ...overrides } = options;
    const session: MutableSession = {
      id: host.ids("vs"),
      roomId,
      participantId,
      channelId: this.id,
      state: "connecting",
      metadata: { ...metadata },
    };
    this.#overrides.set(session, overrides);
    const { transport } = this.#settings;
    try {
      const connection = await transport.accept(session, connectionId, { signal });
      await this.#sessions.begin(session, connection, signal);
      session.state = "active";
    } catch (error) {
      session.state = "ended";
      await transport.disconnect(session, {
        code: "session_failed",
        message: "the session could not start",
        failed: true,
      });
      throw RoomKitError.from(error, "session_failed");
    }
    return session;
  }

  /** Ends a session for both sides; idempotent. */
  async endSession(
    sessionId: string,
    reason: CloseReason = { code: "server_closed", message: "the session was ended" },
  ): Promise<void> {
    const session = this.#sessions.find(sessionId);
    if (!session) return;
    await this.#sessions.end(session, reason.code);
    await this.#settings.transport.disconnect(session, reason);
  }

  /** Puts text into a session's conversation; `respond` (default true) asks for an answer. @throws RoomKitError `unknown_session`. */
  sendText(sessionId: string, text: string, options?: SendTextOptions): void {
    this.#sessions.call(sessionId).sendText(text, options);
  }

  /**
   * Has the model say a text to a session's caller. A speech-to-speech model is asked to: it may say it in words of its own, and
   * what it said and the caller heard is what the room keeps. @throws RoomKitError `unknown_session`.
   */
  say(sessionId: string, text: string): void {
    this.sendText(sessionId, `Say this to the caller now, word for word: ${text}`, { role: "system" });
  }

  /**
   * Presses keys for a session's caller, who may be a machine: sends touch tones as `dtmfMode` says, after what is queued of the model's speech.
   * Resolves when all of them are queued. They are in no log and no transcript.
   * @throws RoomKitError `unsupported` (the client takes no events, and no `dtmfTones` was given), `unknown_session`, `queue_full` (retryable: more
   *   than 15 s would be queued), `invalid_digits`, `invalid_option`.
   */
  async sendDtmf(sessionId: string, digits: string, options: Omit<SendDtmfOptions, "signal"> = {}): Promise<void> {
    this.#sessions.call(sessionId).sendDtmf(digits, options);
  }

  /** With `turnDetection: "manual"`: the caller's turn begins. @throws RoomKitError `unknown_session`. */
  activityStart(sessionId: string): void {
    this.#sessions.call(sessionId).provider.activityStart();
  }

  /** With `turnDetection: "manual"`: the caller's turn is complete, and is answered. @throws RoomKitError `unknown_session`. */
  activityEnd(sessionId: string): void {
    this.#sessions.call(sessionId).provider.activityEnd();
  }

  /** What the pipeline's recorder makes of a session's call; undefined without one, or when the session has ended. */
  recording(sessionId: string): CallRecording | undefined {
    return this.#sessions.get(sessionId)?.recording;
  }

  /** The stages of a session's audio path, and their switches; undefined without any, or when the session has ended. */
  stages(sessionId: string): StageControl | undefined {
    return this.#sessions.get(sessionId)?.stages;
  }

  /** The calls in a room, for people who attend them. */
  attendable(roomId: string): readonly AttendableCall[] {
    return this.#sessions.calls.filter(({ session }) => session.roomId === roomId).map(({ attendance }) => attendance);
  }

  /** Silences the model for one session, as if its caller had interrupted. */
  interrupt(sessionId: string, reason = "application"): void {
    this.#sessions.get(sessionId)?.interrupt(reason);
  }

  /** Changes what a running session's model is told to be. @throws RoomKitError `unknown_session`, `unsupported`. */
  async reconfigure(sessionId: string, overrides: SessionOverrides): Promise<void> {
    const { provider } = this.#sessions.call(sessionId);
    const { name, capabilities } = this.#settings.provider;
    if (!capabilities.midSessionUpdate)
      throw new RoomKitError("unsupported", `${name} cannot change a running session`);
    await provider.update(sessionUpdate(overrides));
  }

  /** Joins a session that the transport's mount made; the provider is called when its client is there too. */
  async join(session: VoiceSession): Promise<void> {
    this.#sessions.join(session);
  }

  async drain(options: DrainOptions): Promise<void> {
    await this.#sessions.drain(options);
  }

  async leave(session: VoiceSession, reason: string): Promise<void> {
    await this.#sessions.leave(session, reason);
  }

  onBindingChanged(binding: Binding): void {
    if (!binding.outputMuted) return;
    for (const call of this.#sessions.calls) if (call.session.roomId === binding.roomId) call.interrupt("output_muted");
  }

  async onDetached(roomId: string): Promise<void> {
    await this.#sessions.leaveRoom(roomId, "detached");
  }

  /** Ends every session. Provider and transport stay open: whoever made them closes them. Idempotent. */
  async close(): Promise<void> {
    await this.#sessions.close();
    this.#lifetime.abort(new RoomKitError("aborted", "the channel was closed"));
  }
}
