import { RoomKitError } from "@roomkit/core";

type Value = string | number | null;
export type Row = Record<string, Value>;

/** What both drivers have. */
export interface Statement {
  run(...values: Value[]): { readonly changes: number | bigint };
  get(...values: Value[]): unknown;
  all(...values: Value[]): unknown[];
}

export interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

export type SqliteDriver = "node:sqlite" | "better-sqlite3";

type Opener = (file: string) => Database;

const openers: Readonly<Record<SqliteDriver, () => Promise<Opener>>> = {
  "node:sqlite": async () => {
    const { DatabaseSync } = await load<{ DatabaseSync: new (file: string) => Database }>("node:sqlite");
    return (file) => new DatabaseSync(file);
  },
  "better-sqlite3": async () => {
    const { default: Sqlite } = await load<{ default: new (file: string) => Database }>("better-sqlite3");
    // Its binary is looked for when the first database is opened.
    new Sqlite(":memory:").close();
    return (file) => new Sqlite(file);
  },
};

async function load<T>(name: string): Promise<T> {
  return (await import(/* @vite-ignore */ name)) as T;
}

/**
 * Opens a file with the first driver there is.
 *
 * @throws RoomKitError `sqlite_missing`, which says what was looked for and why it is not there; `store_failed` for a file that cannot be opened.
 */
export async function openDatabase(
  file: string,
  drivers: readonly SqliteDriver[],
): Promise<{ readonly database: Database; readonly driver: SqliteDriver }> {
  const missing: string[] = [];
  for (const driver of drivers) {
    let open: Opener;
    try {
      open = await openers[driver]();
    } catch (error) {
      const [why] = String((error as Error).message).split("\n");
      missing.push(
        `${driver} (${driver === "node:sqlite" ? `Node 22.13 or newer; this is ${process.version}` : "npm install better-sqlite3"}): ${why}`,
      );
      continue;
    }
    try {
      return { database: open(file), driver };
    } catch (error) {
      throw new RoomKitError("store_failed", `${driver} could not open the file`, { cause: error });
    }
  }
  throw new RoomKitError("sqlite_missing", `no SQLite here. Looked for ${missing.join("; ")}`);
}

/** Whether another connection has the file at this moment. */
export function isBusy(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return (
    (typeof code === "string" && code.startsWith("SQLITE_BUSY")) ||
    (typeof errcode === "number" && (errcode & 0xff) === 5)
  );
}
