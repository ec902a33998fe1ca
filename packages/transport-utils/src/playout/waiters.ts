import { abortedError } from "@roomkit/core";

/** Those who wait for a queue to run low. */
export class Waiters {
  readonly #waiting = new Set<{ readonly below: number; readonly go: () => void }>();

  /** @throws RoomKitError `aborted`. */
  wait(below: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(abortedError(signal));
      };
      const waiter = {
        below,
        go: () => {
          end();
          resolve();
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Lets those go who wait for `level` or more. */
  check(level: number): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of [...this.#waiting]) if (level <= waiter.below) waiter.go();
  }

  releaseAll(): void {
    this.check(0);
    for (const waiter of [...this.#waiting]) waiter.go();
  }
}
