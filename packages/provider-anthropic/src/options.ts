import { type Clock, type Logger, RoomKitError } from "@roomkit/core";
import { checkRequestSettings, type RetryOptions, type Secret } from "@roomkit/provider-utils";

/** How much the model may think before it speaks: the API's own values. */
export type AnthropicThinking =
  | { readonly type: "disabled" | "between_tools" }
  | { readonly type: "adaptive"; readonly display?: "summarized" | "omitted" | undefined }
  | { readonly type: "enabled"; readonly budget_tokens: number };

export interface AnthropicAIOptions {
  /** A model's id: `claude-haiku-4-5`, `claude-sonnet-5`. */
  readonly model: string;
  /** Default: the variable `ANTHROPIC_API_KEY`. */
  readonly apiKey?: string | Secret | undefined;
  /** Default: the vendor's, or the variable `ANTHROPIC_BASE_URL`. */
  readonly baseURL?: string | undefined;
  /** Longest answer in tokens, where the request does not say. Default 1,024. */
  readonly maxOutputTokens?: number | undefined;
  /** Default: what the model does by itself. Thinking delays the first word. */
  readonly thinking?: AnthropicThinking | undefined;
  /** How hard the model tries; `low` answers soonest. Default: the model's own. */
  readonly effort?: "low" | "medium" | "high" | "xhigh" | "max" | undefined;
  /** Lets the vendor keep what is the same from turn to turn: cheaper, and a sooner first word. Default true. */
  readonly promptCaching?: boolean | undefined;
  /** Said for the user where a conversation begins with the assistant (a greeting), which the API does not take. Default `(The call begins.)` */
  readonly openingText?: string | undefined;
  /** Longest wait for the first sign of an answer, ms. 0: no limit. Default 10,000. */
  readonly firstByteMs?: number | undefined;
  /** Longest wait between two signs of an answer, ms. 0: no limit. Default 15,000; with `thinking` 60,000. */
  readonly stallMs?: number | undefined;
  /** Retries before anything was said. The SDK's own are off. */
  readonly retry?: RetryOptions | undefined;
  /** Headers added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Replaces the platform's fetch: a proxy, or longer-lived connections. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

/** The options without the key, which nothing keeps but the Secret. */
export type AnthropicAISettings = Omit<AnthropicAIOptions, "apiKey">;

/** @throws RoomKitError `invalid_option` for a value that makes no sense. */
export function checkOptions(options: AnthropicAIOptions): void {
  const refuse = (what: string): never => {
    throw new RoomKitError("invalid_option", `anthropic: ${what}`);
  };
  if (typeof options.model !== "string" || options.model === "") refuse("model is required");
  const { maxOutputTokens = 1, openingText = "-" } = options;
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < 1) refuse("maxOutputTokens must be a whole number >= 1");
  if (openingText.trim() === "") refuse("openingText must not be blank");
  const { thinking } = options;
  if (thinking?.type === "enabled" && !(thinking.budget_tokens >= 1024))
    refuse("thinking.budget_tokens must be >= 1,024");
  checkRequestSettings(options, "anthropic");
}
