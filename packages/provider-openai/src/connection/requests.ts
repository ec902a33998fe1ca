import type { RoomKitError } from "@roomkit/core";
import { loggedRetry, sdkError, withRetry, withStreamTimeouts } from "@roomkit/provider-utils";
import type { OpenAI } from "openai";
import { classify, NAME, OpenAIConnection, type OpenAIConnectionOptions } from "./connection.ts";

/** One kind of request, with its retries, time limits and errors. */
export class OpenAIRequests {
  readonly #connection: OpenAIConnection;
  readonly #options: OpenAIConnectionOptions;

  /**
   * @param usualStallMs where the options do not say.
   * @throws RoomKitError `missing_key`, `invalid_option`.
   */
  constructor(options: OpenAIConnectionOptions, usualStallMs = 10_000) {
    const { apiKey: _key, ...rest } = options;
    this.#connection = new OpenAIConnection(options);
    this.#options = { ...rest, stallMs: rest.stallMs ?? usualStallMs };
  }

  async warmUp(): Promise<void> {
    await this.#connection.client();
  }

  /** What `attempt` makes of a stream, tried again while it has given out nothing. */
  retried<T>(attempt: () => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    return withRetry(attempt, loggedRetry(this.#options, { provider: NAME, signal, what: "a request" }));
  }

  /** The items of one request's answer, within the time limits. */
  stream<T>(
    open: (client: OpenAI, signal: AbortSignal) => Promise<AsyncIterable<T>>,
    signal: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const { clock, firstByteMs = 10_000, stallMs = 10_000 } = this.#options;
    return withStreamTimeouts(async (inner) => open(await this.#connection.client(), inner), {
      provider: NAME,
      signal,
      firstByteMs,
      stallMs,
      clock,
      mapError: (error): RoomKitError => sdkError(error, { provider: NAME, clock, classify }),
    });
  }
}
