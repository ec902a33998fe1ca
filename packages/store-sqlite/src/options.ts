import { assertOptions, RoomKitError } from "@roomkit/core";

export interface SqliteStoreOptions {
  /** The file; made when there is none. `:memory:` for one that is gone with its process. */
  readonly file: string;
  /** `node:sqlite` or `better-sqlite3`. Default: the first of them that is there. */
  readonly driver?: "node:sqlite" | "better-sqlite3" | undefined;
  /** Whether each commit waits for the disk: then a power cut loses none, at about a fifth of the speed. Default false. */
  readonly fsync?: boolean | undefined;
  /** How long to try while another process writes to the file, ms. Default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Events one room may hold; a commit past that throws `room_full`. Default 100,000. */
  readonly maxEventsPerRoom?: number | undefined;
}

export interface ResolvedOptions {
  readonly file: string;
  readonly driver: SqliteStoreOptions["driver"];
  readonly fsync: boolean;
  readonly busyTimeoutMs: number;
  readonly maxEventsPerRoom: number;
}

/** Options with their defaults. @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: SqliteStoreOptions): ResolvedOptions {
  assertOptions("openSqliteStore", options, {
    required: ["file"],
    string: ["file", "driver"],
    boolean: ["fsync"],
    number: ["busyTimeoutMs", "maxEventsPerRoom"],
  });
  const { file, driver, fsync = false, busyTimeoutMs = 5_000, maxEventsPerRoom = 100_000 } = options;
  if (file === "") throw new RoomKitError("invalid_option", "file must be a path");
  if (driver !== undefined && driver !== "node:sqlite" && driver !== "better-sqlite3") {
    throw new RoomKitError("invalid_option", "driver must be node:sqlite or better-sqlite3");
  }
  if (!(busyTimeoutMs >= 0)) throw new RoomKitError("invalid_option", "busyTimeoutMs must be >= 0");
  if (!Number.isInteger(maxEventsPerRoom) || maxEventsPerRoom < 1) {
    throw new RoomKitError("invalid_option", "maxEventsPerRoom must be a whole number >= 1");
  }
  return { file, driver, fsync, busyTimeoutMs, maxEventsPerRoom };
}
