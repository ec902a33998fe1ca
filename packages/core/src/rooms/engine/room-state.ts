import type { VoiceSession } from "../../contracts/voice.ts";
import type { RoomKitError } from "../../errors/error.ts";
import { defined } from "../../errors/options.ts";
import type { AbortScope } from "../../time/abort-scope.ts";
import type { Clock } from "../../time/clock.ts";
import type { Binding } from "../binding.ts";
import type { RoomEvent } from "../event.ts";
import type { Room } from "../room.ts";
import { OrderedNotices, RoomLanes } from "./lanes.ts";
import { fencedError, roomClosed } from "./room-errors.ts";
import { RoomLog } from "./room-log.ts";

/** One end of a streamed reply under way: the channel that says it, or one that hears it. */
export interface RunningStream {
  readonly channelId: string;
  readonly role: "source" | "listener";
  readonly scope: AbortScope;
}

/** What a kit holds in memory of a room that is open. */
export class RoomState {
  readonly id: string;
  readonly bindings: Map<string, Binding> = new Map();
  /** Sessions that joined and have not left, by id. */
  readonly sessions: Map<string, VoiceSession> = new Map();
  /** Channels that are not in it any more and have not been told yet, by id. */
  readonly leaving: Map<string, Promise<void>> = new Map();
  /** Participants known to be in the store. */
  readonly participants: Set<string> = new Set();
  readonly lanes: RoomLanes = new RoomLanes();
  /** AFTER_BROADCAST, in index order. */
  readonly notices: OrderedNotices = new OrderedNotices();
  /** Aborts when the room closes, or the kit does. */
  readonly scope: AbortScope;
  readonly log: RoomLog;
  /** Another process has taken it over since: nothing that began with this is committed any more. */
  fenced = false;
  readonly #clock: Pick<Clock, "now" | "wallTime">;
  #room: Room;
  /** When something last happened in it, on the monotonic clock. */
  #activeAt: number;
  readonly #streams: Set<RunningStream> = new Set();
  #idle: (() => void)[] = [];

  constructor(
    room: Room,
    bindings: Iterable<Binding>,
    scope: AbortScope,
    clock: Pick<Clock, "now" | "wallTime">,
    log: RoomLog = new RoomLog(room.id, room.eventCount),
  ) {
    this.id = room.id;
    this.log = log;
    this.#clock = clock;
    this.#room = room;
    this.#activeAt = this.#activity(room);
    for (const { patch } of log.kept) if (patch) this.room = { ...this.room, ...defined(patch) };
    this.scope = scope;
    for (const binding of bindings) this.bindings.set(binding.channelId, binding);
  }

  /** As the store last gave it. */
  get room(): Room {
    return this.#room;
  }

  set room(room: Room) {
    const { eventCount, lastActivityAt } = this.#room;
    if (room.eventCount !== eventCount || room.lastActivityAt !== lastActivityAt) this.#activeAt = this.#activity(room);
    this.#room = room;
  }

  /** How long nothing has happened here, ms. Wall times are compared once for what comes from the store, and never again: they jump. */
  get quietMs(): number {
    return this.#clock.now() - this.#activeAt;
  }

  get open(): boolean {
    return this.room.status === "active" || this.room.status === "paused";
  }

  /** @throws RoomKitError `fenced`, `room_closed`. */
  assertUsable(): void {
    if (this.fenced) throw fencedError(this.id);
    if (!this.open) throw roomClosed(this.id);
  }

  /** Whether a delivery or a streamed reply is under way. */
  get busy(): boolean {
    return this.lanes.pending > 0 || this.#streams.size > 0;
  }

  /** Events that are not through yet, counted once for each channel that waits for them. */
  get backlog(): number {
    return Math.max(this.lanes.pending, this.notices.size);
  }

  /** Resolves when nothing is under way. */
  whenIdle(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Call after a delivery ended. */
  settle(): void {
    if (this.busy) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Notes one end of a streamed reply while `work` runs. */
  async streaming<T>(stream: RunningStream, work: () => Promise<T>): Promise<T> {
    this.#streams.add(stream);
    try {
      return await work();
    } finally {
      this.#streams.delete(stream);
      this.settle();
    }
  }

  /** Stops what a channel is saying or hearing as it is made: it may no longer. */
  stopStreams(channelId: string, role: RunningStream["role"], reason: RoomKitError): void {
    for (const stream of [...this.#streams]) {
      if (stream.channelId === channelId && stream.role === role) stream.scope.abort(reason);
    }
  }

  /** Keeps up with what was just committed. */
  noteCommit(event: RoomEvent, at: number): void {
    this.room = {
      ...this.room,
      eventCount: Math.max(this.room.eventCount, event.index + 1),
      lastActivityAt: Math.max(this.room.lastActivityAt, at),
    };
    this.#activeAt = this.#clock.now();
  }

  #activity({ lastActivityAt }: Room): number {
    return this.#clock.now() - Math.max(0, this.#clock.wallTime() - lastActivityAt);
  }
}
