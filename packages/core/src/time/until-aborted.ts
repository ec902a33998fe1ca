import { abortedError } from "../errors/error.ts";

/**
 * Waits for work that keeps its own time (hooks have their timeouts), but not past `signal`. Leaves no listener behind; what
 * the work says after the abort is swallowed.
 *
 * @throws RoomKitError `aborted`, or whatever `promise` rejects with.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const done = (): void => signal.removeEventListener("abort", onAbort);
    promise.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}
