import type { AIMessage, ToolCall } from "@roomkit/core";

interface Entry {
  message: AIMessage;
  readonly itemId?: string;
  /** The result of this call is still to come. */
  openCall?: string;
}

/** Stands for a result until it is known: a model that took the call for undone would make it again. */
export const NO_RESULT =
  "There is no result yet: the call may have been done, or be under way. Do not make it again without asking.";

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

  /** Nobody said anything: the model shall go on. A model has one place for instructions; in the middle it comes as words. */
  cutOffByNoise(): void {
    this.user(
      "(instruction) You were interrupted by a noise; nobody said anything. Go on from where you were cut off.",
    );
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

  /** A call was made: its result has its place from now on, whenever it comes. */
  called({ id, name }: ToolCall): void {
    const message = { role: "tool", toolCallId: id, toolName: name, content: NO_RESULT, isError: true } as const;
    this.#add({ message, openCall: id });
  }

  /** What a call came to. `final`: nothing better will be known. False when it was no open call. */
  answered(callId: string, result: string, isError: boolean, final = true): boolean {
    const entry = this.#entries.findLast(({ openCall }) => openCall === callId);
    if (entry?.message.role !== "tool") return false;
    const { isError: _, ...message } = entry.message;
    entry.message = { ...message, content: result, ...(isError ? { isError } : {}) };
    if (final) delete entry.openCall;
    return true;
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
