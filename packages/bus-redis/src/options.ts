import { assertOptions, consoleLogger, type Logger, RoomKitError } from "@roomkit/core";

export interface RedisBusOptions {
  /** `redis://user:password@host:port/database`, `rediss://` for TLS. Default `redis://127.0.0.1:6379`. */
  readonly url?: string | undefined;
  /** What its keys and channels begin with. Default `roomkit:`. */
  readonly prefix?: string | undefined;
  /** To connect, ms. Default 2,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** One command, ms. Default 500. */
  readonly commandTimeoutMs?: number | undefined;
  /** The longest pause between attempts to connect again, ms. Default 1,000. */
  readonly reconnectMs?: number | undefined;
  /** Is told of connections that break and handlers that fail. Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
}

export interface ResolvedOptions {
  readonly url: string;
  readonly prefix: string;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly reconnectMs: number;
  readonly logger: Logger;
}

/** Options with their defaults. @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: RedisBusOptions): ResolvedOptions {
  assertOptions("openRedisBus", options, {
    string: ["url", "prefix"],
    number: ["connectTimeoutMs", "commandTimeoutMs", "reconnectMs"],
    object: ["logger"],
  });
  const { url = "redis://127.0.0.1:6379", prefix = "roomkit:", logger = consoleLogger } = options;
  const { connectTimeoutMs = 2_000, commandTimeoutMs = 500, reconnectMs = 1_000 } = options;
  if (!/^rediss?:\/\//.test(url)) {
    throw new RoomKitError("invalid_option", "url must begin with redis:// or rediss://");
  }
  // The client's own error would hold it, with its password.
  if (!URL.canParse(url)) throw new RoomKitError("invalid_option", "url is no URL");
  for (const [name, value] of Object.entries({ connectTimeoutMs, commandTimeoutMs, reconnectMs })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RoomKitError("invalid_option", `${name} must be a whole number >= 1`);
    }
  }
  return { url, prefix, connectTimeoutMs, commandTimeoutMs, reconnectMs, logger };
}
