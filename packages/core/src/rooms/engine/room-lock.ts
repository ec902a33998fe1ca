import { abortedError, RoomKitError } from "../../errors/error.ts";
import { AbortScope } from "../../time/abort-scope.ts";
import type { Clock } from "../../time/clock.ts";
import type { AcquireOptions } from "../lease.ts";
import { InProcessLeases } from "../leases.ts";
import type { CallScope, CallScopes } from "./call-scopes.ts";
import type { RoomLeases } from "./room-leases.ts";

export interface LockRequest {
  /** Longest time from the call to the point of no return, ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What is being handled, for calls made from inside. */
  readonly handling?: Omit<CallScope, "kind" | "roomId"> | undefined;
}

/** What a section under the lock is given. */
export interface LockedSection {
  /** That of the room's lease, for commits: as it is when they are made, for it may be taken again meanwhile. */
  readonly fence: number | undefined;
  /** Ends when the time is up or the caller cancels; never after {@link commit} began. */
  readonly signal: AbortSignal;
  /** Waits for `work`, but no longer than the section's time. @throws RoomKitError `timeout`, `aborted`. */
  before<T>(work: Promise<T>): Promise<T>;
  /** The point of no return: neither the time nor the caller stops what runs here. @throws RoomKitError `timeout`, `aborted` when either came first. */
  commit<T>(work: () => Promise<T>): Promise<T>;
}

type Wait = Pick<AcquireOptions, "waitMs" | "signal">;

/** The longest a platform timer can be, about 24.8 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const NOTHING: Omit<CallScope, "kind" | "roomId"> = { chainDepth: 0, parentEventId: undefined, cascade: undefined };

/**
 * The lock of a room, as the engine takes it. A call from inside a section of the same room (a hook that posts an event and
 * waits for it) runs within that section instead of waiting for it for ever; such calls take turns, and the section's own
 * commit takes its turn among them, so that what they store stands in the order it is delivered in.
 */
export class RoomLock {
  readonly leases: RoomLeases;
  readonly #calls: CallScopes;
  readonly #clock: Clock;
  /** Sections of a room, and turns within a section: one after the other, in the order of the calls. */
  readonly #order: InProcessLeases;
  readonly #sections: WeakMap<CallScope, { readonly key: string; readonly inside: Set<Promise<unknown>> }> =
    new WeakMap();
  #count = 0;

  constructor(leases: RoomLeases, calls: CallScopes, clock: Clock) {
    this.leases = leases;
    this.#calls = calls;
    this.#clock = clock;
    this.#order = new InProcessLeases({ clock });
  }

  /** Sections and turns under way. */
  get size(): number {
    return this.#order.size;
  }

  async run<T>(roomId: string, request: LockRequest, work: (section: LockedSection) => Promise<T>): Promise<T> {
    const limit = new AbortScope().child(request.signal);
    const stop = this.#clock.setTimeout(() => {
      const error = new RoomKitError("timeout", `the room was not ready within ${request.timeoutMs} ms`, {
        retryable: true,
      });
      limit.abort(error);
    }, request.timeoutMs);
    const options = { waitMs: request.timeoutMs, signal: limit.signal };
    const outer = this.#calls.lockOf(roomId);
    const section = (): Promise<T> =>
      this.#calls.enter({ kind: "lock", roomId, ...(request.handling ?? NOTHING) }, (scope) =>
        this.#section(scope, roomId, limit, stop, work),
      );
    try {
      const around = outer && this.#sections.get(outer);
      if (!around) return await this.#alone(`room ${roomId}`, () => this.#leased(roomId, section, options), options);
      const nested = this.#alone(around.key, section, options);
      around.inside.add(nested);
      void nested.catch(() => {}).then(() => around.inside.delete(nested));
      return await nested;
    } finally {
      stop();
      limit.release();
    }
  }

  async #leased<T>(roomId: string, section: () => Promise<T>, wait: Wait): Promise<T> {
    await this.leases.enter(roomId, wait);
    try {
      return await section();
    } finally {
      await this.leases.leave(roomId);
    }
  }

  async #alone<T>(key: string, work: () => Promise<T>, wait: Wait): Promise<T> {
    const turn = await this.#order.acquire(key, { owner: "kit", ttlMs: Number.POSITIVE_INFINITY, ...wait });
    try {
      return await work();
    } finally {
      await turn.release();
    }
  }

  async #section<T>(
    scope: CallScope,
    roomId: string,
    limit: AbortScope,
    stop: () => void,
    work: (section: LockedSection) => Promise<T>,
  ): Promise<T> {
    const key = `section ${++this.#count}`;
    const inside = new Set<Promise<unknown>>();
    this.#sections.set(scope, { key, inside });
    const { signal } = limit;
    const { leases } = this;
    let fence = leases.fence(roomId);
    try {
      return await work({
        get fence(): number | undefined {
          // Once the lease is lost, the last there was.
          fence = leases.fence(roomId) ?? fence;
          return fence;
        },
        signal,
        before: (promise) => unlessAborted(promise, signal),
        commit: async (commit) => {
          if (signal.aborted) throw abortedError(signal);
          stop();
          limit.release();
          // Longer than any call from inside can take to give up its turn; its own wait must not be what fails.
          return await this.#alone(key, commit, { waitMs: MAX_TIMER_MS });
        },
      });
    } finally {
      while (inside.size > 0) await Promise.allSettled(inside);
    }
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
