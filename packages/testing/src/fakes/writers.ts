import { abortedError } from "@roomkit/core";

interface Writer {
  readonly belowMs: number;
  readonly resolve: () => void;
}

/** Those who wait until less audio is queued: `writable` of a connection. */
export class Writers {
  #waiting: Writer[] = [];

  /** Resolves once no more than `belowMs` is queued, or the connection has ended. @throws RoomKitError `aborted`. */
  wait(belowMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedError(signal));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== writer);
        reject(abortedError(signal));
      };
      const writer: Writer = {
        belowMs,
        resolve: () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      this.#waiting.push(writer);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** So much is queued now. */
  release(queuedMs: number): void {
    this.#waiting = this.#waiting.filter(({ belowMs, resolve }) => {
      if (queuedMs > belowMs) return true;
      resolve();
      return false;
    });
  }
}
