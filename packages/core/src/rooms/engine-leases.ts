import { abortedError, RoomKitError } from "../errors/error.ts";
import { AbortScope } from "../time/abort-scope.ts";
import { type Cancel, type Clock, systemClock } from "../time/clock.ts";
import type { AcquireOptions, Lease, LeaseManager } from "./lease.ts";
import { closedError, heldError } from "./lease-errors.ts";
import { assertAcquire } from "./leases.ts";

/** What a database or a server has to be able to do for leases. Each call must end within seconds, also when the engine does not answer. */
export interface LeaseEngine {
  /** Takes the key when nobody holds it, or from whoever does (`takeOver`), with a greater fence than ever before; else says who holds it. */
  take(
    key: string,
    owner: string,
    ttlMs: number,
    takeOver: boolean,
  ): Promise<{ readonly fence: number } | { readonly heldBy: string }>;
  /** Holds it for another `ttlMs`; false when it is no longer held with this fence. */
  extend(key: string, fence: number, ttlMs: number): Promise<boolean>;
  /** Gives it back, if it is held with this fence. */
  drop(key: string, fence: number): Promise<void>;
}

/** A waiting caller asks again after so long, ms, and each time half as long again, up to the last. */
const [FIRST_PAUSE_MS, LAST_PAUSE_MS] = [10, 200];
const WAIT_MS = 30_000;

/** Leases that several processes share on an engine: the waiting, the time and the end of them, the same for every engine. */
export class EngineLeases implements LeaseManager {
  readonly scope = "shared" as const;
  readonly #engine: LeaseEngine;
  readonly #clock: Clock;
  readonly #scope: AbortScope = new AbortScope();
  readonly #held: Set<Held> = new Set();
  readonly #asking: Set<Promise<unknown>> = new Set();
  #closing: Promise<void> | undefined;

  constructor(engine: LeaseEngine, options: { readonly clock?: Clock | undefined } = {}) {
    this.#engine = engine;
    this.#clock = options.clock ?? systemClock;
  }

  /** Held, and being asked for. */
  get size(): number {
    return this.#held.size + this.#asking.size;
  }

  async acquire(key: string, options: AcquireOptions): Promise<Lease> {
    assertAcquire(key, options);
    if (!Number.isFinite(options.ttlMs)) {
      throw new RoomKitError("invalid_option", "a lease that several processes share must lapse: ttlMs must be finite");
    }
    if (this.#scope.aborted) throw abortedError(this.#scope.signal);
    const scope = this.#scope.child(options.signal);
    try {
      return await this.#acquire(key, options, scope.signal);
    } finally {
      scope.release();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#scope.abort(closedError());
    // What is asked for now may still be given: whoever asked gives it back.
    await Promise.allSettled([...this.#asking]);
    const held = [...this.#held];
    for (const lease of held) lease.end(closedError());
    // Where the engine cannot be told they lapse.
    await Promise.allSettled(held.map((lease) => this.#engine.drop(lease.key, lease.fence)));
  }

  async #acquire(key: string, options: AcquireOptions, signal: AbortSignal): Promise<Lease> {
    const { waitMs = WAIT_MS } = options;
    const until = this.#clock.now() + waitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(1.5 * pauseMs, LAST_PAUSE_MS)) {
      if (signal.aborted) throw abortedError(signal);
      const answer = await this.#ask(key, options, signal);
      if (answer instanceof Held) return answer;
      const left = until - this.#clock.now();
      if (left <= 0) throw heldError(answer.heldBy, waitMs);
      await this.#clock.sleep(Math.min(pauseMs, left), signal);
    }
  }

  /** Asks once. What is given to somebody who has gone meanwhile is given back. */
  #ask(key: string, options: AcquireOptions, signal: AbortSignal): Promise<Held | { readonly heldBy: string }> {
    const asking = this.#taken(key, options, signal);
    this.#asking.add(asking);
    const asked = (): void => void this.#asking.delete(asking);
    asking.then(asked, asked);
    return asking;
  }

  async #taken(key: string, options: AcquireOptions, signal: AbortSignal): Promise<Held | { readonly heldBy: string }> {
    const { owner, ttlMs, takeOver = false } = options;
    const began = this.#clock.now();
    const answer = await this.#engine.take(key, owner, ttlMs, takeOver);
    if (!("fence" in answer)) return answer;
    if (signal.aborted) {
      await this.#engine.drop(key, answer.fence).catch(() => {});
      throw abortedError(signal);
    }
    const lease = new Held(key, options, answer.fence, this.#engine, this.#clock, (ended) => this.#held.delete(ended));
    this.#held.add(lease);
    lease.watch(began);
    return lease;
  }
}

class Held implements Lease {
  readonly key: string;
  readonly owner: string;
  readonly fence: number;
  readonly #ttlMs: number;
  readonly #engine: LeaseEngine;
  readonly #clock: Clock;
  readonly #onEnd: (lease: Held) => void;
  readonly #lost: AbortController = new AbortController();
  #held = true;
  #until = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};

  constructor(
    key: string,
    { owner, ttlMs }: AcquireOptions,
    fence: number,
    engine: LeaseEngine,
    clock: Clock,
    onEnd: (lease: Held) => void,
  ) {
    this.key = key;
    this.owner = owner;
    this.fence = fence;
    this.#ttlMs = ttlMs;
    this.#engine = engine;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  get lost(): AbortSignal {
    // In a process that stood still its timer comes later than whoever asks.
    if (this.#held && this.#clock.now() >= this.#until) this.#lapse();
    return this.#lost.signal;
  }

  /** Its time counts from before the engine was asked, so that it is over here before it is over there. */
  watch(began: number): void {
    this.#cancel();
    this.#until = began + this.#ttlMs;
    this.#cancel = this.#clock.setTimeout(() => this.#lapse(), this.#until - this.#clock.now());
  }

  #lapse(): void {
    this.end(new RoomKitError("lease_lost", `a lease was not renewed within ${this.#ttlMs} ms`));
  }

  async renew(): Promise<boolean> {
    if (!this.#held) return false;
    const began = this.#clock.now();
    const extended = await this.#engine.extend(this.key, this.fence, this.#ttlMs);
    if (!this.#held) return false;
    if (extended) this.watch(began);
    else this.end(new RoomKitError("lease_lost", "a lease is another's"));
    return extended;
  }

  async release(): Promise<void> {
    if (this.end()) await this.#engine.drop(this.key, this.fence);
  }

  /** Whether it was held until now. */
  end(why?: RoomKitError): boolean {
    if (!this.#held) return false;
    this.#held = false;
    this.#cancel();
    if (why) this.#lost.abort(why);
    this.#onEnd(this);
    return true;
  }
}
