import type { SubscribeOptions } from "./bus.ts";

/** One subscription's queue: bounded, the oldest dropped, one message handled at a time. For implementations of `Bus`. */
export class Subscriber {
  readonly #handler: (data: unknown) => unknown;
  readonly #maxQueue: number;
  readonly #onGap: ((dropped: number | undefined) => void) | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #queue: unknown[] = [];
  #dropped = 0;
  #busy = false;
  #closed = false;

  constructor(handler: (data: unknown) => unknown, options: SubscribeOptions, onError: (error: unknown) => void) {
    this.#handler = handler;
    this.#maxQueue = options.maxQueue ?? 1_000;
    this.#onGap = options.onGap;
    this.#onError = onError;
  }

  push(data: unknown): void {
    if (this.#closed) return;
    if (this.#queue.length >= this.#maxQueue) {
      this.#queue.shift();
      this.#dropped++;
    }
    this.#queue.push(data);
    if (!this.#busy) void this.#drain();
  }

  /** The bus was away: nobody knows what was missed. */
  gap(): void {
    if (!this.#closed) this.#tell(undefined);
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    while (this.#queue.length > 0) {
      if (this.#dropped > 0) {
        const dropped = this.#dropped;
        this.#dropped = 0;
        this.#tell(dropped);
      }
      try {
        await this.#handler(this.#queue.shift());
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#busy = false;
  }

  #tell(dropped: number | undefined): void {
    try {
      this.#onGap?.(dropped);
    } catch (error) {
      this.#onError(error);
    }
  }
}
