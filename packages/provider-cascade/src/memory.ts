import type { AIMessage, ToolCall } from "@roomkit/core";

type Entry = { message: AIMessage; readonly itemId?: string };

/** The conversation as the model is shown it: bounded, and holding what was heard rather than what was written. */
export class ConversationMemory {
  readonly #max: number;
  #entries: Entry[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  user(text: string): void {
    this.#add({ message: { role: "user", content: text } });
  }

  assistant(itemId: string, text: string, toolCalls: readonly ToolCall[], providerData: unknown): void {
    this.#add({
      itemId,
      message: {
        role: "assistant",
        content: text,
        ...(toolCalls.length === 0 ? {} : { toolCalls }),
        ...(providerData === undefined ? {} : { providerData }),
      },
    });
  }

  tool(call: ToolCall, result: string, isError: boolean): void {
    this.#add({
      message: {
        role: "tool",
        toolCallId: call.id,
        toolName: call.name,
        content: result,
        ...(isError ? { isError } : {}),
      },
    });
  }

  /** The listener heard only this much of an item. */
  correct(itemId: string, heard: string): void {
    const entry = this.#entries.find((candidate) => candidate.itemId === itemId);
    if (entry?.message.role !== "assistant") return;
    // Signed blocks belong to the text as it was written: with another text they would be refused.
    const { providerData: _, ...message } = entry.message;
    entry.message = { ...message, content: heard };
  }

  /** Oldest first, without empty entries; never beginning in the middle of a tool round. */
  messages(): AIMessage[] {
    return this.#entries
      .map((entry) => entry.message)
      .filter(
        (message) => message.content !== "" || message.role !== "assistant" || (message.toolCalls?.length ?? 0) > 0,
      );
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    while (this.#entries.length > this.#max || this.#entries[0]?.message.role === "tool") this.#entries.shift();
  }
}
