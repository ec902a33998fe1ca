import { type OptionKinds, RoomKitError } from "@roomkit/core";
import { ProviderError } from "../errors/provider-error.ts";

/** How a session comes back after its connection was lost. */
export interface ReconnectOptions {
  /** Tries before the session is given up. 0: it ends with its connection. Default 5. */
  readonly tries?: number | undefined;
  /** Wait before the first try, ms; doubles each time. Default 250. */
  readonly baseMs?: number | undefined;
  /** Longest wait before a try, ms. Default 4,000. */
  readonly maxMs?: number | undefined;
}

/** What each of them is, for `assertOptions`. */
export const reconnectKinds: OptionKinds<ReconnectOptions> = { number: ["tries", "baseMs", "maxMs"] };

/** A connection that lasted so long was a good one: tries are counted anew after it. */
const STABLE_MS = 60_000;
/** A vendor that asks for more patience than this asks too much of a caller on the line. */
const MAX_ASKED_MS = 10_000;

/** Counts the tries, and says how long to wait before each. */
export class ReconnectBudget {
  readonly #options: Required<{ [K in keyof ReconnectOptions]: number }>;
  #used = 0;

  /** @throws RoomKitError `invalid_option`. */
  constructor({ tries = 5, baseMs = 250, maxMs = 4_000 }: ReconnectOptions = {}) {
    if (!Number.isInteger(tries) || tries < 0 || !(baseMs >= 0) || !(maxMs >= baseMs)) {
      throw new RoomKitError(
        "invalid_option",
        "reconnect: tries must be a whole number >= 0, and 0 <= baseMs <= maxMs",
      );
    }
    this.#options = { tries, baseMs, maxMs };
  }

  /** A connection has ended that had lasted `ms`. */
  ended(ms: number): void {
    if (ms >= STABLE_MS) this.#used = 0;
  }

  /** The next try and the wait before it; undefined when there is none, or none would help. */
  next(error: RoomKitError, random: number): { readonly attempt: number; readonly waitMs: number } | undefined {
    const { tries, baseMs, maxMs } = this.#options;
    const asked = ProviderError.is(error) ? (error.retryAfterMs ?? 0) : 0;
    if (this.#used >= tries || hopeless(error) || asked > MAX_ASKED_MS) return undefined;
    const backOff = Math.min(maxMs, baseMs * 2 ** this.#used) * (0.5 + random / 2);
    return { attempt: ++this.#used, waitMs: Math.max(asked, Math.round(backOff)) };
  }
}

/** What a new connection would meet again. */
function hopeless(error: RoomKitError): boolean {
  if (!ProviderError.is(error)) return !error.retryable;
  return !error.retryable && error.kind !== "protocol";
}
