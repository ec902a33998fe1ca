import { type OpenAIConnectionOptions, refuse } from "../connection/connection.ts";

export interface OpenAIAIOptions extends OpenAIConnectionOptions {
  /** A model's id: `gpt-4.1-mini`, `gpt-5-mini`. */
  readonly model: string;
  /** Longest answer in tokens (thinking included), where the request does not say. Default 1,024. */
  readonly maxOutputTokens?: number | undefined;
  /** How hard a reasoning model thinks; less answers sooner. Default: the model's own. */
  readonly reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | undefined;
  /** Have the thinking summed up, as `reasoning-delta` parts. Default: not. */
  readonly reasoningSummary?: "auto" | "concise" | "detailed" | undefined;
  /** `priority` answers sooner and costs more. Default: the account's own. */
  readonly serviceTier?: "auto" | "default" | "flex" | "priority" | undefined;
  /** Whether the vendor keeps the conversation. Default false. */
  readonly store?: boolean | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function checkAIOptions({ model, maxOutputTokens = 16 }: OpenAIAIOptions): void {
  if (typeof model !== "string" || model === "") refuse("model is required");
  // The API refuses less.
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < 16)
    refuse("maxOutputTokens must be a whole number >= 16");
}

/** Models that think before they answer: they take no temperature, and their thinking must be returned to them. */
export function thinks({ model, reasoningEffort }: OpenAIAIOptions): boolean {
  return reasoningEffort !== undefined || /^(o\d|gpt-[5-9](?!.*-chat))/.test(model);
}
