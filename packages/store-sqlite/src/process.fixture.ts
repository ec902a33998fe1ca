// Runs in a process of its own, of a Node that has `node:sqlite`:
//   full FILE               what comes of commits when there is no room for another page, and when there is again, as JSON
//   conformance DRIVER      every requirement, as one line of JSON: { name: what was found instead, or "" }
//   write FILE NAME COUNT   so many commits to the room `r`, every one with a key that the other processes use too
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewEvent, RoomKitError } from "@roomkit/core";
import { storeConformance } from "@roomkit/testing";
import { Connection } from "./connection.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./index.ts";
import { resolveOptions } from "./options.ts";
import { SqliteStore } from "./sqlite-store.ts";

const eventOf = (channelId: string, text: string): NewEvent => ({
  ...{ id: randomUUID(), source: { channelId, role: "user" }, status: "delivered", chainDepth: 0 },
  ...{ content: { type: "text", text }, visibility: "all", createdAt: 0 },
});

const [mode, ...args] = process.argv.slice(2);

if (mode === "conformance") {
  const driver = args[0] as SqliteStoreOptions["driver"];
  const files: string[] = [];
  const open = (): Promise<SqliteStore> => {
    files.push(join(tmpdir(), `roomkit-${randomUUID()}.sqlite`));
    return another();
  };
  const another = (): Promise<SqliteStore> => openSqliteStore({ file: files.at(-1) as string, driver });
  const results: Record<string, string> = {};
  for (const { name, run } of storeConformance({ open, another, timeoutMs: 30_000 })) {
    results[name] = await run().then(
      () => "",
      (error: Error) => error.message,
    );
  }
  for (const file of files) for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
  console.log(JSON.stringify(results));
} else if (mode === "full") {
  const connection = await Connection.open(resolveOptions({ file: args[0] as string }));
  const store = new SqliteStore(connection, 1_000);
  const at = { createdAt: 0, lastActivityAt: 0 };
  await store.createRoom({ id: "r", status: "active", ...at, eventCount: 0, timers: {}, metadata: {}, version: 0 });
  const commit = (): Promise<string> =>
    store.commit("r", [eventOf("caller", "x".repeat(3_000))], { at: 0 }).then(
      ({ status }) => status,
      ({ code, message }: RoomKitError) => `${code} ${message}`,
    );
  const told: string[] = [];
  // SQLite does at this limit what it does where the file system has no room.
  connection.get("PRAGMA max_page_count = 30");
  let stored = -1;
  for (let status = "committed"; status === "committed"; stored++) status = await commit();
  for (let i = 0; i < 3; i++) told.push(await commit());
  const whole = (await store.readEvents("r")).length === stored && (await store.getRoom("r"))?.eventCount === stored;
  connection.get("PRAGMA max_page_count = 100000");
  told.push(await commit(), `${(await store.getRoom("r"))?.eventCount === stored + 1}`);
  await store.close();
  console.log(JSON.stringify({ whole, told }));
} else {
  const [file, name, count] = args as [string, string, string];
  const store = await openSqliteStore({ file });
  for (let n = 0; n < Number(count); n++) {
    const key = `key ${n}`;
    for (const idempotencyKey of [key, undefined]) {
      await store.commit("r", [{ ...eventOf(name, `${n}`), idempotencyKey }], { at: 0 });
    }
  }
  await store.close();
}
