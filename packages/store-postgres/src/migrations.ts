import { RoomKitError } from "@roomkit/core";
import type { Database } from "./database.ts";

/** Forward only, and never changed once published: what changes is added. None deletes anything. `$s` is the schema. */
const migrations: readonly string[] = [
  `CREATE TABLE $s.rooms (
    id text PRIMARY KEY,
    status text NOT NULL,
    created_at double precision NOT NULL,
    last_activity_at double precision NOT NULL,
    event_count bigint NOT NULL,
    timers text NOT NULL,
    metadata text NOT NULL,
    version bigint NOT NULL,
    fence bigint NOT NULL DEFAULT 0
  );
  CREATE INDEX rooms_status ON $s.rooms (status, id);
  CREATE TABLE $s.events (
    room_id text NOT NULL REFERENCES $s.rooms (id) ON DELETE CASCADE,
    idx bigint NOT NULL,
    idempotency_key text,
    commit_first bigint NOT NULL,
    commit_count integer NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (room_id, idx)
  );
  CREATE UNIQUE INDEX events_key ON $s.events (room_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE TABLE $s.parts (
    room_id text NOT NULL REFERENCES $s.rooms (id) ON DELETE CASCADE,
    kind text NOT NULL,
    id text NOT NULL,
    place bigserial NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (room_id, kind, id)
  );
  CREATE TABLE $s.outbox (
    id bigserial PRIMARY KEY,
    room_id text NOT NULL REFERENCES $s.rooms (id) ON DELETE CASCADE,
    topic text NOT NULL,
    body text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    free_at timestamptz NOT NULL DEFAULT '-infinity'
  );
  CREATE INDEX outbox_free ON $s.outbox (free_at, id);
  CREATE INDEX outbox_room ON $s.outbox (room_id);
  CREATE TABLE $s.leases (
    key text PRIMARY KEY,
    owner text NOT NULL,
    fence bigint NOT NULL,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX leases_expired ON $s.leases (expires_at);`,
  // Written twice a second for each call that speaks: what changes each time (`body`, `expires_at`) is in no index, so that Postgres writes
  // none. `due` is the ten seconds that `expires_at` falls into.
  `CREATE TABLE $s.sessions (
    session_id text PRIMARY KEY,
    room_id text NOT NULL REFERENCES $s.rooms (id) ON DELETE CASCADE,
    fence bigint NOT NULL,
    tokens text[] NOT NULL,
    body text NOT NULL,
    expires_at timestamptz NOT NULL,
    due bigint NOT NULL
  ) WITH (fillfactor = 50);
  CREATE INDEX sessions_room ON $s.sessions (room_id);
  CREATE INDEX sessions_tokens ON $s.sessions USING gin (tokens) WITH (fastupdate = off);
  CREATE INDEX sessions_due ON $s.sessions (due);`,
];

/** Of the advisory lock, which is the whole database's. */
const LOCK = 0x726f6f6d;

/** Brings the tables up to date; of several processes that begin at once one does. @throws RoomKitError `store_outdated`. */
export async function migrate(database: Database, timeoutMs: number): Promise<void> {
  const { schema } = database;
  await database.transaction(async (run) => {
    await run(`SET LOCAL statement_timeout = ${timeoutMs}`);
    await run("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await run(
      `CREATE TABLE IF NOT EXISTS ${schema}.migrations (version integer PRIMARY KEY, at timestamptz DEFAULT now())`,
    );
    const version = await versionOf(database, run);
    for (const [i, sql] of migrations.entries()) {
      if (i < version) continue;
      await run(sql.replaceAll("$s", schema));
      await run(`INSERT INTO ${schema}.migrations (version) VALUES ($1)`, [i + 1]);
    }
  });
}

/** @throws RoomKitError `store_outdated` unless the tables are of this version. */
export async function assertMigrated(database: Database): Promise<void> {
  const version = await database.transaction(async (run) => {
    const [found] = await run("SELECT to_regclass($1) AS found", [`${database.schema}.migrations`]);
    return found?.found === null ? 0 : await versionOf(database, run);
  });
  if (version < migrations.length) {
    throw new RoomKitError(
      "store_outdated",
      `the tables are of version ${version}, this package needs ${migrations.length}`,
    );
  }
}

async function versionOf(
  database: Database,
  run: (text: string) => Promise<Record<string, unknown>[]>,
): Promise<number> {
  const [row] = await run(`SELECT coalesce(max(version), 0) AS version FROM ${database.schema}.migrations`);
  const version = Number(row?.version);
  if (version > migrations.length) {
    throw new RoomKitError(
      "store_outdated",
      `the tables are of version ${version}, this package knows ${migrations.length}`,
    );
  }
  return version;
}
