import { type Clock, type Logger, type OptionKinds, RoomKitError } from "@roomkit/core";
import {
  checkRetryOptions,
  connectionKinds,
  type ManagedWebSocketOptions,
  type RetryOptions,
  type Secret,
} from "@roomkit/provider-utils";

export const NAME = "deepgram";

/** How a WebSocket is made and watched. */
export type DeepgramSocketOptions = Pick<
  ManagedWebSocketOptions,
  "connection" | "pingIntervalMs" | "pongTimeoutMs" | "maxBufferedBytes"
>;

/** What each of them is, for `assertOptions`. */
export const socketKinds: OptionKinds<DeepgramSocketOptions> = {
  number: ["pingIntervalMs", "pongTimeoutMs", "maxBufferedBytes"],
  members: { connection: connectionKinds },
};

/** How to reach the vendor, or a server that talks like it. The same for all three providers. */
export interface DeepgramConnectionOptions {
  /** Default: the variable `DEEPGRAM_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Scheme and host, `https:` or `http:`; WebSockets go to the same. Default `https://api.deepgram.com`. */
  readonly baseURL?: string | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further parameters of the query, as the API spells them: `{ filler_words: "true" }`. They come before ours. */
  readonly parameters?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Retries before any audio was sent (batch: before the answer). The SDK's own are off. */
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** What the two that listen live have in common. */
export interface DeepgramLiveOptions extends DeepgramConnectionOptions {
  /** Longest wait for the connection, ms. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest wait for a message after audio was sent, ms. 0: no limit. Default 10,000. */
  readonly stallMs?: number | undefined;
  readonly socket?: DeepgramSocketOptions | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function refuse(what: string): never {
  throw new RoomKitError("invalid_option", `${NAME}: ${what}`);
}

/** @throws RoomKitError `invalid_option`. */
export function checkConnectionOptions({ baseURL = "https://a", retry }: DeepgramConnectionOptions): void {
  if (!/^https?:\/\/[^/]/.test(baseURL)) refuse("baseURL must begin with https:// or http://");
  if (!URL.canParse(baseURL)) refuse("baseURL is no URL");
  checkRetryOptions(retry);
}

/** @throws RoomKitError `invalid_option`. */
export function checkLiveOptions(options: DeepgramLiveOptions): void {
  checkConnectionOptions(options);
  const { connectTimeoutMs = 10_000, stallMs = 0 } = options;
  if (!(connectTimeoutMs >= 1)) refuse("connectTimeoutMs must be >= 1");
  if (!(stallMs >= 0)) refuse("stallMs must be >= 0");
}
