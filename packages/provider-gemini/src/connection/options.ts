import type { Clock, Logger } from "@roomkit/core";
import type { RetryOptions, Secret } from "@roomkit/provider-utils";

/** What every kind of HTTP request needs. */
export interface GeminiConnectionOptions {
  /** Default: the variables `GEMINI_API_KEY`, `GOOGLE_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the variable `GOOGLE_GEMINI_BASE_URL`, or the vendor's. */
  readonly baseURL?: string | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Longest wait for the first sign of an answer, ms. 0: no limit. Default 20,000: it may think first. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two signs of an answer, ms. 0: no limit. Default 20,000. */
  readonly stallMs?: number | undefined;
  /** Retries before anything was given out. */
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}
