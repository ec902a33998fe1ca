import { type Clock, consoleLogger, errorFields, type Logger } from "@roomkit/core";
import type { RetryContext, RetryOptions } from "./with-retry.ts";

/** What a provider's options say of its retries. */
export interface RetrySettings {
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Default: the console. */
  readonly logger?: Logger | undefined;
}

export interface LoggedRetry {
  readonly provider: string;
  readonly signal: AbortSignal;
  /** For the log: "a request". */
  readonly what: string;
}

/** The options of `withRetry` and `retry` for what is tried as a provider's options say, with a warning before each wait. */
export function loggedRetry(
  { retry, clock, logger = consoleLogger }: RetrySettings,
  { provider, signal, what }: LoggedRetry,
): RetryOptions & RetryContext {
  return {
    ...retry,
    signal,
    clock,
    onRetry: ({ attempt, waitMs, error }) =>
      logger.warn({ provider, attempt, waitMs, ...errorFields(error) }, `${what} is tried again`),
  };
}
