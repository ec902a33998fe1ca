import type { ResponseReasoningItem } from "openai/resources/responses/responses";

/** What `finish` carries and the next request returns: the thinking, encrypted. Under our own name, to know it again. */
export interface OpenAIProviderData {
  readonly openai: { readonly reasoning: readonly ResponseReasoningItem[] };
}

/** The thinking of a turn, or nothing when the data is another provider's. */
export function keptReasoning(data: unknown): readonly ResponseReasoningItem[] {
  const { openai } = (data ?? {}) as { openai?: { reasoning?: unknown } | undefined };
  return Array.isArray(openai?.reasoning) ? (openai.reasoning as ResponseReasoningItem[]) : [];
}
