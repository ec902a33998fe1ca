import { encodeData, type KeepOptions, type KeptSession, type KeptSessions, RoomKitError } from "@roomkit/core";
import type { Database, Row } from "./database.ts";

/** How often a session is written again when others raise the room's fence meanwhile. */
const ATTEMPTS = 20;

/**
 * Sessions in a table, each its JSON. Keeping one is one statement, which locks the room's row only to raise its fence. That a room was
 * taken over after the statement began to look is seen by the session's own fence: a process that stood still writes over no newer one.
 */
export class PostgresSessions implements KeptSessions {
  readonly #database: Database;
  readonly #keep: string;

  constructor(database: Database) {
    this.#database = database;
    const { schema } = database;
    this.#keep = `WITH room AS (
        SELECT fence FROM ${schema}.rooms WHERE id = $2
      ), raised AS (
        UPDATE ${schema}.rooms SET fence = $3 WHERE id = $2 AND fence < $3::bigint RETURNING fence
      ), ends AS (
        SELECT clock_timestamp() + $4 * interval '1 millisecond' AS at
      )
      INSERT INTO ${schema}.sessions AS s (session_id, room_id, fence, tokens, body, expires_at, due)
      SELECT $1, $2, coalesce($3, room.fence), $5, $6, ends.at, floor(extract(epoch FROM ends.at) / 10)
      FROM room, ends WHERE $3 IS NULL OR room.fence = $3 OR EXISTS (SELECT FROM raised)
      ON CONFLICT (session_id) DO UPDATE SET room_id = excluded.room_id, fence = excluded.fence, tokens = excluded.tokens,
        body = excluded.body, expires_at = excluded.expires_at, due = excluded.due
      WHERE $3 IS NULL OR s.fence <= $3 OR s.room_id <> excluded.room_id
      RETURNING 1`;
  }

  async keep(session: KeptSession, { ttlMs, fence }: KeepOptions): Promise<boolean> {
    const { sessionId, roomId, tokens } = session;
    const values = [sessionId, roomId, fence ?? null, ttlMs, tokens, encodeData(session)];
    const unknown = (): RoomKitError => new RoomKitError("unknown_room", `there is no room ${roomId}`);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const rows = await this.#database.query("keep", this.#keep, values, { "23503": unknown });
      if (rows.length > 0) return true;
      const [room] = await this.#database.query(
        "not_kept",
        `SELECT fence FROM ${this.#database.schema}.rooms WHERE id = $1`,
        [roomId],
      );
      if (!room) throw unknown();
      if (fence !== undefined && fence < Number(room.fence)) return false;
    }
    throw new RoomKitError("store_busy", "others were faster too often", { retryable: true });
  }

  async find(token: string): Promise<KeptSession | undefined> {
    const [row] = await this.#database.query(
      "find",
      `SELECT body FROM ${this.#database.schema}.sessions WHERE tokens @> ARRAY[$1::text] AND expires_at > now() LIMIT 1`,
      [token],
    );
    return row && sessionOf(row);
  }

  async forget(sessionId: string, { fence }: Pick<KeepOptions, "fence">): Promise<boolean> {
    const { schema } = this.#database;
    const rows = await this.#database.query(
      "forget",
      `DELETE FROM ${schema}.sessions AS s USING ${schema}.rooms AS r
       WHERE s.session_id = $1 AND r.id = s.room_id AND ($2::bigint IS NULL OR greatest(r.fence, s.fence) <= $2)
       RETURNING 1`,
      [sessionId, fence ?? null],
    );
    return rows.length > 0;
  }

  async expired(limit: number): Promise<readonly KeptSession[]> {
    const { schema } = this.#database;
    const rows = await this.#database.query(
      "expired",
      `WITH gone AS (
         SELECT session_id FROM ${schema}.sessions
         WHERE due <= floor(extract(epoch FROM now()) / 10)::bigint AND expires_at <= now()
         ORDER BY due, expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )
       DELETE FROM ${schema}.sessions AS s USING gone WHERE s.session_id = gone.session_id
       RETURNING s.body, extract(epoch FROM s.expires_at) AS until`,
      [Math.max(0, limit)],
    );
    return rows.sort((a, b) => Number(a.until) - Number(b.until)).map(sessionOf);
  }
}

function sessionOf({ body }: Row): KeptSession {
  return JSON.parse(body as string);
}
