import { abortedError, RoomKitError } from "../errors/error.ts";

/** Cancels what it was returned for; calling it again does nothing. */
export type Cancel = () => void;

/**
 * Time as RoomKit sees it. Passed in everywhere, so that a test (or a replay) can run a ten-minute call in a fraction of
 * a second and get the same answer twice.
 */
export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number;
  /** Wall time in milliseconds since 1970, for records that people read. Never used to measure. */
  wallTime(): number;
  /** Calls `handler` once, `ms` milliseconds from now (at the next turn of the event loop when `ms` <= 0). */
  setTimeout(handler: () => void, ms: number): Cancel;
  /** Resolves `ms` milliseconds from now. @throws RoomKitError `aborted` when `signal` aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Builds a {@link Clock} from its three primitives. */
export function makeClock(base: Pick<Clock, "now" | "wallTime" | "setTimeout">): Clock {
  return {
    ...base,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(abortedError(signal));
      return new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          cancel();
          reject(abortedError(signal));
        };
        const cancel = base.setTimeout(() => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        }, ms);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}

/** The real clock. Its timers do not keep a Node process alive on their own. */
export const systemClock: Clock = makeClock({
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimeout(handler, ms) {
    // A platform timer beyond 31 bits fires at once instead of in a month; for one in the past Node 24 writes a warning.
    const timer = setTimeout(handler, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
    (timer as { unref?: (() => void) | undefined }).unref?.();
    return () => clearTimeout(timer);
  },
});

/**
 * Waits for `promise`, but neither longer than `ms` nor past `signal`. Leaves no timer and no listener behind, and a late
 * rejection of `promise` is swallowed. It does not stop the work behind `promise`: pass that a signal of its own.
 *
 * @throws RoomKitError `timeout` after `ms`, `aborted` when `signal` aborts, or whatever `promise` rejects with.
 */
export function withTimeout<T>(
  promise: Promise<T>,
  ms: number,
  options: { clock?: Clock | undefined; signal?: AbortSignal | undefined; what?: string | undefined } = {},
): Promise<T> {
  const { clock = systemClock, signal, what = "the operation" } = options;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      promise.catch(() => {});
      reject(abortedError(signal));
      return;
    }
    const settle = (finish: () => void): void => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      finish();
    };
    const onAbort = (): void => settle(() => reject(abortedError(signal)));
    const cancel = clock.setTimeout(
      () => settle(() => reject(new RoomKitError("timeout", `${what} took longer than ${ms} ms`, { retryable: true }))),
      ms,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/**
 * Waits for `promise` as long as it takes; but once `signal` aborts, only `graceMs` more, in which the work behind it can wind up
 * and still give its result.
 *
 * @throws RoomKitError `timeout` when it has not wound up in time, or whatever `promise` rejects with.
 */
export function withGrace<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  graceMs: number,
  clock: Clock = systemClock,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let cancel: Cancel = () => {};
    const onAbort = (): void => {
      cancel = clock.setTimeout(
        () =>
          reject(
            new RoomKitError("timeout", `did not stop within ${graceMs} ms of being told to`, { cause: signal.reason }),
          ),
        graceMs,
      );
    };
    const settle = (): void => {
      cancel();
      signal.removeEventListener("abort", onAbort);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}
