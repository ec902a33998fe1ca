import type { LeaseEngine } from "@roomkit/core";
import type { Database } from "./database.ts";

/** Rows of leases that nobody held for a day are deleted, so many at once, each time so many more were taken. */
const [CLEAN_EVERY, CLEAN_ROWS] = [1_000, 2_000];

/** A row for each key. Its fence begins with the time, ms, so that one for a key whose row was deleted is greater still. */
export function leaseEngine(database: Database): LeaseEngine {
  const { schema } = database;
  const expiry = "clock_timestamp() + $3 * interval '1 millisecond'";
  let taken = 0;
  return {
    async take(key, owner, ttlMs, takeOver) {
      if (++taken % CLEAN_EVERY === 0) {
        const expired = `SELECT key FROM ${schema}.leases WHERE expires_at < clock_timestamp() - interval '1 day'`;
        await database.query(
          "lease_clean",
          `DELETE FROM ${schema}.leases WHERE key IN (${expired} LIMIT ${CLEAN_ROWS} FOR UPDATE SKIP LOCKED)`,
        );
      }
      const [mine] = await database.query(
        "lease_take",
        `INSERT INTO ${schema}.leases AS l (key, owner, fence, expires_at)
         VALUES ($1, $2, floor(extract(epoch FROM clock_timestamp()) * 1000), ${expiry})
         ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, fence = l.fence + 1, expires_at = excluded.expires_at
         WHERE l.expires_at <= clock_timestamp() OR $4
         RETURNING fence`,
        [key, owner, ttlMs, takeOver],
      );
      if (mine) return { fence: Number(mine.fence) };
      const [other] = await database.query("lease_owner", `SELECT owner FROM ${schema}.leases WHERE key = $1`, [key]);
      return { heldBy: other ? String(other.owner) : "somebody" };
    },
    async extend(key, fence, ttlMs) {
      const rows = await database.query(
        "lease_extend",
        `UPDATE ${schema}.leases SET expires_at = ${expiry}
         WHERE key = $1 AND fence = $2 AND expires_at > clock_timestamp() RETURNING 1`,
        [key, fence, ttlMs],
      );
      return rows.length > 0;
    },
    async drop(key, fence) {
      await database.query(
        "lease_drop",
        `UPDATE ${schema}.leases SET expires_at = clock_timestamp()
         WHERE key = $1 AND fence = $2 AND expires_at > clock_timestamp()`,
        [key, fence],
      );
    },
  };
}
