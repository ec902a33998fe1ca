/** When and how long to try again after a connection was lost. */
export interface ReconnectOptions {
  /** First wait, ms. Default 300; doubles with each attempt. */
  readonly minDelayMs: number;
  /** Longest wait, ms. Default 5,000. */
  readonly maxDelayMs: number;
  /** The call ends when it has been away for this long, ms. Default 60,000. */
  readonly giveUpAfterMs: number;
  /** When the server no longer has the old session, go on with a new one (which remembers nothing). Default true. */
  readonly newSession: boolean;
}

export const defaultReconnect: ReconnectOptions = {
  minDelayMs: 300,
  maxDelayMs: 5_000,
  giveUpAfterMs: 60_000,
  newSession: true,
};

/**
 * Exponential, with half of it random, so that the clients of a server that restarted do not all come back at once.
 *
 * @param attempt 0 for the first.
 * @param random 0 to 1.
 */
export function backoffMs(options: ReconnectOptions, attempt: number, random: number): number {
  const full = Math.min(options.maxDelayMs, options.minDelayMs * 2 ** attempt);
  return full * (0.5 + random / 2);
}
