import {
  type AudioFrame,
  type Binding,
  type Channel,
  ChannelCategory,
  type ChannelHost,
  type DeliveryContext,
  errorFields,
  eventText,
  type RoomEvent,
  RoomKitError,
  type StreamDelivery,
  type StreamedReply,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { resolveOptions, type VoiceChannelOptions, type VoiceSettings } from "./options.ts";
import { VoiceCall } from "./session/call.ts";
import type { SpeakOptions } from "./session/mouth.ts";
import { recording } from "./speech/recording.ts";

/**
 * Voice in a room: what callers say becomes events of the room, what the room's assistants say is spoken to them.
 *
 * A session is ready when it has been joined to its room (`kit.join`, or {@link bindSession}) and its client's connection is
 * there, in either order.
 */
export class VoiceChannel implements Channel {
  readonly id: string;
  readonly kind = "voice";
  readonly category: typeof ChannelCategory.TRANSPORT = ChannelCategory.TRANSPORT;
  readonly #settings: VoiceSettings;
  readonly #calls = new Map<string, VoiceCall>();
  readonly #joined = new Map<string, VoiceSession>();
  readonly #connected = new Map<string, { readonly connection: VoiceConnection; readonly stopTimer: () => void }>();
  readonly #subscriptions: Unsubscribe[] = [];
  #host: ChannelHost | undefined;

  /** @throws RoomKitError `invalid_option`. */
  constructor(id: string, options: VoiceChannelOptions) {
    this.id = id;
    this.#settings = resolveOptions(options);
  }

  /** Sessions with a caller on the line. */
  get sessions(): readonly VoiceSession[] {
    return [...this.#calls.values()].map((call) => call.session);
  }

  register(host: ChannelHost): void {
    if (this.#host) throw new RoomKitError("already_registered", `channel ${this.id} is registered already`);
    this.#host = host;
    const { backend } = this.#settings;
    this.#subscriptions.push(
      backend.onSessionReady((session, connection) => this.#onConnected(session, connection)),
      backend.onSessionEnded((session, reason) => this.#end(session, reason.code)),
    );
  }

  /** Joins a session to its room; the seed's name for `kit.join`. */
  async bindSession(session: VoiceSession, roomId: string): Promise<void> {
    if (session.roomId !== roomId) throw new RoomKitError("invalid_argument", "the session was made for another room");
    await this.join(session);
  }

  async join(session: VoiceSession): Promise<void> {
    if (session.channelId !== this.id)
      throw new RoomKitError("invalid_argument", `the session belongs to channel ${session.channelId}`);
    if (session.state === "ended") throw new RoomKitError("session_ended", "the session has ended");
    if (this.#joined.has(session.id)) return;
    this.#joined.set(session.id, session);
    this.#startIfReady(session);
  }

  async leave(session: VoiceSession, reason: string): Promise<void> {
    this.#end(session, reason);
    await this.#settings.backend.disconnect(session, { code: reason, message: "the session left its room" });
  }

  /** Speaks to a session's caller and records what was heard. @throws RoomKitError `unknown_session`, `queue_full`. */
  async say(sessionId: string, text: string, options: { readonly voice?: string } = {}): Promise<StreamDelivery> {
    return this.#call(sessionId).say(text, options);
  }

  /**
   * Plays recorded audio to a session's caller, any rate; `text` is what it says, for the log and the transcript.
   * @throws RoomKitError `unknown_session`, `queue_full`, `invalid_audio`.
   */
  async play(sessionId: string, audio: AudioFrame | AsyncIterable<AudioFrame>, text: string): Promise<StreamDelivery> {
    return this.#call(sessionId).say(text, { tts: recording(audio) });
  }

  /** Silences the assistant for one session, as if its caller had interrupted. */
  interrupt(sessionId: string, reason = "application"): void {
    this.#calls.get(sessionId)?.interrupt(reason);
  }

  canStream(roomId: string): boolean {
    return this.#listeners(roomId).length > 0;
  }

  async deliverStream(reply: StreamedReply, context: DeliveryContext): Promise<StreamDelivery> {
    const calls = this.#listeners(context.room.id);
    const options = this.#speakOptions(context.signal, reply);
    // Everybody in the room hears the same words, each at their own pace; the log keeps what most was heard of.
    const heard = await Promise.all(calls.map((call) => call.reply(reply.text, options)));
    return heard.reduce((most, one) => (one.text.length > most.text.length ? one : most), { text: "" });
  }

  async deliver(event: RoomEvent, context: DeliveryContext): Promise<void> {
    const text = eventText(event);
    if (text === "" || event.status !== "delivered" || !this.#settings.speaks(event)) return;
    const { channelId } = event.source;
    const { correlationId } = event;
    const options = this.#speakOptions(
      context.signal,
      correlationId === undefined ? { channelId } : { channelId, correlationId },
    );
    await Promise.all(this.#listeners(context.room.id).map((call) => call.reply(single(text), options)));
  }

  onBindingChanged(binding: Binding): void {
    if (!binding.outputMuted) return;
    for (const call of this.#calls.values()) if (call.session.roomId === binding.roomId) call.interrupt("output_muted");
  }

  async onDetached(roomId: string): Promise<void> {
    const leaving = [...this.#joined.values()].filter((session) => session.roomId === roomId);
    await Promise.all(leaving.map((session) => this.leave(session, "detached")));
  }

  /** Ends every session and closes voice, recogniser and transport. */
  async close(): Promise<void> {
    for (const session of [...this.#joined.values()]) this.#end(session, "closed");
    for (const { stopTimer } of this.#connected.values()) stopTimer();
    this.#connected.clear();
    for (const stop of this.#subscriptions) stop();
    const { stt, tts, backend, turnDetector } = this.#settings;
    const results = await Promise.allSettled([stt.close?.(), tts.close?.(), turnDetector?.close?.()]);
    await backend.close();
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw RoomKitError.from(failed.reason);
  }

  #speakOptions(signal: AbortSignal, reply: Pick<StreamedReply, "channelId" | "correlationId">): SpeakOptions {
    const voice = this.#settings.voices?.[reply.channelId];
    const { correlationId } = reply;
    return {
      signal,
      ...(voice === undefined ? {} : { voice }),
      ...(correlationId === undefined ? {} : { correlationId }),
    };
  }

  #listeners(roomId: string): VoiceCall[] {
    return [...this.#calls.values()].filter((call) => call.session.roomId === roomId && call.mayListen);
  }

  #call(sessionId: string): VoiceCall {
    const call = this.#calls.get(sessionId);
    if (!call) throw new RoomKitError("unknown_session", "no caller is on the line in that session");
    return call;
  }

  #onConnected(session: VoiceSession, connection: VoiceConnection): void {
    if (session.channelId !== this.id) return;
    const host = this.#registered();
    const stopTimer = host.clock.setTimeout(() => {
      host.logger.warn({ session: session.id }, "a connected session was never joined to its room");
      this.#end(session, "not_joined");
      void this.#settings.backend.disconnect(session, {
        code: "not_joined",
        message: "the session was not joined to a room",
      });
    }, this.#settings.joinTimeoutMs);
    this.#connected.set(session.id, { connection, stopTimer });
    this.#startIfReady(session);
  }

  #startIfReady(session: VoiceSession): void {
    const connected = this.#connected.get(session.id);
    if (!connected || !this.#joined.has(session.id) || this.#calls.has(session.id)) return;
    connected.stopTimer();
    const host = this.#registered();
    try {
      const { connection } = connected;
      this.#calls.set(
        session.id,
        new VoiceCall({ channelId: this.id, host, settings: this.#settings, session, connection }),
      );
    } catch (thrown) {
      const error = RoomKitError.from(thrown);
      host.logger.error({ session: session.id, ...errorFields(thrown) }, "a session could not start");
      this.#end(session, error.code);
      void this.#settings.backend.disconnect(session, { code: error.code, message: "the session could not start" });
      return;
    }
    host.emit("voice_session_started", { session });
    host.notifyHooks("ON_SESSION_STARTED", { session, roomId: session.roomId });
  }

  #end(session: VoiceSession, reason: string): void {
    this.#connected.get(session.id)?.stopTimer();
    this.#connected.delete(session.id);
    this.#joined.delete(session.id);
    const call = this.#calls.get(session.id);
    if (!call) return;
    this.#calls.delete(session.id);
    call.close(reason);
    const host = this.#registered();
    host.emit("voice_session_ended", { session, reason });
    host.notifyHooks("ON_SESSION_ENDED", { session, roomId: session.roomId, reason });
  }

  #registered(): ChannelHost {
    if (!this.#host) throw new RoomKitError("not_registered", `channel ${this.id} was not registered with a RoomKit`);
    return this.#host;
  }
}

async function* single(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}
