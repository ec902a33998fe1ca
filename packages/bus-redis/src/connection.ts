import { RoomKitError } from "@roomkit/core";
import { Redis } from "ioredis";
import type { ResolvedOptions } from "./options.ts";
import { type ScriptName, scripts } from "./scripts.ts";

/** One connection, whose commands fail at once while it is broken, and after their time when the server says nothing. */
export class Connection {
  readonly client: Redis;
  readonly #what: string;
  #closed = false;

  private constructor(client: Redis, what: string) {
    this.client = client;
    this.#what = what;
  }

  /** @throws RoomKitError `bus_unavailable`. */
  static async open(options: ResolvedOptions, what: string): Promise<Connection> {
    const client = new Redis(options.url, {
      lazyConnect: true,
      connectTimeout: options.connectTimeoutMs,
      commandTimeout: options.commandTimeoutMs,
      keepAlive: 10_000,
      // Left to themselves commands would wait for a server that is away, however long.
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // Done by the bus, which tells its subscribers of the gap.
      autoResubscribe: false,
      retryStrategy: (attempt) => Math.min(50 * attempt, options.reconnectMs),
    });
    const connection = new Connection(client, what);
    let told = false;
    client.on("ready", () => {
      told = false;
    });
    client.on("error", (error: Error & { code?: string }) => {
      if (!told) options.logger.warn({ connection: what, code: error.code }, "a connection to Redis broke");
      told = true;
    });
    for (const [name, { keys, lua }] of Object.entries(scripts))
      client.defineCommand(name, { numberOfKeys: keys, lua });
    try {
      await client.connect();
    } catch (error) {
      connection.close();
      throw connection.coded(error, true);
    }
    return connection;
  }

  /** Whether it is there, or coming. */
  get open(): boolean {
    const { status, stream } = this.client;
    return this.#closed ? stream?.destroyed === false : status !== "end";
  }

  async run(script: ScriptName, ...values: (string | number)[]): Promise<unknown> {
    const commands = this.client as unknown as Record<ScriptName, (...values: (string | number)[]) => Promise<unknown>>;
    return await this.ask(() => commands[script](...values));
  }

  /** @throws RoomKitError `closed`, `bus_unavailable`, `bus_failed`. */
  async ask<T>(command: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new RoomKitError("closed", "the bus is closed");
    try {
      return await command();
    } catch (error) {
      throw this.coded(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.client.disconnect();
    // A server that does not answer does not close its end either.
    this.client.stream?.destroy();
  }

  coded(error: unknown, opening = false): RoomKitError {
    if (RoomKitError.is(error)) return error;
    if (this.#closed && !opening) return new RoomKitError("closed", "the bus is closed", { cause: error });
    const { name, message } = error as Error;
    // An answer of the server, other than that it is not ready.
    if (name === "ReplyError" && !/^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|READONLY|MISCONF|OOM)/.test(message)) {
      return new RoomKitError("bus_failed", `Redis: ${message}`, { cause: error });
    }
    return new RoomKitError("bus_unavailable", `Redis (${this.#what}) cannot be used now`, {
      cause: error,
      retryable: true,
    });
  }
}
