import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConversationStore, MemoryStore, silentLogger } from "@roomkit/core";
import { openPostgresStore, type PostgresStore } from "@roomkit/store-postgres";
import { openSqliteStore } from "@roomkit/store-sqlite";
import pg from "pg";
import { TEXT } from "./writers.ts";

export const kinds = ["memory", "sqlite", "postgres"] as const;
export type Kind = (typeof kinds)[number];
export const names: Readonly<Record<Kind, string>> = { memory: "memory", sqlite: "SQLite", postgres: "PostgreSQL" };

/** Connections of each client. */
const CONNECTIONS = 16;

/** Where a store is: a file of SQLite, PostgreSQL's URL. */
export async function openStore(kind: Kind, at: string): Promise<ConversationStore | PostgresStore> {
  if (kind === "memory") return new MemoryStore();
  if (kind === "sqlite") return await openSqliteStore({ file: at });
  return await openPostgresStore({ url: at, maxConnections: CONNECTIONS, logger: silentLogger });
}

/** One statement that stores as much as an event has, by the client alone. */
export interface BareClient {
  insert(): unknown;
  close(): Promise<void>;
}

export async function openBare(kind: Kind, at: string): Promise<BareClient> {
  const body = JSON.stringify({ id: "e1", text: TEXT, more: "y".repeat(150) });
  if (kind === "memory") {
    const log: string[] = [];
    return { insert: () => log.push(JSON.stringify(JSON.parse(body))), close: async () => {} };
  }
  if (kind === "sqlite") {
    const { DatabaseSync } = await sqlite();
    const database = new DatabaseSync(`${at}-bare`);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE bare (n INTEGER, body TEXT)");
    const insert = database.prepare("INSERT INTO bare VALUES (?, ?)");
    return { insert: () => insert.run(1, body), close: async () => database.close() };
  }
  const pool = new pg.Pool({ connectionString: at, max: CONNECTIONS });
  await pool.query("CREATE TABLE IF NOT EXISTS bare (n int, body text)");
  const query = { name: "bare", text: "INSERT INTO bare VALUES ($1, $2)", values: [1, body] };
  return { insert: () => pool.query(query), close: () => pool.end() };
}

/** A folder for files, and what deletes it. */
export function folder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "roomkit-stores-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

interface Sqlite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): { run(...values: (number | string)[]): unknown };
    close(): void;
  };
}

/** Of Node 22.13 and newer. */
async function sqlite(): Promise<Sqlite> {
  const name: string = "node:sqlite";
  return (await import(name)) as Sqlite;
}

export async function hasSqlite(): Promise<boolean> {
  return await sqlite().then(
    () => true,
    () => false,
  );
}

interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

/** Debian's, as the tests start it; undefined: its programs are not here. */
export async function startPostgres(): Promise<Engine | undefined> {
  const tool = (name: string): string => new URL(`../../../../tools/${name}`, import.meta.url).href;
  // What is no part of this app is TypeScript still.
  if (import.meta.url.endsWith(".js")) await import(tool("source.mjs"));
  const engines = (await import(tool("engines.ts"))) as {
    postgresPrograms: string | undefined;
    startPostgres(): Promise<Engine>;
  };
  return engines.postgresPrograms === undefined ? undefined : await engines.startPostgres();
}
