import { RoomKitError } from "../../errors/error.ts";
import type { Emitter } from "../../events/emitter.ts";
import type { Logger } from "../../log/logger.ts";
import { AbortScope } from "../../time/abort-scope.ts";
import { type Cancel, type Clock, withTimeout } from "../../time/clock.ts";
import type { FrameworkEvents } from "../framework-events.ts";
import type { ConversationStore } from "../store.ts";

/** Pauses between two tries to reach a store that is away, ms: the first, and each half as long again, up to the last. */
const [FIRST_PAUSE_MS, LAST_PAUSE_MS] = [100, 1_000];
/** One try, ms. */
const PROBE_MS = 10_000;

export interface StoreWatchOptions {
  readonly store: ConversationStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Emitter<FrameworkEvents>;
  /** The longest that a turn waits for the store. */
  readonly timeoutMs: number;
  /** Writes what waits for the store, as long as it answers. Gives back how many events there were, and whether anything is left. */
  write(): Promise<{ readonly written: number; readonly left: boolean }>;
}

/** Whether a store that failed so cannot be reached, rather than refuses. */
export function isAway(error: unknown): error is RoomKitError {
  return RoomKitError.is(error, "store_unavailable") || RoomKitError.is(error, "store_busy");
}

/**
 * Whether a store that processes share can be reached. One turn waits for one that does not answer, and that not long; those after it know. One
 * loop asks until it answers, has written what waits for it, and ends then. A store of this process is always there, and nothing is asked of it here.
 */
export class StoreWatch {
  readonly shared: boolean;
  readonly #options: StoreWatchOptions;
  readonly #scope: AbortScope = new AbortScope();
  #down: RoomKitError | undefined;
  #healing = false;

  constructor(options: StoreWatchOptions) {
    this.shared = options.store.scope === "shared";
    this.#options = options;
  }

  /** Why it is not asked just now. */
  get down(): RoomKitError | undefined {
    return this.#down;
  }

  /**
   * Asks the store. What fails at once because a connection broke is asked once more: `work` may be done twice. @throws RoomKitError
   * `store_unavailable`, or what the store throws.
   */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    if (!this.shared) return await work();
    if (this.#down) throw this.#down;
    const { clock, timeoutMs } = this.#options;
    let cancel: Cancel = () => {};
    for (let attempt = 1; ; attempt++) {
      const asked = work();
      let late = false;
      const slow = new Promise<never>((_, reject) => {
        cancel = clock.setTimeout(() => {
          late = true;
          reject(new RoomKitError("timeout", `the store did not answer within ${timeoutMs} ms`, { retryable: true }));
        }, timeoutMs);
      });
      try {
        return await Promise.race([asked, slow]);
      } catch (error) {
        if (!late && !isAway(error)) throw error;
        if (late || attempt === 2) throw this.lost(RoomKitError.from(error));
      } finally {
        cancel();
      }
    }
  }

  /** It cannot be reached: said once, until it can. */
  lost(cause: RoomKitError): RoomKitError {
    this.#down ??= new RoomKitError("store_unavailable", "the store cannot be reached now", { cause, retryable: true });
    if (!this.#healing && !this.#scope.aborted) {
      this.#healing = true;
      const { logger, events } = this.#options;
      logger.warn({ code: cause.code }, "the store cannot be reached: calls go on, and are written down when it can");
      events.emit("store_unreachable", { error: this.#down });
      void this.#heal();
    }
    return this.#down;
  }

  /** Nothing is asked any more. */
  close(): void {
    this.#scope.abort(new RoomKitError("kit_closed", "the kit has been closed"));
  }

  async #heal(): Promise<void> {
    const { store, clock, logger, events, write } = this.#options;
    const { signal } = this.#scope;
    const began = clock.now();
    let kept = 0;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(1.5 * pauseMs, LAST_PAUSE_MS)) {
      try {
        await clock.sleep(pauseMs, signal);
        await withTimeout(store.ping(), PROBE_MS, { clock, signal });
        this.#down = undefined;
        const { written, left } = await write();
        kept += written;
        if (written > 0) pauseMs = FIRST_PAUSE_MS;
        if (this.#down || left) continue;
        this.#healing = false;
        logger.info({ events: kept }, "the store can be reached again");
        events.emit("store_reachable", { awayMs: clock.now() - began, events: kept });
        return;
      } catch {
        // Away still.
      }
    }
  }
}
