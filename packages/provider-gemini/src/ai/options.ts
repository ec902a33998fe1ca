import type { Clock, Logger } from "@roomkit/core";
import { checkRetryOptions, type RetryOptions, type Secret } from "@roomkit/provider-utils";
import { refuse } from "../connection/name.ts";

export interface GeminiAIOptions {
  /** Default: the variables `GEMINI_API_KEY`, `GOOGLE_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the vendor's. */
  readonly baseURL?: string | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A model's id: `gemini-2.5-flash`. */
  readonly model: string;
  /** Longest answer in tokens (thinking included), where the request does not say. Default 1,024. */
  readonly maxOutputTokens?: number | undefined;
  /** Tokens spent on thinking; 0 for none. Default: the model's own. */
  readonly thinkingBudget?: number | undefined;
  /** Longest wait for the first sign of an answer, ms. 0: no limit. Default 20,000: it may think first. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two signs of an answer, ms. 0: no limit. Default 20,000. */
  readonly stallMs?: number | undefined;
  /** Retries before anything was given out. */
  readonly retry?: RetryOptions | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkAIOptions(options: GeminiAIOptions): void {
  const { model, maxOutputTokens = 1, thinkingBudget = 0, firstByteMs = 0, stallMs = 0 } = options;
  if (typeof model !== "string" || model === "") refuse("model is required");
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < 1) refuse("maxOutputTokens must be a whole number >= 1");
  if (!Number.isInteger(thinkingBudget) || thinkingBudget < 0) refuse("thinkingBudget must be a whole number >= 0");
  if (!(firstByteMs >= 0) || !(stallMs >= 0)) refuse("firstByteMs and stallMs must be >= 0");
  checkRetryOptions(options.retry);
}
