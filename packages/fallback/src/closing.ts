import { AbortScope, RoomKitError } from "@roomkit/core";

/** The end of a provider made of several. */
export class Closing {
  readonly #providers: readonly { close?(): Promise<void> }[];
  readonly #calls = new AbortScope();
  #closing: Promise<void> | undefined;

  constructor(providers: readonly { close?(): Promise<void> }[]) {
    this.#providers = providers;
  }

  /** One call: its scope aborts with the caller's signal, and with `closed` at the end of the provider. Release it with the call. */
  call(signal: AbortSignal): AbortScope {
    return this.#calls.child(signal);
  }

  /** Ends every call with `closed`, so that none is handed over, then closes all of the providers. @throws what one of them threw, when all are closed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#calls.abort(new RoomKitError("closed", "the provider was closed"));
    const closed = await Promise.allSettled(this.#providers.map(async (provider) => provider.close?.()));
    for (const one of closed) if (one.status === "rejected") throw one.reason;
  }
}
