import { assertOptions } from "../errors/assert-options.ts";
import { RoomKitError } from "../errors/error.ts";
import { defined } from "../errors/options.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { Binding } from "./binding.ts";
import { deepFreeze } from "./engine/freeze.ts";
import type { RoomEvent } from "./event.ts";
import type { KeptSessions } from "./kept-sessions.ts";
import { copy } from "./memory-copy.ts";
import { MemoryOutbox } from "./memory-outbox.ts";
import { MemorySessions } from "./memory-sessions.ts";
import type { Room, RoomStatus } from "./room.ts";
import type {
  CommitOptions,
  CommitResult,
  ConversationStore,
  EventQuery,
  NewEvent,
  Outbox,
  Participant,
  RoomPatch,
} from "./store.ts";

export interface MemoryStoreOptions {
  /** Closed and archived rooms kept for reading; past that the one closed first is forgotten. Default 1,000. */
  readonly maxClosedRooms?: number | undefined;
  /** Events one room may hold; a commit past that throws `room_full`. Default 100,000. */
  readonly maxEventsPerRoom?: number | undefined;
  /** Items that may wait in the outbox; a commit past that throws `outbox_full`. Default 10,000. */
  readonly maxOutbox?: number | undefined;
  /** For the time of claims and of sessions. Default the system clock. */
  readonly clock?: Clock | undefined;
}

interface Entry {
  room: Room;
  fence: number;
  readonly events: RoomEvent[];
  /** Idempotency key to the first index and the length of the commit it came with. */
  readonly keys: Map<string, { readonly first: number; readonly count: number; readonly own: number }>;
  readonly bindings: Map<string, Binding>;
  readonly participants: Map<string, Participant>;
}

/** Rooms in the memory of this process: the default, and gone with it. What it hands out is frozen. */
export class MemoryStore implements ConversationStore {
  readonly scope = "process" as const;
  readonly #rooms: Map<string, Entry> = new Map();
  /** In the order they were closed. */
  readonly #closed: Set<string> = new Set();
  readonly #outbox: MemoryOutbox;
  readonly #sessions: MemorySessions;
  readonly #maxClosedRooms: number;
  readonly #maxEventsPerRoom: number;

  constructor(options: MemoryStoreOptions = {}) {
    assertOptions("MemoryStore", options, {
      number: ["maxClosedRooms", "maxEventsPerRoom", "maxOutbox"],
      object: ["clock"],
    });
    this.#maxClosedRooms = options.maxClosedRooms ?? 1_000;
    this.#maxEventsPerRoom = options.maxEventsPerRoom ?? 100_000;
    if (!Number.isInteger(this.#maxClosedRooms) || this.#maxClosedRooms < 0) {
      throw new RoomKitError("invalid_option", "maxClosedRooms must be a whole number >= 0");
    }
    if (!Number.isInteger(this.#maxEventsPerRoom) || this.#maxEventsPerRoom < 1) {
      throw new RoomKitError("invalid_option", "maxEventsPerRoom must be a whole number >= 1");
    }
    const { maxOutbox = 10_000, clock = systemClock } = options;
    this.#outbox = new MemoryOutbox(maxOutbox, clock);
    this.#sessions = new MemorySessions(this.#rooms, clock);
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  get sessions(): KeptSessions {
    return this.#sessions;
  }

  async ping(): Promise<void> {}

  async createRoom(room: Room): Promise<void> {
    if (this.#rooms.has(room.id)) throw new RoomKitError("room_exists", `there is a room ${room.id} already`);
    this.#rooms.set(room.id, {
      room: copy(room),
      fence: 0,
      events: [],
      keys: new Map(),
      bindings: new Map(),
      participants: new Map(),
    });
    this.#noteStatus(room.id, room.status);
  }

  async getRoom(roomId: string): Promise<Room | undefined> {
    return this.#rooms.get(roomId)?.room;
  }

  async patchRoom(roomId: string, patch: RoomPatch, expectVersion: number): Promise<Room> {
    const entry = this.#entry(roomId);
    const { room } = entry;
    if (room.version !== expectVersion) {
      throw new RoomKitError("conflict", `the room is at version ${room.version}, not ${expectVersion}`, {
        retryable: true,
      });
    }
    entry.room = deepFreeze({ ...room, ...copy(defined(patch)), version: room.version + 1 });
    this.#noteStatus(roomId, entry.room.status);
    return entry.room;
  }

  async listRooms(filter: { readonly status?: RoomStatus | undefined } = {}): Promise<readonly Room[]> {
    const rooms = [...this.#rooms.values()].map((entry) => entry.room);
    return filter.status === undefined ? rooms : rooms.filter((room) => room.status === filter.status);
  }

  async deleteRoom(roomId: string): Promise<void> {
    this.#forget(roomId);
  }

  async commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
    const entry = this.#entry(roomId);
    const { at, fence = entry.fence, outbox = [] } = options;
    if (fence < entry.fence) return { status: "fenced", fence: entry.fence };
    entry.fence = fence;
    if (entry.room.status === "closed" || entry.room.status === "archived") return { status: "closed" };
    const key = events[0]?.idempotencyKey;
    const seen = key === undefined ? undefined : entry.keys.get(key);
    if (seen) return { status: "duplicate", events: entry.events.slice(seen.first, seen.first + seen.count) };
    const first = entry.events.length;
    if ((options.first ?? first) !== first) return { status: "moved", eventCount: first };
    if (first + events.length > this.#maxEventsPerRoom) {
      throw new RoomKitError("room_full", `a room holds at most ${this.#maxEventsPerRoom} events`);
    }
    // Copied before anything is stored: what cannot be copied leaves nothing behind.
    const stored = events.map((event, offset) => deepFreeze({ ...copy(event), roomId, index: first + offset }));
    this.#outbox.add(roomId, copy(outbox));
    entry.events.push(...stored);
    for (const [offset, { idempotencyKey }] of stored.entries()) {
      if (idempotencyKey !== undefined && !entry.keys.has(idempotencyKey)) {
        entry.keys.set(idempotencyKey, { first, count: stored.length, own: first + offset });
      }
    }
    entry.room = deepFreeze({
      ...entry.room,
      eventCount: entry.events.length,
      lastActivityAt: Math.max(entry.room.lastActivityAt, events.length === 0 ? 0 : at),
    });
    return { status: "committed", events: stored };
  }

  async readEvents(roomId: string, query: EventQuery = {}): Promise<readonly RoomEvent[]> {
    const events = this.#rooms.get(roomId)?.events ?? [];
    const end = Math.min(events.length, Math.max(0, query.before ?? events.length));
    const after = Math.max(0, (query.after ?? -1) + 1);
    const start = query.last === undefined ? after : Math.max(after, end - Math.max(0, query.last));
    return start < end ? events.slice(start, end) : [];
  }

  async findByIdempotencyKey(roomId: string, key: string): Promise<RoomEvent | undefined> {
    const entry = this.#rooms.get(roomId);
    const seen = entry?.keys.get(key);
    return seen && entry?.events[seen.own];
  }

  async putBinding(binding: Binding): Promise<void> {
    this.#entry(binding.roomId).bindings.set(binding.channelId, copy(binding));
  }

  async removeBinding(roomId: string, channelId: string): Promise<void> {
    this.#rooms.get(roomId)?.bindings.delete(channelId);
  }

  async listBindings(roomId: string): Promise<readonly Binding[]> {
    return [...(this.#rooms.get(roomId)?.bindings.values() ?? [])];
  }

  async putParticipant(participant: Participant): Promise<void> {
    this.#entry(participant.roomId).participants.set(participant.id, copy(participant));
  }

  async listParticipants(roomId: string): Promise<readonly Participant[]> {
    return [...(this.#rooms.get(roomId)?.participants.values() ?? [])];
  }

  async close(): Promise<void> {}

  #entry(roomId: string): Entry {
    const entry = this.#rooms.get(roomId);
    if (!entry) throw new RoomKitError("unknown_room", `there is no room ${roomId}`);
    return entry;
  }

  #noteStatus(roomId: string, status: RoomStatus): void {
    if (status !== "closed" && status !== "archived") {
      this.#closed.delete(roomId);
      return;
    }
    this.#closed.add(roomId);
    for (const oldest of this.#closed) {
      if (this.#closed.size <= this.#maxClosedRooms) break;
      this.#forget(oldest);
    }
  }

  #forget(roomId: string): void {
    this.#rooms.delete(roomId);
    this.#closed.delete(roomId);
    this.#outbox.forget(roomId);
    this.#sessions.forgetRoom(roomId);
  }
}
