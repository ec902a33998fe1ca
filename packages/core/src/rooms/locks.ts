import { assertOptions } from "../errors/assert-options.ts";
import { abortedError, RoomKitError } from "../errors/error.ts";
import { type Cancel, type Clock, systemClock } from "../time/clock.ts";
import type { LockManager } from "./store.ts";

export interface InProcessLocksOptions {
  /** Default the system clock. */
  readonly clock?: Clock | undefined;
  /** How long a caller waits where it names no `waitMs`. Default 30,000 ms. */
  readonly waitMs?: number | undefined;
  /** Callers that may wait for one key at once, >= 1. Default 10,000. */
  readonly maxWaiting?: number | undefined;
}

interface Waiter {
  grant(): void;
}

/**
 * Locks within one process. A key that nobody holds or waits for takes no memory.
 *
 * `withLock` throws `timeout` or `aborted` while waiting, `lock_overloaded` when too many wait already.
 */
export class InProcessLocks implements LockManager {
  readonly scope = "process" as const;
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #maxWaiting: number;
  /** Present while the key is held; those who wait, first come first. */
  readonly #keys: Map<string, Set<Waiter>> = new Map();

  constructor(options: InProcessLocksOptions = {}) {
    assertOptions("InProcessLocks", options, { number: ["waitMs", "maxWaiting"], object: ["clock"] });
    this.#clock = options.clock ?? systemClock;
    this.#waitMs = options.waitMs ?? 30_000;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    if (!(this.#waitMs > 0)) throw new RoomKitError("invalid_option", "waitMs must be > 0");
    if (!Number.isInteger(this.#maxWaiting) || this.#maxWaiting < 1) {
      throw new RoomKitError("invalid_option", "maxWaiting must be a whole number >= 1");
    }
  }

  /** Keys held now. */
  get size(): number {
    return this.#keys.size;
  }

  async withLock<T>(
    key: string,
    work: () => Promise<T>,
    options: { readonly waitMs?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    await this.#acquire(key, options.waitMs ?? this.#waitMs, options.signal);
    try {
      return await work();
    } finally {
      this.#passOn(key);
    }
  }

  #acquire(key: string, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(abortedError(signal));
    const waiting = this.#keys.get(key);
    if (waiting === undefined) {
      this.#keys.set(key, new Set());
      return Promise.resolve();
    }
    if (waiting.size >= this.#maxWaiting) {
      return Promise.reject(
        new RoomKitError("lock_overloaded", `more than ${this.#maxWaiting} callers wait for one lock`, {
          retryable: true,
        }),
      );
    }
    return new Promise<void>((resolve, reject) => {
      let cancel: Cancel = () => {};
      const leave = (): void => {
        waiting.delete(waiter);
        cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        grant: () => {
          leave();
          resolve();
        },
      };
      const onAbort = (): void => {
        leave();
        reject(abortedError(signal));
      };
      waiting.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
      cancel = this.#clock.setTimeout(() => {
        leave();
        reject(new RoomKitError("timeout", `a lock was not free within ${waitMs} ms`, { retryable: true }));
      }, waitMs);
    });
  }

  /** Hands the key to the next in line without letting go of it, so that nobody slips in between. */
  #passOn(key: string): void {
    const [next] = this.#keys.get(key) ?? [];
    if (next) next.grant();
    else this.#keys.delete(key);
  }
}
