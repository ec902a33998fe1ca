import {
  type CallRecording,
  ChannelSessions,
  callOptionKinds,
  dtmfModes,
  type InterruptionStrategy,
  interruptionStrategies,
  once,
  recording,
  restoreCall,
  roomOf,
  type SendDtmfOptions,
  type SpeakOptions,
  VoiceCall,
} from "@roomkit/call";
import {
  type AttendableCall,
  type AttendableCalls,
  type AudioFrame,
  assertOptions,
  type Binding,
  type Channel,
  ChannelCategory,
  type ChannelHost,
  type DeliveryContext,
  type DrainOptions,
  eventText,
  type RoomEvent,
  RoomKitError,
  type StageControl,
  type StreamDelivery,
  type StreamedReply,
  saidTrue,
  type VoiceSession,
} from "@roomkit/core";
import { resolveOptions, type VoiceChannelOptions, type VoiceSettings } from "./options.ts";

/** How a text is said. */
export interface SayOptions {
  /** The voice to speak with. Default: the call's. */
  readonly voice?: string | undefined;
  /** How it may be interrupted: `disabled` for what has to be heard. Default: as the channel's `interruption.strategy` says. */
  readonly interruption?: InterruptionStrategy | undefined;
}

/**
 * Voice in a room: what callers say becomes events of the room, what the room's assistants say is spoken to them.
 *
 * A session is ready when it has been joined to its room (`kit.join`, or {@link bindSession}) and its client's connection is
 * there, in either order.
 */
export class VoiceChannel implements Channel, AttendableCalls {
  readonly id: string;
  readonly kind = "voice";
  readonly category: typeof ChannelCategory.TRANSPORT = ChannelCategory.TRANSPORT;
  readonly #settings: VoiceSettings;
  readonly #sessions: ChannelSessions<VoiceCall>;

  /** @throws RoomKitError `invalid_option`. */
  constructor(id: string, options: VoiceChannelOptions) {
    assertOptions("VoiceChannel", options, {
      required: ["backend", "stt", "tts", "pipeline"],
      ...callOptionKinds,
      string: [...callOptionKinds.string, "language", "voice", "greeting"],
      oneOf: { ...callOptionKinds.oneOf, dtmfMode: dtmfModes },
      number: [...callOptionKinds.number, "joinTimeoutMs"],
      function: [...callOptionKinds.function, "speaks", "dtmfTones"],
      object: ["backend", ...callOptionKinds.object, "voices"],
    });
    this.id = id;
    this.#settings = resolveOptions(options);
    const { backend, joinTimeoutMs, call: settings } = this.#settings;
    this.#sessions = new ChannelSessions({
      channelId: id,
      backend,
      joinTimeoutMs,
      needs: [settings.stt, settings.tts],
      providers: { stt: settings.stt.name, tts: settings.tts.name },
      start: async ({ session, connection, kept, onChange }) => {
        const room = roomOf(this.#sessions.host, id, session);
        return new VoiceCall({
          ...{ room, settings, session, connection, onChange },
          native: backend.capabilities,
          voiceOf: (channelId) => this.#settings.voices?.[channelId],
          restored: kept && (await restoreCall(room, session, kept.call)),
        });
      },
    });
  }

  /** Sessions with a caller on the line. */
  get sessions(): readonly VoiceSession[] {
    return this.#sessions.calls.map(({ session }) => session);
  }

  register(host: ChannelHost): void {
    this.#sessions.register(host);
  }

  /** Joins a session to its room; the seed's name for `kit.join`. */
  async bindSession(session: VoiceSession, roomId: string): Promise<void> {
    if (session.roomId !== roomId) throw new RoomKitError("invalid_option", "the session was made for another room");
    await this.join(session);
  }

  async join(session: VoiceSession): Promise<void> {
    this.#sessions.join(session);
  }

  async drain(options: DrainOptions): Promise<void> {
    await this.#sessions.drain(options);
  }

  async leave(session: VoiceSession, reason: string): Promise<void> {
    await this.#sessions.leave(session, reason);
  }

  /**
   * Speaks to a session's caller, after what is being said, and records what was heard.
   * @throws RoomKitError `unknown_session`, `queue_full`, `invalid_option`, `taken_over` (a person speaks to the caller).
   */
  async say(sessionId: string, text: string, options: SayOptions = {}): Promise<StreamDelivery> {
    assertOptions("say", options, { string: ["voice"], oneOf: { interruption: interruptionStrategies } });
    assertWords("say", text);
    return this.#sessions.call(sessionId).say(text, options);
  }

  /**
   * Plays recorded audio to a session's caller, any rate; `text` is what it says, for the log and the transcript.
   * @throws RoomKitError `unknown_session`, `queue_full`, `invalid_audio`, `invalid_option`.
   */
  async play(sessionId: string, audio: AudioFrame | AsyncIterable<AudioFrame>, text: string): Promise<StreamDelivery> {
    assertWords("play", text);
    const given: Partial<AudioFrame & AsyncIterable<AudioFrame>> = Object(audio);
    if (!given.samples && !given[Symbol.asyncIterator])
      throw new RoomKitError("invalid_option", "play: audio must be a frame or an async iterable of frames");
    return this.#sessions.call(sessionId).say(text, { tts: recording(audio) });
  }

  /**
   * Presses keys for a session's caller, who may be a machine: sends touch tones as `dtmfMode` says, after what is being said, also while the
   * caller speaks. Resolves when they were played, with whether all of them were. They are in no log and no transcript.
   * @throws RoomKitError `unsupported` (the client takes no events, and no `dtmfTones` was given), `unknown_session`, `queue_full`,
   *   `invalid_digits`, `invalid_option`, `aborted`.
   */
  async sendDtmf(sessionId: string, digits: string, options: SendDtmfOptions = {}): Promise<boolean> {
    return this.#sessions.call(sessionId).sendDtmf(digits, options, this.#settings);
  }

  /**
   * With `turnDetection: "manual"`: the caller begins to speak, and is heard until {@link activityEnd}. Otherwise does nothing.
   * @throws RoomKitError `unknown_session`.
   */
  activityStart(sessionId: string): void {
    this.#sessions.call(sessionId).activityStart();
  }

  /** With `turnDetection: "manual"`: the caller has finished, and is answered. @throws RoomKitError `unknown_session`. */
  activityEnd(sessionId: string): void {
    this.#sessions.call(sessionId).activityEnd();
  }

  /** What the pipeline's recorder makes of a session's call; undefined without one, or when the session has ended. */
  recording(sessionId: string): CallRecording | undefined {
    return this.#sessions.get(sessionId)?.recording;
  }

  /** The stages of a session's audio path, and their switches; undefined without any, or when the session has ended. */
  stages(sessionId: string): StageControl | undefined {
    return this.#sessions.get(sessionId)?.stages;
  }

  /** Silences the assistant for one session, as if its caller had interrupted. */
  interrupt(sessionId: string, reason = "application"): void {
    this.#sessions.get(sessionId)?.interrupt(reason);
  }

  /** The calls in a room, for people who attend them. */
  attendable(roomId: string): readonly AttendableCall[] {
    return this.#sessions.calls.filter(({ session }) => session.roomId === roomId).map(({ attendance }) => attendance);
  }

  canStream(roomId: string): boolean {
    return this.#listeners(roomId).length > 0;
  }

  async deliverStream(reply: StreamedReply, context: DeliveryContext): Promise<StreamDelivery> {
    // To a caller who speaks with a person nothing is said; what would have been is dropped.
    const calls = this.#listeners(context.room.id).filter(({ attendance }) => !attendance.taken);
    const options = this.#speakOptions(context.signal, reply);
    // Everybody in the room hears the same words, each at their own pace; the log keeps what most was heard of.
    const heard = await Promise.all(calls.map((call) => call.reply(reply.text, options)));
    return heard.reduce((most, one) => (one.text.length > most.text.length ? one : most), { text: "" });
  }

  async deliver(event: RoomEvent, context: DeliveryContext): Promise<void> {
    const text = eventText(event);
    if (text === "" || event.status !== "delivered" || !saidTrue(this.#settings.speaks(event), "speaks")) return;
    const { channelId } = event.source;
    const { correlationId } = event;
    const options = this.#speakOptions(
      context.signal,
      correlationId === undefined ? { channelId } : { channelId, correlationId },
    );
    const calls = this.#listeners(context.room.id).filter(({ attendance }) => !attendance.taken);
    await Promise.all(calls.map((call) => call.reply(once(text), options)));
  }

  onBindingChanged(binding: Binding): void {
    if (!binding.outputMuted) return;
    for (const call of this.#sessions.calls) if (call.session.roomId === binding.roomId) call.interrupt("output_muted");
  }

  async onDetached(roomId: string): Promise<void> {
    await this.#sessions.leaveRoom(roomId, "detached");
  }

  /** Ends every session. Voice, recogniser and transport stay open: whoever made them closes them. Idempotent. */
  async close(): Promise<void> {
    await this.#sessions.close();
  }

  #speakOptions(signal: AbortSignal, reply: Pick<StreamedReply, "channelId" | "correlationId">): SpeakOptions {
    const voice = this.#settings.voices?.[reply.channelId];
    const { correlationId } = reply;
    return {
      signal,
      voice,
      correlationId,
    };
  }

  #listeners(roomId: string): VoiceCall[] {
    return this.#sessions.calls.filter((call) => call.session.roomId === roomId && call.mayListen);
  }
}

function assertWords(what: string, text: unknown): void {
  if (typeof text === "string" && text.trim() !== "") return;
  throw new RoomKitError("invalid_option", `${what}: text must be words`);
}
