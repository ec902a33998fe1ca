import { setTimeout as sleep } from "node:timers/promises";
import { RoomKitError } from "@roomkit/core";
import { type Database, isBusy, openDatabase, type Row, type SqliteDriver, type Statement } from "./driver.ts";
import { migrate } from "./migrations.ts";
import type { ResolvedOptions } from "./options.ts";

type Value = string | number | null;

/** One connection: prepared statements, transactions, and waiting off the event loop while another process writes. */
export class Connection {
  readonly driver: SqliteDriver;
  readonly #database: Database;
  readonly #busyTimeoutMs: number;
  readonly #statements: Map<string, Statement> = new Map();
  #closed = false;

  private constructor(database: Database, driver: SqliteDriver, busyTimeoutMs: number) {
    this.#database = database;
    this.driver = driver;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  static async open(options: ResolvedOptions): Promise<Connection> {
    const drivers: readonly SqliteDriver[] = options.driver ? [options.driver] : ["node:sqlite", "better-sqlite3"];
    const { database, driver } = await openDatabase(options.file, drivers);
    const connection = new Connection(database, driver, options.busyTimeoutMs);
    try {
      // Waited for inside a call the event loop stands still: only as long as one commit of another process takes.
      database.exec("PRAGMA busy_timeout = 5");
      await connection.try(() => database.exec("PRAGMA journal_mode = WAL"));
      database.exec(`PRAGMA synchronous = ${options.fsync ? "FULL" : "NORMAL"}; PRAGMA foreign_keys = ON`);
      await connection.write(() => migrate(database));
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** One transaction, which nobody else writes in between. */
  write<T>(work: () => T): Promise<T> {
    return this.try(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        try {
          this.#database.exec("ROLLBACK");
        } catch {
          // SQLite has done it by itself, as on a full disk; what went wrong is told.
        }
        throw error;
      }
    });
  }

  /** @throws RoomKitError `closed`, `store_busy`, `store_failed`. */
  async try<T>(work: () => T): Promise<T> {
    const until = performance.now() + this.#busyTimeoutMs;
    for (;;) {
      if (this.#closed) throw new RoomKitError("closed", "the store is closed");
      try {
        return work();
      } catch (error) {
        if (RoomKitError.is(error)) throw error;
        if (!isBusy(error))
          throw new RoomKitError("store_failed", `SQLite: ${(error as Error).message}`, { cause: error });
        if (performance.now() >= until) {
          throw new RoomKitError("store_busy", `another process had the file for ${this.#busyTimeoutMs} ms`, {
            retryable: true,
            cause: error,
          });
        }
        await sleep(2);
      }
    }
  }

  run(sql: string, ...values: Value[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[];
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
