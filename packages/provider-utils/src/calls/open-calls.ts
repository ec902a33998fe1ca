import { abortedError, RoomKitError } from "@roomkit/core";
import { type LinkedAbort, linkedAbort } from "../streams/linked-abort.ts";

/**
 * The calls of a provider that are running, so that closing it ends them. The signal a call works with aborts with the caller's,
 * and with `closed` when the provider is closed.
 */
export class OpenCalls {
  readonly #provider: string;
  readonly #links = new Set<LinkedAbort>();
  #closed = false;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** How many are running. */
  get size(): number {
    return this.#links.size;
  }

  /**
   * One call that answers once.
   *
   * @throws RoomKitError `closed` after {@link close}, `aborted` when the signal is; what `work` throws.
   */
  async run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const link = this.#begin(signal);
    try {
      return await work(link.signal);
    } finally {
      this.#end(link);
    }
  }

  /**
   * One call that answers with a stream: it runs from the first item that is asked for until the stream ends or is left.
   *
   * @throws RoomKitError `closed` after {@link close}, `aborted` when the signal is; what `work` and its stream throw.
   */
  async *stream<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const link = this.#begin(signal);
    try {
      yield* work(link.signal);
    } finally {
      this.#end(link);
    }
  }

  /** Ends every call with `closed` and lets no other begin. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    for (const link of this.#links) link.abort(this.#closedError());
  }

  #begin(signal: AbortSignal | undefined): LinkedAbort {
    if (this.#closed) throw this.#closedError();
    if (signal?.aborted) throw abortedError(signal);
    const link = linkedAbort(signal);
    this.#links.add(link);
    return link;
  }

  #end(link: LinkedAbort): void {
    this.#links.delete(link);
    link.unlink();
  }

  #closedError(): RoomKitError {
    return new RoomKitError("closed", `the ${this.#provider} provider was closed`);
  }
}
