import {
  type Binding,
  type CommitOptions,
  type CommitResult,
  type ConversationStore,
  type EventQuery,
  encodeData,
  type KeptSessions,
  type NewEvent,
  type Outbox,
  type OutboxItem,
  type Participant,
  type Room,
  type RoomEvent,
  RoomKitError,
  type RoomPatch,
  type RoomStatus,
} from "@roomkit/core";
import { Connection } from "./connection.ts";
import type { Row, SqliteDriver } from "./driver.ts";
import { resolveOptions, type SqliteStoreOptions } from "./options.ts";
import { SqliteSessions } from "./sessions.ts";

/** Rooms read by one query. */
const PAGE = 1_000;

/**
 * Rooms in one file, which outlive the process. What it keeps is JSON. For the processes of one machine: a kit keeps what it knows of a room
 * in memory, so each room is one process's at a time.
 */
export class SqliteStore implements ConversationStore {
  readonly scope = "process" as const;
  readonly outbox: Outbox = { claim: (limit, leaseMs) => this.#claim(limit, leaseMs), done: (id) => this.#done(id) };
  readonly sessions: KeptSessions;
  readonly #connection: Connection;
  readonly #maxEventsPerRoom: number;

  constructor(connection: Connection, maxEventsPerRoom: number) {
    this.sessions = new SqliteSessions(connection);
    this.#connection = connection;
    this.#maxEventsPerRoom = maxEventsPerRoom;
  }

  /** Which driver it found. */
  get driver(): SqliteDriver {
    return this.#connection.driver;
  }

  async ping(): Promise<void> {
    await this.#connection.try(() => this.#connection.get("SELECT 1"));
  }

  async createRoom(room: Room): Promise<void> {
    const { id, status, version, eventCount, lastActivityAt, ...rest } = room;
    const body = encodeData(rest);
    const made = await this.#connection.write(() =>
      this.#connection.run(
        `INSERT INTO rooms (id, status, version, event_count, last_activity_at, body) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        ...[id, status, version, eventCount, lastActivityAt, body],
      ),
    );
    if (made === 0) throw new RoomKitError("room_exists", `there is a room ${id} already`);
  }

  async getRoom(roomId: string): Promise<Room | undefined> {
    return await this.#connection.try(() => this.#room(roomId));
  }

  async patchRoom(roomId: string, patch: RoomPatch, expectVersion: number): Promise<Room> {
    return await this.#connection.write(() => {
      const room = this.#room(roomId);
      if (!room) throw unknownRoom(roomId);
      if (room.version !== expectVersion) {
        throw new RoomKitError("conflict", `the room is at version ${room.version}, not ${expectVersion}`, {
          retryable: true,
        });
      }
      const { status = room.status, lastActivityAt = room.lastActivityAt } = patch;
      const { timers = room.timers, metadata = room.metadata } = patch;
      const version = room.version + 1;
      const body = encodeData({ createdAt: room.createdAt, timers, metadata });
      this.#connection.run(
        "UPDATE rooms SET status = ?, version = ?, last_activity_at = ?, body = ? WHERE id = ?",
        ...[status, version, lastActivityAt, body, roomId],
      );
      return this.#room(roomId) as Room;
    });
  }

  async listRooms(filter: { readonly status?: RoomStatus | undefined } = {}): Promise<readonly Room[]> {
    const rooms: Room[] = [];
    for (let after = ""; ; ) {
      const from = after;
      const page = await this.#connection.try(() =>
        filter.status === undefined
          ? this.#connection.all(`SELECT * FROM rooms WHERE id > ? ORDER BY id LIMIT ${PAGE}`, from)
          : this.#connection.all(
              `SELECT * FROM rooms WHERE status = ? AND id > ? ORDER BY id LIMIT ${PAGE}`,
              ...[filter.status, from],
            ),
      );
      rooms.push(...page.map(roomOf));
      if (page.length < PAGE) return rooms;
      after = (page.at(-1) as Row).id as string;
    }
  }

  async deleteRoom(roomId: string): Promise<void> {
    await this.#connection.write(() => this.#connection.run("DELETE FROM rooms WHERE id = ?", roomId));
  }

  async commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
    const bodies = events.map(encodeData);
    const outbox = (options.outbox ?? []).map(({ topic, data }) => ({ topic, body: encodeData(data) }));
    const { at, fence = 0 } = options;
    return await this.#connection.write(() => {
      const row = this.#connection.get("SELECT status, event_count, fence FROM rooms WHERE id = ?", roomId);
      if (!row) throw unknownRoom(roomId);
      if (fence !== 0 && fence < (row.fence as number)) return { status: "fenced", fence: row.fence as number };
      if (row.status === "closed" || row.status === "archived") return { status: "closed" };
      const key = events[0]?.idempotencyKey;
      const seen = key === undefined ? undefined : this.#keyed(roomId, key);
      if (seen) return { status: "duplicate", events: this.#range(roomId, seen) };
      const first = row.event_count as number;
      if ((options.first ?? first) !== first) return { status: "moved", eventCount: first };
      if (first + events.length > this.#maxEventsPerRoom) {
        throw new RoomKitError("room_full", `a room holds at most ${this.#maxEventsPerRoom} events`);
      }
      this.#connection.run(
        `UPDATE rooms SET event_count = ?, last_activity_at = max(last_activity_at, ?), fence = max(fence, ?) WHERE id = ?`,
        ...[first + events.length, events.length === 0 ? 0 : at, fence, roomId],
      );
      for (const [offset, event] of events.entries()) {
        const own = event.idempotencyKey;
        const free = own !== undefined && this.#keyed(roomId, own) === undefined;
        this.#connection.run(
          `INSERT INTO events (room_id, idx, idempotency_key, commit_first, commit_count, body) VALUES (?, ?, ?, ?, ?, ?)`,
          ...[roomId, first + offset, free ? own : null, first, events.length, bodies[offset] as string],
        );
      }
      for (const { topic, body } of outbox) {
        this.#connection.run("INSERT INTO outbox (room_id, topic, body) VALUES (?, ?, ?)", roomId, topic, body);
      }
      return {
        status: "committed",
        events: bodies.map((body, offset) => ({ ...JSON.parse(body), roomId, index: first + offset })),
      };
    });
  }

  async readEvents(roomId: string, query: EventQuery = {}): Promise<readonly RoomEvent[]> {
    const { after = -1, before = Number.MAX_SAFE_INTEGER, last = this.#maxEventsPerRoom } = query;
    const rows = await this.#connection.try(() =>
      this.#connection.all(
        "SELECT room_id, idx, body FROM events WHERE room_id = ? AND idx > ? AND idx < ? ORDER BY idx DESC LIMIT ?",
        ...[roomId, after, before, Math.max(0, Math.min(last, this.#maxEventsPerRoom))],
      ),
    );
    return rows.reverse().map(eventOf);
  }

  async findByIdempotencyKey(roomId: string, key: string): Promise<RoomEvent | undefined> {
    const row = await this.#connection.try(() => this.#keyed(roomId, key));
    return row && eventOf(row);
  }

  async putBinding(binding: Binding): Promise<void> {
    await this.#put("binding", binding.roomId, binding.channelId, binding);
  }

  async removeBinding(roomId: string, channelId: string): Promise<void> {
    await this.#connection.write(() =>
      this.#connection.run("DELETE FROM parts WHERE kind = 'binding' AND room_id = ? AND id = ?", roomId, channelId),
    );
  }

  async listBindings(roomId: string): Promise<readonly Binding[]> {
    return await this.#parts<Binding>("binding", roomId);
  }

  async putParticipant(participant: Participant): Promise<void> {
    await this.#put("participant", participant.roomId, participant.id, participant);
  }

  async listParticipants(roomId: string): Promise<readonly Participant[]> {
    return await this.#parts<Participant>("participant", roomId);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #room(roomId: string): Room | undefined {
    const row = this.#connection.get("SELECT * FROM rooms WHERE id = ?", roomId);
    return row && roomOf(row);
  }

  #keyed(roomId: string, key: string): Row | undefined {
    return this.#connection.get("SELECT * FROM events WHERE room_id = ? AND idempotency_key = ?", roomId, key);
  }

  #range(roomId: string, { commit_first: first, commit_count: count }: Row): RoomEvent[] {
    const rows = this.#connection.all(
      "SELECT room_id, idx, body FROM events WHERE room_id = ? AND idx >= ? AND idx < ? ORDER BY idx",
      ...[roomId, first as number, (first as number) + (count as number)],
    );
    return rows.map(eventOf);
  }

  async #put(kind: string, roomId: string, id: string, value: unknown): Promise<void> {
    const body = encodeData(value);
    await this.#connection.write(() => {
      if (!this.#connection.get("SELECT 1 FROM rooms WHERE id = ?", roomId)) throw unknownRoom(roomId);
      this.#connection.run(
        `INSERT INTO parts (kind, room_id, id, place, body)
         VALUES (?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM parts WHERE room_id = ?), ?)
         ON CONFLICT (room_id, kind, id) DO UPDATE SET body = excluded.body`,
        ...[kind, roomId, id, roomId, body],
      );
    });
  }

  async #parts<T>(kind: string, roomId: string): Promise<readonly T[]> {
    const rows = await this.#connection.try(() =>
      this.#connection.all("SELECT body FROM parts WHERE room_id = ? AND kind = ? ORDER BY place", roomId, kind),
    );
    return rows.map(({ body }) => JSON.parse(body as string) as T);
  }

  async #claim(limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    const now = Date.now();
    return await this.#connection.write(() => {
      const rows = this.#connection.all(
        "SELECT id, room_id, topic, body, attempts FROM outbox WHERE free_at <= ? ORDER BY id LIMIT ?",
        ...[now, limit],
      );
      return rows.map((row) => {
        const attempts = (row.attempts as number) + 1;
        this.#connection.run(
          "UPDATE outbox SET attempts = ?, free_at = ? WHERE id = ?",
          ...[attempts, now + leaseMs, row.id as number],
        );
        const { id, room_id: roomId, topic, body } = row;
        return {
          id: `${id}`,
          roomId: roomId as string,
          topic: topic as string,
          data: JSON.parse(body as string),
          attempts,
        };
      });
    });
  }

  async #done(id: string): Promise<void> {
    await this.#connection.write(() => this.#connection.run("DELETE FROM outbox WHERE id = ?", id));
  }
}

/**
 * Opens the file and brings it up to date, without deleting anything.
 *
 * @throws RoomKitError `invalid_option`, `sqlite_missing`, `store_outdated`, `store_busy`, `store_failed`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const resolved = resolveOptions(options);
  return new SqliteStore(await Connection.open(resolved), resolved.maxEventsPerRoom);
}

function roomOf(row: Row): Room {
  const { id, status, version, event_count: eventCount, last_activity_at: lastActivityAt, body } = row;
  return { ...JSON.parse(body as string), id, status, version, eventCount, lastActivityAt };
}

function eventOf({ room_id: roomId, idx: index, body }: Row): RoomEvent {
  return { ...JSON.parse(body as string), roomId, index };
}

function unknownRoom(roomId: string): RoomKitError {
  return new RoomKitError("unknown_room", `there is no room ${roomId}`);
}
