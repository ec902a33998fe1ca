import { type AsyncScope, asyncScope } from "./async-scope.ts";
import type { Cascade } from "./cascade.ts";

/**
 * Code of an application or a channel that the room runs: `lock` under the room's lock (BEFORE_BROADCAST hooks, onAttached),
 * `delivery` in a lane (onEvent, deliver), `told` waited for by nobody (AFTER_BROADCAST hooks).
 */
export interface CallScope {
  readonly kind: "lock" | "delivery" | "told";
  readonly roomId: string;
  /** Depth in the chain of what is being handled. */
  readonly chainDepth: number;
  readonly parentEventId: string | undefined;
  readonly cascade: Cascade | undefined;
}

interface Entered extends CallScope {
  readonly outer: Entered | undefined;
  active: boolean;
}

/** Knows from inside which call the running code was called, so that it is never made to wait for itself. */
export class CallScopes {
  readonly #current: AsyncScope<Entered>;

  constructor(scope: AsyncScope<unknown> = asyncScope<unknown>()) {
    this.#current = scope as AsyncScope<Entered>;
  }

  /** Runs `work` inside a scope that ends with it. What it leaves running afterwards counts as outside. */
  async enter<T>(scope: CallScope, work: (entered: CallScope) => Promise<T>): Promise<T> {
    const entered: Entered = { ...scope, outer: this.#innermost(), active: true };
    try {
      return await this.#current.run(entered, () => work(entered));
    } finally {
      entered.active = false;
    }
  }

  /** Runs `work` as if from nowhere: for what is only started here. */
  outside<T>(work: () => T): T {
    return this.#current.run(undefined, work);
  }

  /** The innermost call still running around this code. */
  current(): CallScope | undefined {
    return this.#innermost();
  }

  /** Whether somebody who waits here for a room's deliveries may be waiting for itself. */
  mustNotWait(): boolean {
    return this.#find((scope) => scope.kind !== "told") !== undefined;
  }

  /** The innermost call that holds this room's lock. */
  lockOf(roomId: string): CallScope | undefined {
    return this.#find((scope) => scope.kind === "lock" && scope.roomId === roomId);
  }

  #innermost(): Entered | undefined {
    return this.#find(() => true);
  }

  #find(wanted: (scope: Entered) => boolean): Entered | undefined {
    let scope = this.#current.get();
    while (scope && !(scope.active && wanted(scope))) scope = scope.outer;
    return scope;
  }
}
