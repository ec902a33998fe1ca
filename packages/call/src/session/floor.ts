import { abortedError, type Clock } from "@roomkit/core";

/** Whose turn it is to speak, for somebody who must not begin while the caller speaks. */
export interface Floor {
  /** The caller is silent, and what they said is known and on its way to be answered. */
  readonly free: boolean;
  /** Resolves when it may be free: true to look again, false when it was waited for too long. @throws RoomKitError `aborted`. */
  wait(signal: AbortSignal): Promise<boolean>;
}

/** The floor of one call. What waits for it waits at most `maxWaitMs`: noise without end must not silence the assistant for ever. */
export class CallFloor implements Floor {
  readonly #clock: Clock;
  readonly #isFree: () => boolean;
  readonly #maxWaitMs: number;
  readonly #waiting = new Set<(free: boolean) => void>();

  constructor(clock: Clock, isFree: () => boolean, maxWaitMs: number) {
    this.#clock = clock;
    this.#isFree = isFree;
    this.#maxWaitMs = maxWaitMs;
  }

  get free(): boolean {
    return this.#isFree();
  }

  wait(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.reject(abortedError(signal));
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(done);
        cancel();
        signal.removeEventListener("abort", onAbort);
      };
      const done = (free: boolean): void => {
        stop();
        resolve(free);
      };
      const onAbort = (): void => {
        stop();
        reject(abortedError(signal));
      };
      const cancel = this.#clock.setTimeout(() => done(false), this.#maxWaitMs);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(done);
    });
  }

  /** Something happened: whoever waits may look. */
  changed(): void {
    if (this.#waiting.size > 0 && this.free) for (const done of [...this.#waiting]) done(true);
  }
}
