import { RoomKitError } from "../../errors/error.ts";
import { defined } from "../../errors/options.ts";
import { withTimeout } from "../../time/clock.ts";
import type { RoomEvent } from "../event.ts";
import { encodeData } from "../json.ts";
import type { RoomKitLimits } from "../options.ts";
import type { Room } from "../room.ts";
import type { CommitOptions, CommitResult, EventQuery, NewEvent, Participant, RoomPatch } from "../store.ts";
import type { RoomRegistry } from "./registry.ts";
import { assertNotOpened, fencedError } from "./room-errors.ts";
import type { RoomLock } from "./room-lock.ts";
import type { Kept, RoomLog } from "./room-log.ts";
import type { RoomState } from "./room-state.ts";
import { isAway, StoreWatch, type StoreWatchOptions } from "./store-watch.ts";

export interface RoomLogsOptions extends Omit<StoreWatchOptions, "timeoutMs" | "write"> {
  readonly limits: RoomKitLimits;
  readonly rooms: RoomRegistry;
  readonly lock: RoomLock;
}

/** Where no index was asked for. */
export type LogResult = Exclude<CommitResult, { readonly status: "moved" }>;

/** Rooms that are written at once when the store is back. */
const AT_ONCE = 8;
/** How often the end of a log may be elsewhere than it was a moment ago. */
const ATTEMPTS = 20;
/** Who holds the lease of a room for what waits for the store. No session has such an id. */
const KEPT = "kept";
/** What an event costs besides its text, UTF-16 code units. */
const OVERHEAD = 200;

/**
 * The logs of rooms in a store that processes share, as the process that has the rooms sees them. While the store cannot be reached it gives the indexes
 * itself, as nobody else may write, and keeps what it gave one until it is written: at that index, in the same order, once.
 *
 * | what comes                                            | then                                                            |
 * | ----------------------------------------------------- | --------------------------------------------------------------- |
 * | a commit; the store answers                           | stored                                                          |
 * | a commit; the store fails, or says nothing in time    | kept, with the next index; the store counts as down             |
 * | a commit; the store is down, or others wait before it | kept                                                            |
 * | the store stored it and did not get to say so         | seen when it is written again: its index is taken, by itself    |
 * | it is stored late, before or after it is written again | whoever comes second finds its index taken                     |
 * | too much is kept already                              | the commit fails as `store_unavailable`                         |
 * | a read on the way of a turn; the store is down        | what is known: the newest events, who is in the room            |
 * | the store is back                                     | what is kept is written, 8 rooms at once, each in its order     |
 * | another has the room, or closed it, meanwhile         | what was kept is lost: `events_not_kept`                        |
 * | one event is refused by the store                     | it is lost, the others are written; said                        |
 * | a room is closed while the store is down              | closed here at once, there in its turn                          |
 * | the kit is closed                                     | waits `closeTimeoutMs` for the store; what is left then is lost |
 *
 * A room without a call, whose lease is another than when it was last read, is not written to: somebody else may have been there.
 */
export class RoomLogs {
  readonly watch: StoreWatch;
  readonly #engine: RoomLogsOptions;
  readonly #onFenced: (roomId: string) => void;
  readonly #waiting: Map<string, RoomLog> = new Map();
  #size = 0;
  #idle: (() => void)[] = [];

  /** @param onFenced another process has the room. */
  constructor(engine: RoomLogsOptions, onFenced: (roomId: string) => void) {
    this.#engine = engine;
    this.#onFenced = onFenced;
    const { store, clock, logger, events, limits } = engine;
    const write = (): Promise<{ written: number; left: boolean }> => this.#writeAll();
    this.watch = new StoreWatch({ store, clock, logger, events, timeoutMs: limits.storeTimeoutMs, write });
  }

  /** Of a room that is loaded again while something of it waits. */
  waitingFor(roomId: string): RoomLog | undefined {
    return this.#waiting.get(roomId);
  }

  /** What others wrote meanwhile. Under the room's lock only: an answer that comes when `signal` has aborted is an old one, and changes nothing. */
  async refresh(state: RoomState, fence: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.watch.shared) return;
    const { log } = state;
    try {
      const read = await this.watch.ask(() => this.#engine.rooms.read(state.id));
      if (signal.aborted) return;
      this.#engine.rooms.apply(state, read);
      if (log.kept.length === 0) {
        log.grown(read.room.eventCount);
        log.fence = fence;
      }
    } catch (error) {
      if (!isAway(error) || !this.#ours(state, fence)) throw error;
    }
    for (const { patch } of log.kept) if (patch) state.room = { ...state.room, ...defined(patch) };
  }

  /** As the store's; under the room's lock only. */
  async commit(state: RoomState, events: readonly NewEvent[], options: CommitOptions): Promise<LogResult> {
    const { store } = this.#engine;
    const { log } = state;
    const { fence } = options;
    if (!this.watch.shared || fence === undefined) return (await store.commit(state.id, events, options)) as LogResult;
    for (let attempt = 1; log.kept.length === 0; attempt++) {
      const first = events.length > 0 ? log.next : undefined;
      let result: CommitResult;
      try {
        result = await this.watch.ask(() => store.commit(state.id, events, { ...options, first }));
        if (result.status === "moved") result = await this.#found(state.id, events, log.next, result);
      } catch (error) {
        if (!isAway(error)) throw error;
        break;
      }
      if (result.status === "moved") {
        if (attempt === ATTEMPTS) throw new RoomKitError("store_busy", "others write to the room", { retryable: true });
        log.grown(result.eventCount);
        // A log that is shorter than it was is not the one that was read.
        log.next = result.eventCount;
        continue;
      }
      if (result.status === "duplicate" && result.events[0]?.id === events[0]?.id)
        result = { status: "committed", events: result.events };
      if (result.status === "committed") {
        log.note(result.events);
        log.fence = fence;
      }
      return result;
    }
    return this.#keep(state, { events, first: log.next, at: options.at, fence, outbox: options.outbox });
  }

  /** As the registry's. */
  async patch(state: RoomState, patch: RoomPatch): Promise<Room> {
    const { rooms, lock } = this.#engine;
    const fence = lock.leases.fence(state.id);
    if (!this.watch.shared || fence === undefined) return await rooms.patch(state, patch);
    if (state.log.kept.length === 0) {
      let live = true;
      try {
        return await this.watch.ask(() => rooms.patch(state, patch, () => live));
      } catch (error) {
        if (!isAway(error)) throw error;
      } finally {
        live = false;
      }
    }
    this.#keep(state, { events: [], first: state.log.next, at: 0, fence, patch });
    state.room = { ...state.room, ...defined(patch) };
    return state.room;
  }

  async find(state: RoomState, key: string): Promise<RoomEvent | undefined> {
    const known = this.watch.shared ? state.log.withKey(key) : undefined;
    return (
      known ?? (await this.#read(state.log, () => this.#engine.store.findByIdempotencyKey(state.id, key), undefined))
    );
  }

  /** The newest of a log that can be had. */
  async events(roomId: string, query: EventQuery): Promise<readonly RoomEvent[]> {
    const log = this.#logOf(roomId);
    const { store } = this.#engine;
    if (!log || !this.watch.shared) return await store.readEvents(roomId, query);
    if (log.kept.length > 0) return log.known(query);
    const read = await this.#read(log, () => store.readEvents(roomId, query), undefined);
    if (read === undefined) return log.known(query);
    log.learn(read);
    return read;
  }

  async participants(roomId: string): Promise<readonly Participant[]> {
    const log = this.#logOf(roomId);
    const { store } = this.#engine;
    if (!log || !this.watch.shared) return await store.listParticipants(roomId);
    log.participants = await this.#read(log, () => store.listParticipants(roomId), log.participants);
    return log.participants;
  }

  /** Waits for what waits for the store, bounded; what is left is lost. */
  async close(): Promise<void> {
    const { clock, limits } = this.#engine;
    if (this.#waiting.size > 0) {
      const written = new Promise<void>((resolve) => this.#idle.push(resolve));
      await withTimeout(written, limits.closeTimeoutMs, { clock }).catch(() => {});
    }
    this.watch.close();
    for (const log of [...this.#waiting.values()])
      this.#lose(log, new RoomKitError("kit_closed", "the kit was closed before the store was back"));
  }

  async #read<T>(log: RoomLog, work: () => Promise<T>, known: T): Promise<T> {
    try {
      return await this.watch.ask(work);
    } catch (error) {
      if (isAway(error) && (log.fence !== undefined || log.kept.length > 0)) return known;
      throw error;
    }
  }

  #logOf(roomId: string): RoomLog | undefined {
    return this.#engine.rooms.get(roomId)?.log;
  }

  /** Whether nobody else can have written since the store was last asked, or a call is under way: then the store is the judge. */
  #ours({ log, sessions }: RoomState, fence: number | undefined): boolean {
    return fence !== undefined && (log.fence === fence || sessions.size > 0);
  }

  #keep(state: RoomState, what: Omit<Kept, "size">): LogResult {
    const { log } = state;
    const { limits, lock } = this.#engine;
    const away = this.watch.down ?? new RoomKitError("store_unavailable", "the store is behind", { retryable: true });
    const key = what.events[0]?.idempotencyKey;
    const original = key === undefined ? undefined : log.withKey(key);
    if (original) return { status: "duplicate", events: [original] };
    const bodies = what.events.map(encodeData);
    const size = bodies.reduce((sum, body) => sum + body.length, OVERHEAD + encodeData(what.outbox ?? []).length);
    const full = log.kept.length >= limits.maxKeptEvents || this.#size + size > limits.maxKeptLength;
    if (full || !this.#ours(state, what.fence)) throw away;
    const events = bodies.map((body, offset): RoomEvent => {
      return { ...JSON.parse(body), roomId: state.id, index: what.first + offset };
    });
    log.kept.push({ ...what, events: bodies.map((body): NewEvent => JSON.parse(body)), size });
    this.#size += size;
    this.#waiting.set(state.id, log);
    // Another would not find in the store what has been said.
    lock.leases.keep(state.id, KEPT);
    log.note(events);
    return { status: "committed", events };
  }

  async #writeAll(): Promise<{ written: number; left: boolean }> {
    let written = 0;
    const logs = this.#waiting.values();
    const work = async (): Promise<void> => {
      for (const log of logs) {
        for (let attempt = 1; log.kept.length > 0 && !this.watch.down; attempt++) {
          const count = log.kept[0]?.events.length ?? 0;
          if (await this.#writeFirst(log, attempt)) {
            written += count;
            attempt = 0;
          }
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { written, left: this.#waiting.size > 0 };
  }

  /** Whether it is done with the oldest that is kept. */
  async #writeFirst(log: RoomLog, attempt: number): Promise<boolean> {
    const kept = log.kept[0] as Kept;
    try {
      const done = kept.patch ? await this.#patched(log, kept.patch) : await this.#stored(log, kept);
      if (!done && attempt >= ATTEMPTS) throw new RoomKitError("store_busy", "others write to the room");
      // Lost meanwhile, with all that was kept.
      if (!done || log.kept[0] !== kept) return false;
    } catch (error) {
      const failure = RoomKitError.from(error, "store_failed");
      if (this.watch.down || log.kept[0] !== kept) return false;
      if (["fenced", "room_closed", "unknown_room"].includes(failure.code)) {
        this.#lose(log, failure);
        return false;
      }
      log.shift -= kept.events.length;
      this.#tellLost(log.roomId, kept.events.length, failure);
    }
    log.kept.shift();
    this.#size -= kept.size;
    if (log.kept.length > 0) return true;
    log.next += log.shift;
    log.shift = 0;
    this.#forget(log);
    return true;
  }

  async #patched(log: RoomLog, patch: RoomPatch): Promise<boolean> {
    const room = await this.watch.ask(() => this.#engine.store.getRoom(log.roomId));
    if (!room) throw new RoomKitError("unknown_room", "the room was deleted");
    assertNotOpened(room, patch);
    try {
      await this.watch.ask(() => this.#engine.store.patchRoom(log.roomId, patch, room.version));
      return true;
    } catch (error) {
      if (RoomKitError.is(error, "conflict")) return false;
      throw error;
    }
  }

  async #stored(log: RoomLog, kept: Kept): Promise<boolean> {
    const { store, lock } = this.#engine;
    const { roomId } = log;
    const { events, at, outbox } = kept;
    const first = events.length > 0 ? kept.first + log.shift : undefined;
    // The lease may have been taken again meanwhile, with a greater fence.
    const fence = Math.max(kept.fence, lock.leases.fence(roomId) ?? 0);
    let result = await this.watch.ask(() => store.commit(roomId, events, { at, fence, first, outbox }));
    if (result.status === "moved") result = await this.#found(roomId, events, first ?? 0, result);
    switch (result.status) {
      case "committed":
        return true;
      case "fenced":
        throw fencedError(roomId);
      case "closed":
        throw new RoomKitError("room_closed", "the room was closed by another");
      case "duplicate": {
        if (result.events[0]?.id === events[0]?.id) return true;
        // It was said again, long after the first time, and has been delivered: it stands in the log as that.
        kept.events = events.map(({ idempotencyKey: _, ...event }) => event);
        return false;
      }
      case "moved": {
        log.shift += result.eventCount - (first ?? 0);
        this.#engine.logger.error({ roomId, by: log.shift }, "events stand at other indexes than were told");
        return false;
      }
    }
  }

  /** Whether what is not at the end of the log any more is what was to be stored there. */
  async #found(
    roomId: string,
    events: readonly NewEvent[],
    first: number,
    moved: CommitResult & { readonly status: "moved" },
  ): Promise<CommitResult> {
    if (moved.eventCount <= first) return moved;
    const { store } = this.#engine;
    const query = { after: first - 1, before: first + events.length };
    const there = await this.watch.ask(() => store.readEvents(roomId, query));
    return there[0]?.id === events[0]?.id ? { status: "committed", events: there } : moved;
  }

  /** What is kept of a room is never stored. */
  #lose(log: RoomLog, error: RoomKitError): void {
    const count = log.kept.reduce((sum, { events }) => sum + events.length, 0);
    for (const { size } of log.kept.splice(0)) this.#size -= size;
    if (count > 0) this.#tellLost(log.roomId, count, error);
    this.#forget(log);
    if (error.code === "fenced") this.#onFenced(log.roomId);
  }

  #tellLost(roomId: string, count: number, error: RoomKitError): void {
    this.#engine.logger.error({ roomId, events: count, code: error.code }, "what was said is not in the log");
    this.#engine.events.emit("events_not_kept", { roomId, count, error });
  }

  #forget(log: RoomLog): void {
    this.#waiting.delete(log.roomId);
    void this.#engine.lock.leases.leave(log.roomId, KEPT);
    if (this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
