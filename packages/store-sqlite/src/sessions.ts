import { encodeData, type KeepOptions, type KeptSession, type KeptSessions, RoomKitError } from "@roomkit/core";
import type { Connection } from "./connection.ts";
import type { Row } from "./driver.ts";

/** Sessions in a table, each its JSON, and their tokens in another. They lapse by the machine's wall clock. */
export class SqliteSessions implements KeptSessions {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async keep(session: KeptSession, { ttlMs, fence }: KeepOptions): Promise<boolean> {
    const { sessionId, roomId } = session;
    const tokens = new Set(session.tokens);
    const body = encodeData(session);
    const connection = this.#connection;
    return await connection.write(() => {
      const room = connection.get("SELECT fence FROM rooms WHERE id = ?", roomId);
      if (!room) throw new RoomKitError("unknown_room", `there is no room ${roomId}`);
      const greatest = room.fence as number;
      if (fence !== undefined && fence < greatest) return false;
      if (fence !== undefined && fence > greatest) {
        connection.run("UPDATE rooms SET fence = ? WHERE id = ?", fence, roomId);
      }
      connection.run(
        `INSERT INTO sessions (session_id, room_id, body, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (session_id)
         DO UPDATE SET room_id = excluded.room_id, body = excluded.body, expires_at = excluded.expires_at`,
        ...[sessionId, roomId, body, Date.now() + ttlMs],
      );
      const before = connection.all("SELECT token FROM session_tokens WHERE session_id = ?", sessionId);
      for (const { token } of before) {
        if (tokens.delete(token as string)) continue;
        connection.run("DELETE FROM session_tokens WHERE token = ? AND session_id = ?", token as string, sessionId);
      }
      for (const token of tokens) {
        connection.run("INSERT INTO session_tokens (token, session_id) VALUES (?, ?)", token, sessionId);
      }
      return true;
    });
  }

  async find(token: string): Promise<KeptSession | undefined> {
    const now = Date.now();
    const row = await this.#connection.try(() =>
      this.#connection.get(
        `SELECT body FROM session_tokens JOIN sessions USING (session_id) WHERE token = ? AND expires_at > ? LIMIT 1`,
        ...[token, now],
      ),
    );
    return row && sessionOf(row);
  }

  async forget(sessionId: string, { fence }: Pick<KeepOptions, "fence">): Promise<boolean> {
    const forgotten = await this.#connection.write(() =>
      this.#connection.run(
        `DELETE FROM sessions WHERE session_id = ?
         AND (SELECT fence FROM rooms WHERE id = room_id) <= ?`,
        ...[sessionId, fence ?? Number.MAX_SAFE_INTEGER],
      ),
    );
    return forgotten > 0;
  }

  async expired(limit: number): Promise<readonly KeptSession[]> {
    const now = Date.now();
    const connection = this.#connection;
    return await connection.write(() => {
      const rows = connection.all(
        "SELECT session_id, body FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
        ...[now, Math.max(0, limit)],
      );
      for (const row of rows) connection.run("DELETE FROM sessions WHERE session_id = ?", row.session_id as string);
      return rows.map(sessionOf);
    });
  }
}

function sessionOf({ body }: Row): KeptSession {
  return JSON.parse(body as string);
}
