import { abortedError } from "@roomkit/core";

/** A counter of free places that one taker waits on. */
export class Slots {
  #free: number;
  #wake: () => void = () => {};

  constructor(free: number) {
    this.#free = free;
  }

  /** Waits for a free place and takes it. @throws RoomKitError `aborted` (the signal's reason). */
  async take(signal: AbortSignal): Promise<void> {
    while (this.#free === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    if (signal.aborted) throw abortedError(signal);
    this.#free--;
  }

  give(): void {
    this.#free++;
    this.#wake();
  }
}
