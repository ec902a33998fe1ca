import { RoomKitError } from "@roomkit/core";
import { loggedRetry, type RetrySettings } from "../retry/logged-retry.ts";
import { checkRetryOptions, withRetry } from "../retry/with-retry.ts";
import { withStreamTimeouts } from "../streams/with-stream-timeouts.ts";
import { loadOnce } from "./load-once.ts";

/** What a provider's options say of its requests. */
export interface RequestSettings extends RetrySettings {
  /** Longest wait for the first sign of an answer, ms. 0: no limit. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two signs of an answer, ms. 0: no limit. */
  readonly stallMs?: number | undefined;
}

/** A vendor's SDK. */
export interface RequestSdk<Client> {
  readonly provider: string;
  /** Loads the SDK and makes its client, whose own retries are off. Called with the first request, or by `warmUp`. */
  readonly load: () => Promise<Client>;
  /** One of our errors for what the SDK threw. */
  readonly errorOf: (error: unknown) => RoomKitError;
  /** Where the options do not say, ms. */
  readonly firstByteMs: number;
  /** Where the options do not say, ms. */
  readonly stallMs: number;
}

/** Requests through a vendor's SDK, with their retries, time limits and errors. */
export class SdkRequests<Client> {
  readonly #settings: RequestSettings;
  readonly #sdk: RequestSdk<Client>;
  readonly #client: () => Promise<Client>;

  constructor({ retry, clock, logger, firstByteMs, stallMs }: RequestSettings, sdk: RequestSdk<Client>) {
    // Not all of the options: they may hold the key.
    this.#settings = { retry, clock, logger, firstByteMs, stallMs };
    this.#sdk = sdk;
    this.#client = loadOnce(sdk.load);
  }

  /** Loads the SDK. */
  async warmUp(): Promise<void> {
    await this.#client();
  }

  /**
   * What `attempt` makes of a stream, tried again while it has given out nothing.
   *
   * @param what is tried again, for the log.
   */
  retried<T>(
    attempt: () => AsyncIterable<T>,
    signal: AbortSignal,
    what = "a request",
  ): AsyncGenerator<T, void, undefined> {
    return withRetry(attempt, loggedRetry(this.#settings, { provider: this.#sdk.provider, signal, what }));
  }

  /**
   * The items of one request's answer, within the time limits. That they end does not mean that the answer is complete.
   *
   * @param open must hand its signal to the SDK: leaving a loop does not end every SDK's stream.
   */
  stream<T>(
    open: (client: Client, signal: AbortSignal) => Promise<AsyncIterable<T>>,
    signal: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const { provider, errorOf } = this.#sdk;
    const { clock, firstByteMs = this.#sdk.firstByteMs, stallMs = this.#sdk.stallMs } = this.#settings;
    const times = { provider, signal, firstByteMs, stallMs, clock, mapError: errorOf };
    return withStreamTimeouts(async (inner) => open(await this.#client(), inner), times);
  }
}

/** @throws RoomKitError `invalid_option`. */
export function checkRequestSettings({ firstByteMs = 0, stallMs = 0, retry }: RequestSettings, provider: string): void {
  if (!(firstByteMs >= 0) || !(stallMs >= 0)) {
    throw new RoomKitError("invalid_option", `${provider}: firstByteMs and stallMs must be >= 0`);
  }
  checkRetryOptions(retry);
}
