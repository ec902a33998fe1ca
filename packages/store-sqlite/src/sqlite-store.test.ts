import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RoomKitError } from "@roomkit/core";
import { storeConformance } from "@roomkit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "./driver.ts";
import { openSqliteStore } from "./index.ts";

const run = promisify(execFile);
const node = nodeWithSqlite();
const folder = mkdtempSync(join(tmpdir(), "roomkit-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** This Node, or one that `npm test` put into the cache. */
function nodeWithSqlite(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  const cached = fileURLToPath(
    new URL("../../../node_modules/.cache/node/22/node_modules/node/bin/node", import.meta.url),
  );
  return existsSync(cached) ? cached : undefined;
}

async function inProcess(...args: string[]): Promise<string> {
  const [loader, fixture] = ["../../../tools/source.mjs", "./process.fixture.ts"].map((each) =>
    fileURLToPath(new URL(each, import.meta.url)),
  ) as [string, string];
  const options = ["--no-warnings", "--conditions=@roomkit/source", "--import", loader, fixture];
  const { stdout } = await run(node as string, [...options, ...args], { maxBuffer: 2 ** 24, timeout: 80_000 });
  return stdout;
}

describe.skipIf(node === undefined)("SqliteStore on node:sqlite, which needs Node 22.13", () => {
  describe("keeps to the contract", () => {
    let results: Record<string, string> = {};
    beforeAll(async () => {
      results = JSON.parse(await inProcess("conformance", "node:sqlite"));
    });
    const none = (): never => {
      throw new Error("opened by the process alone");
    };
    for (const { name } of storeConformance({ open: none, another: none })) {
      it(name, () => expect(results[name]).toBe(""));
    }
  });

  it("row 70: says so when the disk is full, loses nothing it had, and goes on when there is room", async () => {
    const { whole, told } = JSON.parse(await inProcess("full", join(folder, "full.sqlite")));
    const full = "store_failed SQLite: database or disk is full";
    expect({ whole, told }).toEqual({ whole: true, told: [full, full, full, "committed", "true"] });
  });

  it("keeps a log without a gap, and each key once, which four processes write at once", async () => {
    const file = join(folder, "shared.sqlite");
    const script = `
      import { openSqliteStore } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      const store = await openSqliteStore({ file: process.argv[1] });`;
    const read = async (rest: string): Promise<string> => {
      const loader = fileURLToPath(new URL("../../../tools/source.mjs", import.meta.url));
      const options = ["--no-warnings", "--conditions=@roomkit/source", "--import", loader, "--input-type=module"];
      return (await run(node as string, [...options, "-e", script + rest, file], { maxBuffer: 2 ** 24 })).stdout;
    };
    await read(`await store.createRoom({ id: "r", status: "active", createdAt: 0, lastActivityAt: 0, eventCount: 0,
      timers: {}, metadata: {}, version: 0 });`);
    await Promise.all(["a", "b", "c", "d"].map((name) => inProcess("write", file, name, "50")));
    const events: { index: number; idempotencyKey?: string }[] = JSON.parse(
      await read(`console.log(JSON.stringify(await store.readEvents("r")));`),
    );
    // Fifty keys once, and fifty events without one from each.
    expect(events.map(({ index }) => index)).toEqual(Array.from({ length: 250 }, (_, n) => n));
    expect(new Set(events.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(51);
  });
});

describe("SqliteStore", () => {
  it("says which drivers it looked for, and why neither is there", async () => {
    const error = await openDatabase(":memory:", ["better-sqlite3"]).catch((thrown: unknown) => thrown);
    expect(RoomKitError.is(error, "sqlite_missing") && error.message).toMatch(
      /Looked for better-sqlite3 \(npm install better-sqlite3\): \w+/,
    );
  });

  it.skipIf(node === process.execPath)("says so of Node's own, too", async () => {
    const error = await openSqliteStore({ file: ":memory:" }).catch((thrown: unknown) => thrown);
    expect(RoomKitError.is(error, "sqlite_missing") && error.message).toMatch(
      /node:sqlite \(Node 22\.13 or newer; this is v2\d\..*\): .*; better-sqlite3/,
    );
  });

  it.each([
    {},
    { file: "" },
    { file: "x", driver: "sqlite" },
    { file: "x", busyTimeoutMs: -1 },
    { file: "x", maxEventsPerRoom: 0 },
    { file: "x", fsync: 1 },
  ])("refuses %o", async (options) => {
    await expect(openSqliteStore(options as never)).rejects.toMatchObject({ code: "invalid_option" });
  });
});
