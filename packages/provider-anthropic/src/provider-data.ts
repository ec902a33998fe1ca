import type { RedactedThinkingBlockParam, ThinkingBlockParam } from "@anthropic-ai/sdk/resources/messages/messages";

export type ThinkingBlock = ThinkingBlockParam | RedactedThinkingBlockParam;

/** What `finish` carries and the next request returns: thinking with its signatures. Under our own name, to know it again. */
export interface AnthropicProviderData {
  readonly anthropic: { readonly thinking: readonly ThinkingBlock[] };
}

/** The thinking of a turn, or nothing when the data is another provider's. */
export function keptThinking(data: unknown): readonly ThinkingBlock[] {
  const { anthropic } = (data ?? {}) as { anthropic?: { thinking?: unknown } | undefined };
  return Array.isArray(anthropic?.thinking) ? (anthropic.thinking as ThinkingBlock[]) : [];
}
