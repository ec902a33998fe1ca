// Runs in a process of its own, of a Node that has `node:sqlite`:
//   conformance DRIVER      every requirement, as one line of JSON: { name: what was found instead, or "" }
//   write FILE NAME COUNT   so many commits to the room `r`, every one with a key that the other processes use too
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConformance } from "@roomkit/testing";
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from "./index.ts";

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
} else {
  const [file, name, count] = args as [string, string, string];
  const store = await openSqliteStore({ file });
  for (let n = 0; n < Number(count); n++) {
    const key = `key ${n}`;
    for (const idempotencyKey of [key, undefined]) {
      await store.commit(
        "r",
        [
          {
            ...{ id: randomUUID(), source: { channelId: name, role: "user" }, status: "delivered", chainDepth: 0 },
            ...{ content: { type: "text", text: `${n}` }, visibility: "all", createdAt: 0, idempotencyKey },
          },
        ],
        { at: 0 },
      );
    }
  }
  await store.close();
}
