import {
  type ChannelHost,
  type DrainOptions,
  errorFields,
  RoomKitError,
  type SessionParts,
  type Unsubscribe,
  type VoiceBackend,
  type VoiceConnection,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import { KeptCalls } from "../takeover/kept-calls.ts";
import type { CallStatus } from "./caller-line.ts";
import type { CallStart, ChannelCall } from "./channel-call.ts";

export interface ChannelSessionsOptions<C extends ChannelCall> {
  readonly channelId: string;
  readonly backend: VoiceBackend;
  /** Who works for its calls, by their names. */
  readonly providers: SessionParts["providers"];
  /** How long a client may be connected before its session is joined to a room, ms. */
  readonly joinTimeoutMs: number;
  /** Makes the call of a session whose client is there. */
  readonly start: (start: CallStart) => C | Promise<C>;
  /** What a call stands on and may have too much of: while any is overloaded, newcomers are refused. */
  readonly needs?: readonly { overloaded?(): boolean }[] | undefined;
  /** A session is over, or was never begun. */
  readonly onEnd?: ((session: VoiceSession) => void) | undefined;
}

interface Connected {
  readonly connection: VoiceConnection;
  readonly stopTimer: () => void;
}

/** Why a call ends with which another process may go on. */
const HANDED_OVER = "draining";
/** How often it is looked whether a call pauses, ms. */
const DRAIN_LOOK_MS = 50;
/** How long the last words of a call may take to the room before its end is told, ms. */
const LAST_WORDS_MS = 2_000;

/**
 * The sessions of a voice channel, from either of their two beginnings to their end: a session that was joined to its room and
 * whose client is connected, in either order, becomes a call; so does a client that connected first and was accepted.
 */
export class ChannelSessions<C extends ChannelCall> {
  readonly #options: ChannelSessionsOptions<C>;
  readonly #joined = new Map<string, VoiceSession>();
  readonly #connected = new Map<string, Connected>();
  /** Sessions whose call is being made: ending them gives it up. */
  readonly #starting = new Map<string, AbortController>();
  readonly #calls = new Map<string, C>();
  readonly #ending = new Set<Promise<void>>();
  readonly #kept: KeptCalls;
  readonly #subscriptions: Unsubscribe[] = [];
  #host: ChannelHost | undefined;

  constructor(options: ChannelSessionsOptions<C>) {
    this.#options = options;
    this.#kept = new KeptCalls(options.backend);
  }

  /** Calls under way. */
  get calls(): readonly C[] {
    return [...this.#calls.values()];
  }

  /** @throws RoomKitError `not_registered`. */
  get host(): ChannelHost {
    if (this.#host) return this.#host;
    throw new RoomKitError("not_registered", `channel ${this.#options.channelId} was not registered with a RoomKit`);
  }

  get(sessionId: string): C | undefined {
    return this.#calls.get(sessionId);
  }

  /** A session that was joined and has not ended, its call under way or not. */
  find(sessionId: string): VoiceSession | undefined {
    return this.#joined.get(sessionId);
  }

  /** @throws RoomKitError `unknown_session`. */
  call(sessionId: string): C {
    const call = this.#calls.get(sessionId);
    if (!call) throw new RoomKitError("unknown_session", "no caller is on the line in that session");
    return call;
  }

  /** @throws RoomKitError `already_registered`. */
  register(host: ChannelHost): void {
    const { channelId, backend, needs = [] } = this.#options;
    if (this.#host) throw new RoomKitError("already_registered", `channel ${channelId} is registered already`);
    this.#host = host;
    this.#subscriptions.push(
      backend.onSessionReady((session, connection) => this.#onConnected(session, connection)),
      backend.onSessionEnded((session, { code }) => void this.end(session, code)),
    );
    const refusing = backend.refuseWhile?.(() => needs.some((need) => need.overloaded?.() ?? false));
    if (refusing) this.#subscriptions.push(refusing);
    this.#subscriptions.push(...this.#kept.register(host, channelId));
  }

  /** Joins a session to its room. @throws RoomKitError `invalid_option`, `session_ended`. */
  join(session: VoiceSession): void {
    if (session.channelId !== this.#options.channelId)
      throw new RoomKitError("invalid_option", `the session belongs to channel ${session.channelId}`);
    if (session.state === "ended") throw new RoomKitError("session_ended", "the session has ended");
    if (this.#joined.has(session.id)) return;
    this.#joined.set(session.id, session);
    this.#startIfReady(session);
  }

  /** A session in its room whose client is there becomes a call, whole or not at all. @throws what `start` throws, or `aborted`. */
  async begin(session: VoiceSession, connection: VoiceConnection, signal?: AbortSignal): Promise<C> {
    const giveUp = new AbortController();
    const both = signal ? AbortSignal.any([giveUp.signal, signal]) : giveUp.signal;
    this.#joined.set(session.id, session);
    this.#starting.set(session.id, giveUp);
    const stop = connection.onClose(({ code }) =>
      giveUp.abort(new RoomKitError("connection_closed", `the client has gone: ${code}`)),
    );
    try {
      const { kept, onChange } = this.#kept.of(session);
      const call = await this.#options.start({ session, connection, signal: both, kept, onChange });
      if (both.aborted) {
        await call.close("aborted");
        throw RoomKitError.from(both.reason);
      }
      return this.#started(call, kept !== undefined);
    } catch (error) {
      this.#joined.delete(session.id);
      throw error;
    } finally {
      stop();
      this.#starting.delete(session.id);
    }
  }

  /** Ends a session's call, or the making of it. Resolves when its last words are in the room. Idempotent. */
  async end(session: VoiceSession, reason: string): Promise<void> {
    this.#connected.get(session.id)?.stopTimer();
    this.#connected.delete(session.id);
    this.#joined.delete(session.id);
    this.#options.onEnd?.(session);
    this.#starting.get(session.id)?.abort(new RoomKitError("aborted", `the session was ended: ${reason}`));
    const call = this.#calls.get(session.id);
    if (!call) return this.#kept.drop(session);
    this.#calls.delete(session.id);
    const ended = this.#finish(call, reason);
    this.#ending.add(ended);
    await ended.finally(() => this.#ending.delete(ended));
  }

  /** Takes a session out of its room: ends its call and its client's connection. */
  async leave(session: VoiceSession, reason: string): Promise<void> {
    // Written before its client is told to go elsewhere.
    if (reason === HANDED_OVER) await this.#kept.handOver(session);
    const ended = this.end(session, reason);
    await this.#options.backend.disconnect(session, { code: reason, message: "the session left its room" });
    await ended;
  }

  /** Everybody leaves a room. */
  async leaveRoom(roomId: string, reason: string): Promise<void> {
    const leaving = [...this.#joined.values()].filter((session) => session.roomId === roomId);
    await Promise.all(leaving.map((session) => this.leave(session, reason)));
  }

  /**
   * Newcomers are refused; calls end by themselves, then at a pause of theirs, then in any case:
   *
   * | a call                        | ends                                          |
   * | ----------------------------- | --------------------------------------------- |
   * | ends by itself                | as ever                                       |
   * | pauses after `timeoutMs`      | then                                          |
   * | never pauses                  | `handOverMs` later                            |
   * | waits for its client          | as one that pauses                            |
   * | begins meanwhile              | like the others: its client was there before  |
   *
   * Resolves when none is left.
   */
  async drain({ timeoutMs, handOverMs, signal }: DrainOptions): Promise<void> {
    const { backend } = this.#options;
    const { clock } = this.host;
    backend.drain?.();
    const now = clock.now();
    const [pauseAt, endAt] = [now + timeoutMs, now + timeoutMs + handOverMs];
    while (this.#joined.size > 0) {
      const at = clock.now();
      const all = at >= endAt || signal?.aborted === true;
      const leaving = [...this.#joined.values()].filter(
        ({ id }) => all || (at >= pauseAt && (this.#calls.get(id)?.pausing ?? true)),
      );
      await Promise.all(leaving.map((session) => this.leave(session, HANDED_OVER)));
      if (this.#joined.size > 0) await clock.sleep(DRAIN_LOOK_MS, signal).catch(() => {});
    }
    await Promise.all(this.#ending);
  }

  /** Ends every session and hears of none any more. The backend stays open: whoever made it closes it. Idempotent. */
  async close(): Promise<void> {
    for (const stop of this.#subscriptions.splice(0)) stop();
    for (const { stopTimer } of this.#connected.values()) stopTimer();
    this.#connected.clear();
    const reason = HANDED_OVER;
    await Promise.all([...this.#joined.values()].map((session) => this.leave(session, reason)));
    await Promise.all(this.#ending);
  }

  #onConnected(session: VoiceSession, connection: VoiceConnection): void {
    const { channelId, backend, joinTimeoutMs } = this.#options;
    if (session.channelId !== channelId) return;
    const { host } = this;
    const stopTimer = host.clock.setTimeout(() => {
      host.logger.warn({ session: session.id }, "a connected session was never joined to its room");
      void this.end(session, "not_joined");
      void backend.disconnect(session, { code: "not_joined", message: "the session was not joined to a room" });
    }, joinTimeoutMs);
    this.#connected.set(session.id, { connection, stopTimer });
    this.#startIfReady(session);
  }

  #startIfReady(session: VoiceSession): void {
    const connected = this.#connected.get(session.id);
    if (!connected || !this.#joined.has(session.id) || this.#calls.has(session.id)) return;
    if (this.#starting.has(session.id)) return;
    connected.stopTimer();
    this.begin(session, connected.connection).catch((thrown: unknown) => {
      const { code } = RoomKitError.from(thrown);
      const over = code === "aborted" || code === "connection_closed";
      if (!over) this.host.logger.error({ session: session.id, ...errorFields(thrown) }, "a session could not start");
      void this.end(session, code);
      void this.#options.backend.disconnect(session, { code, message: "the session could not start", failed: true });
    });
  }

  #started(call: C, resumed: boolean): C {
    const { session } = call;
    this.#calls.set(session.id, call);
    this.#kept.begin(session, call);
    const { backend, providers } = this.#options;
    const begun = { session, transport: backend.name, providers, ...(resumed && { resumed }) };
    const status = call.status && (() => ({ ...(call.status?.() as CallStatus), ...this.#mutes(session) }));
    this.host.emit("voice_session_started", { ...begun, status });
    this.host.notifyHooks("ON_SESSION_STARTED", { ...begun, roomId: session.roomId });
    return call;
  }

  #mutes({ roomId, channelId }: VoiceSession): { readonly muted: boolean; readonly outputMuted: boolean } {
    const { muted = false, outputMuted = false } = this.host.binding(roomId, channelId) ?? {};
    return { muted, outputMuted };
  }

  /** The end is told when the last words are in the room, so that whoever closes the room upon it loses none. */
  async #finish(call: C, reason: string): Promise<void> {
    const { host } = this;
    const { session } = call;
    if (reason === HANDED_OVER) await this.#kept.handOver(session);
    await withTimeout(Promise.resolve(call.close(reason)), LAST_WORDS_MS, { clock: host.clock }).catch(() => {});
    const kept = await this.#kept.end(session);
    const ended = { session, reason, ...(kept && { kept }) };
    host.emit("voice_session_ended", ended);
    host.notifyHooks("ON_SESSION_ENDED", { ...ended, roomId: session.roomId });
  }
}
