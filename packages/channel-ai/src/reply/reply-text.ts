import { abortedError, RoomKitError } from "@roomkit/core";

/**
 * The text of one reply, made when it is read and only then. Whoever ends it early (the turn's signal, the reader's `return()`,
 * {@link cancel}) stops everything behind it at once, whether the reader is waiting for a piece or busy with the last one.
 */
export class ReplyText implements AsyncIterableIterator<string> {
  readonly #make: (signal: AbortSignal) => AsyncGenerator<string>;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  readonly #controller = new AbortController();
  #generator: AsyncGenerator<string> | undefined;
  #taken = false;
  /** Nothing of it runs any more, or ever will. */
  #over = false;
  #stopping: Promise<void> | undefined;
  /** A cancellation the reader has not heard of yet. */
  #unheard: RoomKitError | undefined;

  /**
   * @param make the reply, given the signal that stops it
   * @param signal of the turn
   * @param onEnd called once when a reply somebody began to read is over and nothing of it runs any more
   */
  constructor(make: (signal: AbortSignal) => AsyncGenerator<string>, signal: AbortSignal, onEnd: () => void) {
    this.#make = make;
    this.#signal = signal;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    if (this.#taken) throw new RoomKitError("stream_consumed", "a reply can be read only once");
    this.#taken = true;
    return this;
  }

  /** The next piece. @throws RoomKitError `aborted`, once, when the reply was cut off. */
  async next(): Promise<IteratorResult<string>> {
    if (this.#signal.aborted) await this.cancel(abortedError(this.#signal));
    try {
      if (!this.#over && !this.#stopping) {
        const step = await this.#start().next();
        if (step.done) this.#finish();
        // Cancelled while the piece was on its way: nobody wants it any more.
        if (!this.#unheard) return step;
      }
      await this.#stopping;
      if (this.#unheard) throw this.#unheard;
      return { value: undefined, done: true };
    } catch (error) {
      this.#unheard = undefined;
      this.#finish();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<string>> {
    await this.cancel(new RoomKitError("aborted", "the reader stopped reading"));
    this.#unheard = undefined;
    return { value: undefined, done: true };
  }

  /** Stops the reply; resolves when nothing of it runs any more. Does nothing to a reply that is over. */
  cancel(reason: RoomKitError): Promise<void> {
    if (!this.#over && !this.#stopping) {
      this.#unheard = reason;
      this.#controller.abort(reason);
      this.#stopping = this.#stop();
    }
    return this.#stopping ?? Promise.resolve();
  }

  async #stop(): Promise<void> {
    try {
      await this.#generator?.return(undefined);
    } catch {
      // The reader hears of it from next().
    }
    this.#finish();
  }

  #start(): AsyncGenerator<string> {
    if (!this.#generator) {
      this.#generator = this.#make(this.#controller.signal);
      this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    }
    return this.#generator;
  }

  readonly #onAbort = (): void => {
    void this.cancel(abortedError(this.#signal));
  };

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#generator) this.#onEnd();
  }
}
