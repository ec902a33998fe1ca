import { assertOptions, type Logger, RoomKitError, silentLogger } from "@roomkit/core";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`. Default: the environment's `PGHOST`, `PGUSER`, ... */
  readonly url?: string | undefined;
  /** Of the certificate of the server, as `tls.connect` takes it; `true` for the usual checks. Default: as the url says. */
  readonly ssl?: boolean | object | undefined;
  /** The schema that its tables are in; made when there is none. Default `roomkit`. */
  readonly schema?: string | undefined;
  /** Whether to bring the tables up to date; false: `store_outdated` where they are not. Default true. */
  readonly migrate?: boolean | undefined;
  /** Connections, at most. Default 10. */
  readonly maxConnections?: number | undefined;
  /** Statements that may wait for a connection; past that `store_busy`. Default 1,000. */
  readonly maxWaiting?: number | undefined;
  /** To connect, and to wait for a connection, ms. Default 2,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** One statement, ms. Default 5,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** Bringing the tables up to date, with the wait for another process that does, ms. Default 60,000. */
  readonly migrateTimeoutMs?: number | undefined;
  /** Events one room may hold; a commit past that throws `room_full`. Default 100,000. */
  readonly maxEventsPerRoom?: number | undefined;
  /** Is told when idle connections break. Default: nobody. */
  readonly logger?: Logger | undefined;
}

const DEFAULTS = {
  maxConnections: 10,
  maxWaiting: 1_000,
  connectTimeoutMs: 2_000,
  statementTimeoutMs: 5_000,
  migrateTimeoutMs: 60_000,
  maxEventsPerRoom: 100_000,
};

export interface ResolvedOptions extends Record<keyof typeof DEFAULTS, number> {
  readonly url: string | undefined;
  readonly ssl: boolean | object | undefined;
  readonly schema: string;
  readonly migrate: boolean;
  readonly logger: Logger;
}

/** Options with their defaults. @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: PostgresStoreOptions): ResolvedOptions {
  const names = Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[];
  assertOptions("openPostgresStore", options, {
    string: ["url", "schema"],
    boolean: ["migrate"],
    number: names,
    object: ["logger"],
  });
  const { url, ssl, schema = "roomkit", migrate = true, logger = silentLogger } = options;
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw new RoomKitError("invalid_option", "url must begin with postgres://");
  }
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new RoomKitError("invalid_option", "schema must be small letters, digits and underscores, at most 63");
  }
  if (ssl !== undefined && typeof ssl !== "boolean" && (typeof ssl !== "object" || ssl === null)) {
    throw new RoomKitError("invalid_option", "ssl must be true, false or options of tls.connect");
  }
  const numbers = { ...DEFAULTS };
  for (const name of names) {
    const value = options[name] ?? DEFAULTS[name];
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
      throw new RoomKitError("invalid_option", `${name} must be a whole number >= 1`);
    }
    numbers[name] = value;
  }
  return { url, ssl, schema, migrate, logger, ...numbers };
}
