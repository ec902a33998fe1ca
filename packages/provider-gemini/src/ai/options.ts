import { refuse } from "../connection/name.ts";
import type { GeminiConnectionOptions } from "../connection/options.ts";

export interface GeminiAIOptions extends GeminiConnectionOptions {
  /** A model's id: `gemini-2.5-flash`. */
  readonly model: string;
  /** Longest answer in tokens (thinking included), where the request does not say. Default 1,024. */
  readonly maxOutputTokens?: number | undefined;
  /** Tokens spent on thinking; 0 for none. Default: the model's own. */
  readonly thinkingBudget?: number | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkAIOptions({ model, maxOutputTokens = 1, thinkingBudget = 0 }: GeminiAIOptions): void {
  if (typeof model !== "string" || model === "") refuse("model is required");
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < 1) refuse("maxOutputTokens must be a whole number >= 1");
  if (!Number.isInteger(thinkingBudget) || thinkingBudget < 0) refuse("thinkingBudget must be a whole number >= 0");
}
