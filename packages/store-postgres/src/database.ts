import { RoomKitError } from "@roomkit/core";
import pg from "pg";
import type { ResolvedOptions } from "./options.ts";

export type Row = Record<string, unknown>;

/** What Postgres or the way to it says when it cannot be used now: connections, shutdowns, too many clients, timeouts, a standby. */
const AWAY = /^(08|53|57P|57014|55P03|25006|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)/;
const AWAY_MESSAGE = /timeout|terminated|not queryable|ended/i;

/** The pool of connections. No statement waits for ever, and a connection that breaks while idle ends nothing. */
export class Database {
  readonly schema: string;
  readonly #pool: pg.Pool;
  readonly #maxWaiting: number;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions) {
    this.schema = options.schema;
    this.#maxWaiting = options.maxWaiting;
    this.#pool = new pg.Pool({
      ...(options.url === undefined ? {} : { connectionString: options.url }),
      ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
      application_name: "roomkit",
      max: options.maxConnections,
      connectionTimeoutMillis: options.connectTimeoutMs,
      // The server gives up first and says so; the client, when the server says nothing.
      statement_timeout: options.statementTimeoutMs,
      query_timeout: options.statementTimeoutMs + 500,
      idle_in_transaction_session_timeout: options.migrateTimeoutMs,
      keepAlive: true,
    });
    this.#pool.on("error", (error) => {
      const { code } = error as { code?: string };
      options.logger.warn({ code }, "a connection to Postgres broke");
    });
  }

  /** Connections that are open. */
  get size(): number {
    return this.#pool.totalCount;
  }

  /** One statement, prepared once a connection. @throws RoomKitError `closed`, `store_busy`, `store_unavailable`, `store_failed`, or the codes of `known`. */
  async query(name: string, text: string, values: readonly unknown[] = [], known: Known = {}): Promise<Row[]> {
    this.#assertOpen();
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new RoomKitError("store_busy", `${this.#maxWaiting} statements wait already`, { retryable: true });
    }
    try {
      const result = await this.#pool.query<Row>({
        name: `roomkit_${name}`,
        text,
        values: [...values],
      });
      return result.rows;
    } catch (error) {
      throw this.#coded(error, known);
    }
  }

  /** A transaction on a connection of its own, for migrations. */
  async transaction<T>(work: (run: (text: string, values?: unknown[]) => Promise<Row[]>) => Promise<T>): Promise<T> {
    this.#assertOpen();
    let client: pg.PoolClient | undefined;
    let failed: unknown;
    try {
      client = await this.#pool.connect();
      const connection = client;
      // A migration may take longer than a statement; the server ends it.
      const limits = { query_timeout: 2 ** 31 - 1 };
      const run = async (text: string, values: unknown[] = []): Promise<Row[]> =>
        (await connection.query<Row>({ ...limits, text, values })).rows;
      await run("BEGIN");
      const result = await work(run);
      await run("COMMIT");
      return result;
    } catch (error) {
      failed = error;
      throw this.#coded(error, {});
    } finally {
      // One that failed is closed, and with it its transaction.
      client?.release(failed !== undefined);
    }
  }

  /** Lets what runs come to its end. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new RoomKitError("closed", "the store is closed");
  }

  #coded(error: unknown, known: Known): RoomKitError {
    if (RoomKitError.is(error)) return error;
    const { code = "", message = "" } = error as { code?: string; message?: string };
    const expected = known[code];
    if (expected) return expected(error);
    if (this.#closing !== undefined) return new RoomKitError("closed", "the store is closed", { cause: error });
    return AWAY.test(code) || AWAY_MESSAGE.test(message)
      ? new RoomKitError("store_unavailable", "Postgres cannot be used now", { cause: error, retryable: true })
      : new RoomKitError("store_failed", `Postgres: ${message}`, { cause: error });
  }
}

/** Codes of Postgres (SQLSTATE) that a statement may meet, and what they mean there. */
export type Known = Readonly<Record<string, (cause: unknown) => RoomKitError>>;
