import { abortedError, type Clock, type OptionKinds, RoomKitError, systemClock } from "@roomkit/core";
import { ProviderError } from "../errors/provider-error.ts";

export interface RetryOptions {
  /** How often to try again after the first time, >= 0. Default 2. */
  readonly retries?: number | undefined;
  /** Longest wait before the first retry, ms; doubles each time. Default 250. */
  readonly baseMs?: number | undefined;
  /** Longest wait before any retry, ms. A vendor that asks for more is not waited for: its error goes out at once. Default 2,000. */
  readonly maxMs?: number | undefined;
}

/** What each of them is, for `assertOptions`. */
export const retryKinds: OptionKinds<RetryOptions> = { number: ["retries", "baseMs", "maxMs"] };

export interface RetryContext {
  readonly signal: AbortSignal;
  readonly clock?: Clock | undefined;
  /** 0 to 1, for the jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Told before each wait. */
  readonly onRetry?:
    | ((retry: { readonly attempt: number; readonly waitMs: number; readonly error: RoomKitError }) => void)
    | undefined;
}

const DEFAULTS = { retries: 2, baseMs: 250, maxMs: 2_000 };

/**
 * The stream that `start` opens, tried again when it fails with a retryable error **before it yielded anything**: what was
 * yielded may have been spoken already. Waits between half and all of `baseMs * 2^n` (equal jitter), or as long as the
 * vendor asks.
 *
 * @param start gets the number of the attempt, from 0.
 * @throws what the last attempt threw; RoomKitError `aborted`, also from within a wait.
 */
export async function* withRetry<T>(
  start: (attempt: number) => AsyncIterable<T>,
  options: RetryOptions & RetryContext,
): AsyncGenerator<T, void, undefined> {
  for (let attempt = 0; ; attempt++) {
    let yielded = false;
    try {
      for await (const item of start(attempt)) {
        yielded = true;
        yield item;
      }
      return;
    } catch (error) {
      // What the consumer throws into us (generator.throw) is not a failure of the stream, but nobody does that in a for await.
      if (yielded) throw error;
      await waitForRetry(error, attempt, options);
    }
  }
}

/** The same for something that is done once, like opening a connection. */
export async function retry<T>(
  action: (attempt: number) => Promise<T>,
  options: RetryOptions & RetryContext,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      await waitForRetry(error, attempt, options);
    }
  }
}

/** Waits until it is time for the next attempt, or throws `error` when there is none. */
async function waitForRetry(error: unknown, attempt: number, options: RetryOptions & RetryContext): Promise<void> {
  const { signal, clock = systemClock, random = Math.random, onRetry } = options;
  const { retries = DEFAULTS.retries, baseMs = DEFAULTS.baseMs, maxMs = DEFAULTS.maxMs } = options;
  if (signal.aborted) throw abortedError(signal);
  if (attempt >= retries || !RoomKitError.is(error) || !error.retryable) throw error;
  const asked = ProviderError.is(error) ? error.retryAfterMs : undefined;
  if (asked !== undefined && asked > maxMs) throw error;
  const backOff = Math.min(maxMs, baseMs * 2 ** attempt) * (0.5 + random() / 2);
  const waitMs = Math.max(asked ?? 0, Math.round(backOff));
  onRetry?.({ attempt: attempt + 1, waitMs, error });
  await clock.sleep(waitMs, signal);
}

/** @throws RoomKitError `invalid_option` for values that make no sense. */
export function checkRetryOptions(options: RetryOptions | undefined): void {
  const { retries = DEFAULTS.retries, baseMs = DEFAULTS.baseMs, maxMs = DEFAULTS.maxMs } = options ?? {};
  const ok = Number.isInteger(retries) && retries >= 0 && retries <= 10 && baseMs >= 0 && maxMs >= baseMs;
  if (!ok) {
    throw new RoomKitError(
      "invalid_option",
      "retry: retries must be a whole number from 0 to 10, and 0 <= baseMs <= maxMs",
    );
  }
}
