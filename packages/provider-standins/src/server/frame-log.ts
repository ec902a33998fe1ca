import { RoomKitError } from "@roomkit/core";

/** One thing that happened at a stand-in. */
export interface LogEntry {
  /** ms since the stand-in started. */
  readonly t: number;
  /**
   * `in` from the client, `out` to it, `upgrade` a WebSocket asked for, `fault` a fault came to bear, `close` an exchange ended.
   */
  readonly dir: "in" | "out" | "upgrade" | "fault" | "close";
  /** The route's name. */
  readonly route: string;
  /** The exchange (one request, or one WebSocket) it belongs to, from 1. */
  readonly exchange: number;
  /** JSON as a value, binary as `{ bytes }`, a close as {@link ExchangeEnd}. */
  readonly frame: unknown;
}

/** How an exchange ended. */
export interface ExchangeEnd {
  /** The client went away before the answer was complete, or (WebSocket) ended it. */
  readonly byClient: boolean;
  /** Only of a WebSocket. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
}

/** More than any test needs: beyond it something runs for ever. */
const MAX_ENTRIES = 100_000;

/** Everything that happened, in order, and a way to wait for it. */
export class FrameLog {
  readonly #start = performance.now();
  readonly #entries: LogEntry[] = [];
  readonly #waiting = new Set<(entry: LogEntry) => void>();

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** @throws RoomKitError `queue_full` beyond 100,000 entries. */
  add(entry: Omit<LogEntry, "t">): void {
    if (this.#entries.length >= MAX_ENTRIES) throw new RoomKitError("queue_full", "the log of the stand-in is full");
    const timed = { t: performance.now() - this.#start, ...entry };
    this.#entries.push(timed);
    for (const wake of [...this.#waiting]) wake(timed);
  }

  /** The first entry, past or to come, for which `predicate` holds. @throws RoomKitError `timeout` after `ms` of real time. */
  waitFor(predicate: (entry: LogEntry) => boolean, ms: number): Promise<LogEntry> {
    const past = this.#entries.find(predicate);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const look = (entry: LogEntry): void => {
        if (predicate(entry)) finish(() => resolve(entry));
      };
      const timer = setTimeout(() => {
        finish(() =>
          reject(new RoomKitError("timeout", `it did not happen within ${ms} ms; what did: ${this.describe()}`)),
        );
      }, ms);
      this.#waiting.add(look);
    });
  }

  /** The last entries in a line, for error messages. */
  describe(): string {
    const shown = this.#entries.slice(-8).map(({ dir, route, exchange, frame }) => {
      return `${dir} ${route}#${exchange} ${JSON.stringify(frame)?.slice(0, 120) ?? ""}`;
    });
    return shown.length === 0 ? "nothing" : shown.join(" | ");
  }
}
