import { abortedError, type Clock, RoomKitError, withTimeout } from "@roomkit/core";

/** Whether something the server stands on is there; throwing, or not answering within `checkTimeoutMs`, says that it is not. */
export type Check = (signal: AbortSignal) => unknown;

/** Whether new callers may be sent here. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not: `draining`, `node_full`, `event_loop_busy`, or `check:NAME`. */
  readonly reasons: readonly string[];
}

export interface HealthOptions {
  readonly clock: Clock;
  readonly checks: ReadonlyMap<string, Check>;
  readonly checkTimeoutMs: number;
  /** What is known without asking anybody. */
  readonly reasons: () => string[];
}

/** What one round of checks found serves whoever asks within this time, ms: many may ask. */
const FRESH_MS = 1_000;

/** Asks the checks, once for all who want to know at the same time. */
export class Health {
  readonly #options: HealthOptions;
  #failed: Promise<readonly string[]> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  async readiness(): Promise<Readiness> {
    const failed = await this.#checked();
    const reasons = [...this.#options.reasons(), ...failed];
    return { ready: reasons.length === 0, reasons };
  }

  #checked(): Promise<readonly string[]> {
    const now = this.#options.clock.now();
    if (!this.#failed || now - this.#askedAt >= FRESH_MS) {
      this.#askedAt = now;
      this.#failed = this.#check();
    }
    return this.#failed;
  }

  async #check(): Promise<readonly string[]> {
    const asked = [...this.#options.checks].map(async ([name, check]) =>
      (await this.#holds(check)) ? [] : [`check:${name}`],
    );
    return (await Promise.all(asked)).flat();
  }

  async #holds(check: Check): Promise<boolean> {
    const { clock, checkTimeoutMs } = this.#options;
    const over = new AbortController();
    try {
      await withTimeout((async () => await check(over.signal))(), checkTimeoutMs, { clock, what: "a check" });
      return true;
    } catch {
      return false;
    } finally {
      over.abort(abortedError());
    }
  }
}

/** @throws RoomKitError `invalid_option` */
export function checksOf(checks: Readonly<Record<string, Check>>): ReadonlyMap<string, Check> {
  for (const [name, check] of Object.entries(checks))
    if (typeof check !== "function")
      throw new RoomKitError("invalid_option", `operate: checks.${name} must be a function`);
  return new Map(Object.entries(checks));
}
