import {
  type CommitOptions,
  type CommitResult,
  encodeData,
  type NewEvent,
  type RoomEvent,
  RoomKitError,
} from "@roomkit/core";
import type { Database, Row } from "./database.ts";

/**
 * The commit as one statement: the update of the room's row is what commits to one room wait for each other by, and what a smaller fence, another index, a
 * closed room, a full one or a key that was seen does not get past. It gives no row then, and what it was is asked afterwards.
 */
function statement(schema: string): string {
  return `WITH seen AS (
    SELECT 1 FROM ${schema}.events WHERE room_id = $1 AND idempotency_key = $5::text
  ), room AS (
    UPDATE ${schema}.rooms SET event_count = event_count + $2, last_activity_at = greatest(last_activity_at, $3),
      fence = greatest(fence, coalesce($4::bigint, 0))
    WHERE id = $1 AND status NOT IN ('closed', 'archived') AND fence <= coalesce($4::bigint, fence)
      AND event_count + $2 <= $10 AND event_count = coalesce($11::bigint, event_count) AND NOT EXISTS (SELECT FROM seen)
    RETURNING event_count - $2 AS first
  ), added AS (
    INSERT INTO ${schema}.events (room_id, idx, idempotency_key, commit_first, commit_count, body)
    SELECT $1, room.first + e.n - 1, e.key, room.first, $2, e.body
    FROM room, unnest($6::text[], $7::text[]) WITH ORDINALITY AS e (body, key, n)
  ), queued AS (
    INSERT INTO ${schema}.outbox (room_id, topic, body)
    SELECT $1, o.topic, o.body FROM room, unnest($8::text[], $9::text[]) WITH ORDINALITY AS o (topic, body, n) ORDER BY o.n
  )
  SELECT first FROM room`;
}

/** Another commit with the same key was faster: it is seen when the statement is run again. */
const RACED = "a key was committed by another just now";
const ATTEMPTS = 20;

export async function commit(
  database: Database,
  roomId: string,
  events: readonly NewEvent[],
  { at, fence, first: expected, outbox = [] }: CommitOptions,
  maxEventsPerRoom: number,
): Promise<CommitResult> {
  const bodies = events.map(encodeData);
  const key = events[0]?.idempotencyKey ?? null;
  let keys = ownKeys(events);
  const topics = outbox.map(({ topic }) => topic);
  const data = outbox.map((item) => encodeData(item.data));
  for (let attempt = 1; ; attempt++) {
    const activity = events.length === 0 ? 0 : at;
    const limits = [maxEventsPerRoom, expected ?? null];
    const values = [roomId, events.length, activity, fence ?? null, key, bodies, keys, topics, data, ...limits];
    try {
      const [row] = await database.query("commit", statement(database.schema), values, {
        "23505": (cause) => new RoomKitError("store_failed", RACED, { cause }),
      });
      if (row) {
        const first = Number(row.first);
        const committed = bodies.map(
          (body, offset): RoomEvent => ({ ...JSON.parse(body), roomId, index: first + offset }),
        );
        return { status: "committed", events: committed };
      }
      const asked = { count: events.length, fence, key, first: expected };
      const refusal = await refused(database, roomId, asked, maxEventsPerRoom);
      if (refusal) return refusal;
    } catch (error) {
      if (!(RoomKitError.is(error, "store_failed") && error.message === RACED)) throw error;
      // Not the first event's key, or it is seen now: keys of the others that are taken name the events they were taken by.
      keys = await freeKeys(database, roomId, keys);
    }
    if (attempt === ATTEMPTS) throw new RoomKitError("store_busy", "others were faster too often", { retryable: true });
  }
}

/** The key of each event, the second time within one commit none. */
function ownKeys(events: readonly NewEvent[]): (string | null)[] {
  const seen = new Set<string>();
  return events.map(({ idempotencyKey: key }) => {
    if (key === undefined || seen.has(key)) return null;
    seen.add(key);
    return key;
  });
}

async function freeKeys(
  database: Database,
  roomId: string,
  keys: readonly (string | null)[],
): Promise<(string | null)[]> {
  const rows = await database.query(
    "keys",
    `SELECT idempotency_key FROM ${database.schema}.events WHERE room_id = $1 AND idempotency_key = ANY ($2::text[])`,
    [roomId, keys.filter((key) => key !== null)],
  );
  const taken = new Set(rows.map((row) => row.idempotency_key));
  return keys.map((key) => (taken.has(key) ? null : key));
}

/** Why nothing was committed; undefined when there is no reason any more. @throws RoomKitError `unknown_room`, `room_full`. */
async function refused(
  database: Database,
  roomId: string,
  {
    count,
    fence,
    key,
    first,
  }: Pick<CommitOptions, "fence" | "first"> & { readonly count: number; readonly key: string | null },
  maxEventsPerRoom: number,
): Promise<CommitResult | undefined> {
  const { schema } = database;
  const [room] = await database.query(
    "refused",
    `SELECT status, fence, event_count FROM ${schema}.rooms WHERE id = $1`,
    [roomId],
  );
  if (!room) throw new RoomKitError("unknown_room", `there is no room ${roomId}`);
  if (fence !== undefined && fence < Number(room.fence)) return { status: "fenced", fence: Number(room.fence) };
  if (room.status === "closed" || room.status === "archived") return { status: "closed" };
  const original = await database.query(
    "original",
    `SELECT e.room_id, e.idx, e.body FROM ${schema}.events k JOIN ${schema}.events e
       ON e.room_id = k.room_id AND e.idx >= k.commit_first AND e.idx < k.commit_first + k.commit_count
     WHERE k.room_id = $1 AND k.idempotency_key = $2 ORDER BY e.idx`,
    [roomId, key],
  );
  if (original.length > 0) return { status: "duplicate", events: original.map(eventOf) };
  const eventCount = Number(room.event_count);
  if ((first ?? eventCount) !== eventCount) return { status: "moved", eventCount };
  if (eventCount + count > maxEventsPerRoom) {
    throw new RoomKitError("room_full", `a room holds at most ${maxEventsPerRoom} events`);
  }
  return undefined;
}

export function eventOf({ room_id: roomId, idx, body }: Row): RoomEvent {
  return { ...JSON.parse(body as string), roomId, index: Number(idx) };
}
