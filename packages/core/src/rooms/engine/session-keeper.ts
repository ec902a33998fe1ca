import type { VoiceSession } from "../../contracts/voice.ts";
import { RoomKitError } from "../../errors/error.ts";
import { type Cancel, withTimeout } from "../../time/clock.ts";
import type { KeepingSession, SessionKeeping, SessionState } from "../channel.ts";
import { encodeData } from "../json.ts";
import type { KeptSession, KeptSessions } from "../kept-sessions.ts";
import type { Engine } from "./engine.ts";
import { joinRoom, noteFenced } from "./sessions.ts";

/** A session that changes is written at most this often, ms. */
const EVERY_MS = 500;
/** After a change that matters: what comes with it is known only then, ms. */
const SOON_MS = 100;
/** The longest that a write may take, ms. */
const WRITE_MS = 5_000;
/** The longest record, in UTF-16 code units: what is longer is not kept. */
const MAX_LENGTH = 65_536;
/** Sessions nobody came back to that are looked through at once. */
const EXPIRED_AT_ONCE = 100;

/**
 * Keeps the sessions of a kit in its store, beside the calls: nothing of a call waits for it, and a store that is down costs only that
 * another process could not go on.
 *
 * | what comes                                | then                                                               |
 * | ----------------------------------------- | ------------------------------------------------------------------ |
 * | a change                                  | written, 500 ms after the write before                             |
 * | a change that matters: a turn, an utterance | written at once, and once more 100 ms later                      |
 * | either while one is being written         | written afterwards, with all there is by then                      |
 * | nothing for a third of the time it is kept | written again                                                     |
 * | its time over by a clock set forward      | written again, and told to nobody                                  |
 * | a write that fails                        | told once, tried again with the next                               |
 * | the store says that the room is another's | the sessions of the room end, and their clients connect again      |
 * | the end of the session                    | forgotten, after the write under way                               |
 * | the end of the process as planned         | written once more, and left for another                            |
 */
export class SessionKeeper implements SessionKeeping {
  readonly #engine: Engine;
  readonly #sessions: KeptSessions;
  readonly #stopSweep: Cancel;
  /** Sessions that are alive in this process. */
  readonly #here: Map<string, Keeping> = new Map();
  /** The last write failed. */
  #down = false;

  constructor(engine: Engine, sessions: KeptSessions) {
    this.#engine = engine;
    this.#sessions = sessions;
    this.#stopSweep = this.#sweepEvery(engine.limits.keptSessionMs / 2);
  }

  keep(session: VoiceSession, read: () => SessionState | undefined): KeepingSession {
    const keeping = new Keeping(session, read, {
      engine: this.#engine,
      sessions: this.#sessions,
      wrote: () => this.#wrote(undefined),
      failed: (error) => this.#wrote(error),
      over: () => {
        if (this.#here.get(session.id) === keeping) this.#here.delete(session.id);
      },
    });
    this.#here.set(session.id, keeping);
    return keeping;
  }

  async takeOver(
    token: string,
    channelId: string,
    make: (kept: KeptSession) => Promise<VoiceSession>,
    signal: AbortSignal,
  ): Promise<VoiceSession | undefined> {
    const engine = this.#engine;
    const found = await this.#sessions.find(token);
    if (found?.channelId !== channelId) return undefined;
    const { roomId, sessionId } = found;
    const { leases } = engine.lock;
    await leases.take(roomId, sessionId, { waitMs: engine.limits.leaseTtlMs, signal });
    try {
      const shut = await engine.store.commit(roomId, [], { at: engine.clock.wallTime(), fence: leases.fence(roomId) });
      // Read once more: whoever had it may have written, or ended it, until just now.
      const kept = shut.status === "committed" ? await this.#sessions.find(token) : undefined;
      if (!kept) {
        await leases.leave(roomId, sessionId);
        return undefined;
      }
      const stale = engine.rooms.get(roomId);
      if (stale && stale.sessions.size === 0 && !stale.busy) engine.rooms.drop(roomId);
      const session = await make(kept);
      await joinRoom(engine, roomId, channelId, session);
      return session;
    } catch (error) {
      await leases.leave(roomId, sessionId);
      throw error;
    }
  }

  close(): void {
    this.#stopSweep();
  }

  #wrote(error: RoomKitError | undefined): void {
    const down = error !== undefined;
    if (down === this.#down) return;
    this.#down = down;
    const { logger, events } = this.#engine;
    if (error) {
      logger.warn({ code: error.code }, "calls are not kept: no other process could go on with them");
      events.emit("sessions_not_kept", { error });
    } else logger.info({}, "calls are kept again");
  }

  #sweepEvery(ms: number): Cancel {
    const { clock, events } = this.#engine;
    let stopped = false;
    let cancel: Cancel = () => {};
    const sweep = async (): Promise<void> => {
      try {
        for (const kept of await this.#sessions.expired(EXPIRED_AT_ONCE)) {
          // One that is alive here is over only by a clock that was set forward: it is kept anew.
          const alive = this.#here.get(kept.sessionId);
          if (alive) alive.changed(true);
          else events.emit("voice_session_lost", { kept });
        }
      } catch {
        // Next time.
      }
      if (!stopped) cancel = clock.setTimeout(() => void sweep(), ms);
    };
    cancel = clock.setTimeout(() => void sweep(), ms);
    return () => {
      stopped = true;
      cancel();
    };
  }
}

interface KeepingOptions {
  readonly engine: Engine;
  readonly sessions: KeptSessions;
  wrote(): void;
  failed(error: RoomKitError): void;
  /** The session has ended here, or is to go on elsewhere. */
  over(): void;
}

class Keeping implements KeepingSession {
  readonly #session: VoiceSession;
  readonly #read: () => SessionState | undefined;
  readonly #options: KeepingOptions;
  #cancel: Cancel | undefined;
  #writing: Promise<boolean> | undefined;
  #changed = false;
  /** It is not to wait for the next write that is due. */
  #urgent = false;
  /** The last write was of a change that mattered. */
  #soon = false;
  #wroteAt = Number.NEGATIVE_INFINITY;
  #over = false;
  /** It is in the store, or was. */
  #kept = false;
  #fence: number | undefined;
  /** It cannot be kept, which was said. */
  #unfit = false;

  constructor(session: VoiceSession, read: () => SessionState | undefined, options: KeepingOptions) {
    this.#session = session;
    this.#read = read;
    this.#options = options;
    this.changed();
  }

  changed(now = false): void {
    if (this.#over || this.#unfit) return;
    this.#changed = true;
    this.#urgent ||= now;
    if (this.#writing !== undefined) return;
    if (this.#urgent) void this.#write();
    else if (!this.#cancel || !this.#soon) {
      this.#schedule(Math.max(0, this.#wroteAt + (this.#soon ? SOON_MS : EVERY_MS) - this.#options.engine.clock.now()));
    }
  }

  async handOver(): Promise<boolean> {
    if (this.#over) return false;
    this.#stop();
    await this.#writing;
    return await this.#write();
  }

  async forget(): Promise<boolean> {
    if (this.#over) return false;
    this.#stop();
    await this.#writing;
    if (!this.#kept) return true;
    const { engine, sessions } = this.#options;
    const forgotten = sessions.forget(this.#session.id, { fence: this.#fenceNow() });
    // Otherwise it is kept until its time is over, and whoever finds that out does what is to be done.
    return await withTimeout(forgotten, WRITE_MS, { clock: engine.clock }).catch(() => false);
  }

  #stop(): void {
    this.#over = true;
    this.#options.over();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#options.engine.clock.setTimeout(() => {
      this.#cancel = undefined;
      void this.#write();
    }, ms);
  }

  #write(): Promise<boolean> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#soon = this.#urgent;
    this.#changed = false;
    this.#urgent = false;
    this.#writing = this.#store().finally(() => {
      const { engine } = this.#options;
      this.#writing = undefined;
      this.#wroteAt = engine.clock.now();
      if (this.#over || this.#unfit) return;
      if (this.#urgent) void this.#write();
      else this.#schedule(this.#soon ? SOON_MS : this.#changed ? EVERY_MS : engine.limits.keptSessionMs / 3);
    });
    return this.#writing;
  }

  /** Whether another process may go on with it, or does already. Never rejects. */
  async #store(): Promise<boolean> {
    const { engine, sessions, wrote, failed } = this.#options;
    const { roomId } = this.#session;
    const { clock, limits } = engine;
    const kept = this.#record();
    if (!kept) return false;
    try {
      const { down } = engine.logs.watch;
      if (down) throw down;
      const options = { ttlMs: limits.keptSessionMs, fence: this.#fenceNow() };
      const ours = await withTimeout(sessions.keep(kept, options), WRITE_MS, { clock, what: "keeping a session" });
      wrote();
      this.#kept ||= ours;
      if (!ours && !this.#over) noteFenced(engine, roomId);
      return true;
    } catch (error) {
      failed(RoomKitError.from(error, "store_failed"));
      return this.#kept;
    }
  }

  /** That of the room's lease; once that is lost, the last there was: a process after this one has a greater. */
  #fenceNow(): number | undefined {
    this.#fence = this.#options.engine.lock.leases.fence(this.#session.roomId) ?? this.#fence;
    return this.#fence;
  }

  #record(): KeptSession | undefined {
    const { id: sessionId, roomId, participantId, channelId } = this.#session;
    try {
      const state = this.#read();
      if (!state) return undefined;
      const kept = { sessionId, roomId, participantId, channelId, metadata: dataOf(this.#session.metadata), ...state };
      if (encodeData(kept).length <= MAX_LENGTH) return kept;
      throw new RoomKitError("invalid_data", `a session of more than ${MAX_LENGTH} characters is not kept`);
    } catch (error) {
      const { code } = RoomKitError.from(error);
      if (!this.#unfit) this.#options.engine.logger.warn({ session: sessionId, code }, "a session cannot be kept");
      this.#unfit = true;
      return undefined;
    }
  }
}

/** What of an application's metadata is data: live objects are its own to make anew. */
function dataOf(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(metadata)) {
    try {
      encodeData(value);
      data[key] = value;
    } catch {
      // Left out.
    }
  }
  return data;
}
