import { type Clock, type Logger, RoomKitError } from "@roomkit/core";
import type { RetryOptions, Secret, VendorError } from "@roomkit/provider-utils";

export const NAME = "openai";

/** How to reach the vendor, or a server that talks like it, and how long to wait. The same for all three providers. */
export interface OpenAIConnectionOptions {
  /** Default: the variable `OPENAI_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the vendor's, or the variable `OPENAI_BASE_URL`. */
  readonly baseURL?: string | undefined;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Replaces the platform's fetch: a proxy, or longer-lived connections. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Longest wait for the first sign of an answer, ms. 0: no limit. Default 10,000. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two signs of an answer, ms. 0: no limit. Default 10,000; for a thinking model 60,000. */
  readonly stallMs?: number | undefined;
  /** Retries before anything was given out. The SDK's own are off. */
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function refuse(what: string): never {
  throw new RoomKitError("invalid_option", `openai: ${what}`);
}

/** What the vendor means by its codes where the status alone says something else. */
export function classify(status: number, { code = "" }: VendorError): "quota" | "invalid_request" | undefined {
  if (status === 429 && code === "insufficient_quota") return "quota";
  // The account may not use this model, or none in this country: waiting and other keys do not help.
  return status === 403 && /unsupported_country|model_not_found/.test(code) ? "invalid_request" : undefined;
}
