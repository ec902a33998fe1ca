import { RoomKitError } from "@roomkit/core";
import type { Database } from "./driver.ts";

/** Forward only, and never changed once published: what changes is added. None deletes anything. */
const migrations: readonly string[] = [
  `CREATE TABLE rooms (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    last_activity_at REAL NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX rooms_status ON rooms (status, id);
  CREATE TABLE events (
    room_id TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    idempotency_key TEXT,
    commit_first INTEGER NOT NULL,
    commit_count INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (room_id, idx)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX events_key ON events (room_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE TABLE parts (
    kind TEXT NOT NULL,
    room_id TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (room_id, kind, id)
  ) WITHOUT ROWID;
  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    free_at INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX outbox_free ON outbox (free_at, id);
  CREATE INDEX outbox_room ON outbox (room_id);`,
  `CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    expires_at REAL NOT NULL
  );
  CREATE INDEX sessions_room ON sessions (room_id);
  CREATE INDEX sessions_expired ON sessions (expires_at);
  CREATE TABLE session_tokens (
    token TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
    PRIMARY KEY (token, session_id)
  ) WITHOUT ROWID;
  CREATE INDEX session_tokens_session ON session_tokens (session_id);`,
];

/** Brings a file up to date, inside a transaction. @throws RoomKitError `store_outdated` for a file of a newer version. */
export function migrate(database: Database): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > migrations.length) {
    throw new RoomKitError(
      "store_outdated",
      `the file is of version ${version}, this package knows ${migrations.length}`,
    );
  }
  for (const [i, sql] of migrations.entries()) {
    if (i < version) continue;
    database.exec(sql);
    database.exec(`PRAGMA user_version = ${i + 1}`);
  }
}
