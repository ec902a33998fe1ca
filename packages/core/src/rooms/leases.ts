import { assertOptions } from "../errors/assert-options.ts";
import { abortedError, RoomKitError } from "../errors/error.ts";
import { type Cancel, type Clock, systemClock } from "../time/clock.ts";
import type { AcquireOptions, Lease, LeaseManager } from "./lease.ts";
import { closedError, heldError } from "./lease-errors.ts";

export interface InProcessLeasesOptions {
  /** Default the system clock. */
  readonly clock?: Clock | undefined;
  /** Callers that may wait for one key at once, >= 1. Default 10,000. */
  readonly maxWaiting?: number | undefined;
}

interface Waiter {
  grant(lease: Held): void;
  refuse(error: RoomKitError): void;
  readonly options: AcquireOptions;
}

/** A key that is held, and those who wait for it, first come first. */
interface Entry {
  lease: Held;
  readonly waiting: Set<Waiter>;
}

const WAIT_MS = 30_000;

/** @throws RoomKitError `invalid_option`. */
export function assertAcquire(key: string, { owner, ttlMs, waitMs }: AcquireOptions): void {
  const fail = (what: string): never => {
    throw new RoomKitError("invalid_option", `a lease's ${what}`);
  };
  if (typeof key !== "string" || key === "") fail("key must be a string with something in it");
  if (typeof owner !== "string" || owner === "") fail("owner must be a string with something in it");
  if (!(ttlMs > 0)) fail("ttlMs must be > 0");
  if (waitMs !== undefined && !(waitMs >= 0)) fail("waitMs must be >= 0");
}

/**
 * Leases within one process, in the order of the calls. A key that nobody holds takes no memory.
 *
 * `acquire` throws `timeout` or `aborted` while waiting, `lease_overloaded` when too many wait already, `closed`.
 */
export class InProcessLeases implements LeaseManager {
  readonly scope = "process" as const;
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #keys: Map<string, Entry> = new Map();
  #fence = 0;
  #closed = false;

  constructor(options: InProcessLeasesOptions = {}) {
    assertOptions("InProcessLeases", options, { number: ["maxWaiting"], object: ["clock"] });
    this.#clock = options.clock ?? systemClock;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    if (!Number.isInteger(this.#maxWaiting) || this.#maxWaiting < 1) {
      throw new RoomKitError("invalid_option", "maxWaiting must be a whole number >= 1");
    }
  }

  /** Keys held now. */
  get size(): number {
    return this.#keys.size;
  }

  async acquire(key: string, options: AcquireOptions): Promise<Lease> {
    assertAcquire(key, options);
    const { signal, waitMs = WAIT_MS } = options;
    if (this.#closed) throw closedError();
    if (signal?.aborted) throw abortedError(signal);
    const entry = this.#keys.get(key);
    if (entry === undefined) {
      const lease = this.#lease(key, options);
      this.#keys.set(key, { lease, waiting: new Set() });
      return lease;
    }
    if (options.takeOver) {
      entry.lease.end(new RoomKitError("lease_lost", `a lease was taken over by ${options.owner}`));
      entry.lease = this.#lease(key, options);
      return entry.lease;
    }
    if (waitMs === 0) throw heldError(entry.lease.owner, waitMs);
    if (entry.waiting.size >= this.#maxWaiting) {
      throw new RoomKitError("lease_overloaded", `more than ${this.#maxWaiting} callers wait for one lease`, {
        retryable: true,
      });
    }
    return await this.#wait(entry, options, waitMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { lease, waiting } of this.#keys.values()) {
      for (const waiter of waiting) waiter.refuse(closedError());
      lease.end(closedError());
    }
    this.#keys.clear();
  }

  #wait(entry: Entry, options: AcquireOptions, waitMs: number): Promise<Lease> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      let cancel: Cancel = () => {};
      const leave = (): void => {
        entry.waiting.delete(waiter);
        cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        options,
        grant: (lease) => {
          leave();
          resolve(lease);
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.refuse(abortedError(signal));
      entry.waiting.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
      cancel = this.#clock.setTimeout(() => waiter.refuse(heldError(entry.lease.owner, waitMs)), waitMs);
    });
  }

  #lease(key: string, options: AcquireOptions): Held {
    return new Held(key, options, ++this.#fence, this.#clock, (lease) => this.#passOn(lease));
  }

  /** Hands the key to the next in line without letting go of it, so that nobody slips in between. */
  #passOn({ key }: Held): void {
    const entry = this.#keys.get(key);
    const [next] = entry?.waiting ?? [];
    if (entry === undefined || next === undefined) {
      this.#keys.delete(key);
      return;
    }
    entry.lease = this.#lease(key, next.options);
    next.grant(entry.lease);
  }
}

class Held implements Lease {
  readonly key: string;
  readonly owner: string;
  readonly fence: number;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #onEnd: (lease: Held) => void;
  #lost: AbortController | undefined;
  #why: RoomKitError | undefined;
  #held = true;
  #cancel: Cancel = () => {};

  constructor(key: string, options: AcquireOptions, fence: number, clock: Clock, onEnd: (lease: Held) => void) {
    this.key = key;
    this.owner = options.owner;
    this.fence = fence;
    this.#ttlMs = options.ttlMs;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#watch();
  }

  /** Made when somebody asks: most leases are held for a moment and not watched. */
  get lost(): AbortSignal {
    if (this.#lost === undefined) {
      this.#lost = new AbortController();
      if (this.#why) this.#lost.abort(this.#why);
    }
    return this.#lost.signal;
  }

  async renew(): Promise<boolean> {
    if (!this.#held) return false;
    this.#cancel();
    this.#watch();
    return true;
  }

  async release(): Promise<void> {
    if (this.end()) this.#onEnd(this);
  }

  /** Whether it was held until now. */
  end(why?: RoomKitError): boolean {
    if (!this.#held) return false;
    this.#held = false;
    this.#cancel();
    this.#why = why;
    if (why) this.#lost?.abort(why);
    return true;
  }

  #watch(): void {
    if (this.#ttlMs === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.setTimeout(() => {
      if (this.end(new RoomKitError("lease_lost", `a lease was not renewed within ${this.#ttlMs} ms`)))
        this.#onEnd(this);
    }, this.#ttlMs);
  }
}
