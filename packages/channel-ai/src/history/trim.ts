import type { AIMessage } from "@roomkit/core";

/**
 * Drops the oldest messages until at most `maxChars` characters are left. A message with tool calls goes together with its
 * results, for neither is valid alone. The last message always stays; alone too long, it loses its beginning.
 */
export function trimMessages(messages: readonly AIMessage[], maxChars: number): AIMessage[] {
  const kept: AIMessage[][] = [];
  let total = 0;
  for (const unit of units(messages).reverse()) {
    const size = unit.reduce((sum, message) => sum + messageSize(message), 0);
    if (total + size > maxChars && kept.length > 0) break;
    kept.push(unit);
    total += size;
  }
  const result = kept.reverse().flat();
  const only = result.length === 1 ? result[0] : undefined;
  if (only?.role === "user" && only.content.length > maxChars)
    return [{ ...only, content: only.content.slice(-maxChars) }];
  return result;
}

function units(messages: readonly AIMessage[]): AIMessage[][] {
  const result: AIMessage[][] = [];
  for (const message of messages) {
    const last = result.at(-1);
    if (message.role === "tool" && last) last.push(message);
    else result.push([message]);
  }
  return result;
}

function messageSize(message: AIMessage): number {
  if (message.role !== "assistant" || !message.toolCalls) return message.content.length;
  return message.content.length + (JSON.stringify(message.toolCalls)?.length ?? 0);
}
