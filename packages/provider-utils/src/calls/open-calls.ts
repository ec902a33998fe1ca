import { abortedError, RoomKitError } from "@roomkit/core";
import { type LinkedAbort, linkedAbort } from "../streams/linked-abort.ts";

/** One running call of a provider. */
export interface OpenCall {
  /** Aborts with the caller's signal, and with `closed` when the provider is closed. */
  readonly signal: AbortSignal;
  /** Must be called when the call has ended, however it did. */
  end(): void;
}

/** The calls of a provider that are running, so that closing it ends them. */
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

  /** @throws RoomKitError `closed` after {@link close}, `aborted` when the signal is. */
  begin(signal: AbortSignal | undefined): OpenCall {
    if (this.#closed) throw this.#closedError();
    if (signal?.aborted) throw abortedError(signal);
    const link = linkedAbort(signal);
    this.#links.add(link);
    return {
      signal: link.signal,
      end: () => {
        this.#links.delete(link);
        link.unlink();
      },
    };
  }

  /** Ends every call with `closed` and lets no other begin. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    for (const link of this.#links) link.abort(this.#closedError());
  }

  #closedError(): RoomKitError {
    return new RoomKitError("closed", `the ${this.#provider} provider was closed`);
  }
}
