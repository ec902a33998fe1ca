import {
  type Binding,
  type CommitOptions,
  type CommitResult,
  type ConversationStore,
  EngineLeases,
  type EventQuery,
  encodeData,
  type KeptSessions,
  type LeaseManager,
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
import { commit, eventOf } from "./commit.ts";
import { Database, type Row } from "./database.ts";
import { leaseEngine } from "./leases.ts";
import { assertMigrated, migrate } from "./migrations.ts";
import { type PostgresStoreOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { PostgresSessions } from "./sessions.ts";

/** Rooms read by one query. */
const PAGE = 1_000;
const ROOM = "id, status, created_at, last_activity_at, event_count, timers, metadata, version";

/** Rooms in PostgreSQL, shared by any number of processes, and the leases they need. What it keeps is JSON. */
export class PostgresStore implements ConversationStore {
  readonly scope = "shared" as const;
  readonly outbox: Outbox = { claim: (limit, leaseMs) => this.#claim(limit, leaseMs), done: (id) => this.#done(id) };
  readonly sessions: KeptSessions;
  /** For `new RoomKit({ store, leases: store.leases })`. They end with the store. */
  readonly leases: LeaseManager;
  readonly #database: Database;
  readonly #schema: string;
  readonly #maxEventsPerRoom: number;
  #closing: Promise<void> | undefined;

  constructor(database: Database, options: ResolvedOptions) {
    this.#database = database;
    this.#schema = options.schema;
    this.#maxEventsPerRoom = options.maxEventsPerRoom;
    this.sessions = new PostgresSessions(database);
    this.leases = new EngineLeases(leaseEngine(database));
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#database.size;
  }

  async ping(): Promise<void> {
    await this.#database.query("ping", "SELECT 1");
  }

  async createRoom(room: Room): Promise<void> {
    const rows = await this.#database.query(
      "create",
      `INSERT INTO ${this.#schema}.rooms (${ROOM}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [
        ...[room.id, room.status, room.createdAt, room.lastActivityAt, room.eventCount],
        ...[encodeData(room.timers), encodeData(room.metadata), room.version],
      ],
    );
    if (rows.length === 0) throw new RoomKitError("room_exists", `there is a room ${room.id} already`);
  }

  async getRoom(roomId: string): Promise<Room | undefined> {
    const [row] = await this.#database.query("room", `SELECT ${ROOM} FROM ${this.#schema}.rooms WHERE id = $1`, [
      roomId,
    ]);
    return row && roomOf(row);
  }

  async patchRoom(roomId: string, patch: RoomPatch, expectVersion: number): Promise<Room> {
    const { status, timers, metadata, lastActivityAt } = patch;
    const [row] = await this.#database.query(
      "patch",
      `UPDATE ${this.#schema}.rooms SET status = coalesce($3, status), timers = coalesce($4, timers),
         metadata = coalesce($5, metadata), last_activity_at = coalesce($6::float8, last_activity_at), version = version + 1
       WHERE id = $1 AND version = $2 RETURNING ${ROOM}`,
      [
        ...[roomId, expectVersion, status ?? null],
        ...[timers && encodeData(timers), metadata && encodeData(metadata), lastActivityAt ?? null],
      ],
    );
    if (row) return roomOf(row);
    const room = await this.getRoom(roomId);
    if (!room) throw unknownRoom(roomId);
    throw new RoomKitError("conflict", `the room is at version ${room.version}, not ${expectVersion}`, {
      retryable: true,
    });
  }

  async listRooms(filter: { readonly status?: RoomStatus | undefined } = {}): Promise<readonly Room[]> {
    const rooms: Room[] = [];
    for (let after = ""; ; ) {
      const page = await this.#database.query(
        filter.status === undefined ? "rooms" : "rooms_of",
        `SELECT ${ROOM} FROM ${this.#schema}.rooms WHERE id > $1 ${filter.status === undefined ? "" : "AND status = $2"}
         ORDER BY id LIMIT ${PAGE}`,
        filter.status === undefined ? [after] : [after, filter.status],
      );
      rooms.push(...page.map(roomOf));
      if (page.length < PAGE) return rooms;
      after = page.at(-1)?.id as string;
    }
  }

  async deleteRoom(roomId: string): Promise<void> {
    await this.#database.query("delete", `DELETE FROM ${this.#schema}.rooms WHERE id = $1`, [roomId]);
  }

  commit(roomId: string, events: readonly NewEvent[], options: CommitOptions): Promise<CommitResult> {
    return commit(this.#database, roomId, events, options, this.#maxEventsPerRoom);
  }

  async readEvents(roomId: string, query: EventQuery = {}): Promise<readonly RoomEvent[]> {
    const { after = -1, before = Number.MAX_SAFE_INTEGER, last = this.#maxEventsPerRoom } = query;
    const rows = await this.#database.query(
      "events",
      `SELECT room_id, idx, body FROM ${this.#schema}.events WHERE room_id = $1 AND idx > $2 AND idx < $3
       ORDER BY idx DESC LIMIT $4`,
      [roomId, after, before, Math.max(0, Math.min(last, this.#maxEventsPerRoom))],
    );
    return rows.reverse().map(eventOf);
  }

  async findByIdempotencyKey(roomId: string, key: string): Promise<RoomEvent | undefined> {
    const [row] = await this.#database.query(
      "keyed",
      `SELECT room_id, idx, body FROM ${this.#schema}.events WHERE room_id = $1 AND idempotency_key = $2`,
      [roomId, key],
    );
    return row && eventOf(row);
  }

  async putBinding(binding: Binding): Promise<void> {
    await this.#put("binding", binding.roomId, binding.channelId, binding);
  }

  async removeBinding(roomId: string, channelId: string): Promise<void> {
    await this.#database.query(
      "remove",
      `DELETE FROM ${this.#schema}.parts WHERE room_id = $1 AND kind = 'binding' AND id = $2`,
      [roomId, channelId],
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

  close(): Promise<void> {
    this.#closing ??= this.leases.close().then(() => this.#database.close());
    return this.#closing;
  }

  async #put(kind: string, roomId: string, id: string, value: unknown): Promise<void> {
    await this.#database.query(
      "put",
      `INSERT INTO ${this.#schema}.parts (kind, room_id, id, body) VALUES ($1, $2, $3, $4)
       ON CONFLICT (room_id, kind, id) DO UPDATE SET body = excluded.body`,
      [kind, roomId, id, encodeData(value)],
      { "23503": () => unknownRoom(roomId) },
    );
  }

  async #parts<T>(kind: string, roomId: string): Promise<readonly T[]> {
    const rows = await this.#database.query(
      "parts",
      `SELECT body FROM ${this.#schema}.parts WHERE room_id = $1 AND kind = $2 ORDER BY place`,
      [roomId, kind],
    );
    return rows.map(({ body }) => JSON.parse(body as string) as T);
  }

  async #claim(limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    const rows = await this.#database.query(
      "claim",
      `WITH free AS (
         SELECT id FROM ${this.#schema}.outbox WHERE free_at <= clock_timestamp() ORDER BY id LIMIT $1
         FOR UPDATE SKIP LOCKED
       )
       UPDATE ${this.#schema}.outbox AS o SET attempts = attempts + 1,
         free_at = clock_timestamp() + $2 * interval '1 millisecond'
       FROM free WHERE o.id = free.id RETURNING o.id, o.room_id, o.topic, o.body, o.attempts`,
      [limit, leaseMs],
    );
    return rows
      .sort((a, b) => Number(a.id) - Number(b.id))
      .map((row) => ({
        id: String(row.id),
        roomId: row.room_id as string,
        topic: row.topic as string,
        data: JSON.parse(row.body as string),
        attempts: Number(row.attempts),
      }));
  }

  async #done(id: string): Promise<void> {
    if (!/^\d{1,18}$/.test(id)) return;
    await this.#database.query("done", `DELETE FROM ${this.#schema}.outbox WHERE id = $1`, [id]);
  }
}

/**
 * Connects, and brings the tables up to date without deleting anything.
 *
 * @throws RoomKitError `invalid_option`, `store_unavailable`, `store_outdated`, `store_failed`.
 */
export async function openPostgresStore(options: PostgresStoreOptions = {}): Promise<PostgresStore> {
  const resolved = resolveOptions(options);
  const database = new Database(resolved);
  try {
    if (resolved.migrate) await migrate(database, resolved.migrateTimeoutMs);
    else await assertMigrated(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new PostgresStore(database, resolved);
}

function roomOf(row: Row): Room {
  return {
    id: row.id as string,
    status: row.status as RoomStatus,
    createdAt: Number(row.created_at),
    lastActivityAt: Number(row.last_activity_at),
    eventCount: Number(row.event_count),
    timers: JSON.parse(row.timers as string),
    metadata: JSON.parse(row.metadata as string),
    version: Number(row.version),
  };
}

function unknownRoom(roomId: string): RoomKitError {
  return new RoomKitError("unknown_room", `there is no room ${roomId}`);
}
