import type { AIMessage, RoomEvent, ToolCall } from "@roomkit/core";

/**
 * Stands for the result of a call that has none (yet): the reply was cut off while its tool ran, or the process ended. A model
 * that took it for undone would make it again.
 */
export const NO_RESULT =
  "There is no result, for the reply was cut off: the call may have been done, or be under way. Do not make it again without asking.";

interface Result {
  readonly text: string;
  readonly isError: boolean;
}

/**
 * Finds the result of each logged tool call, wherever in the log it stands, and keeps the ids apart that a model used more
 * than once: vendors refuse a conversation with two calls of one id, or with a call and no result.
 */
export class ToolLedger {
  readonly #results = new Map<string, Result[]>();
  readonly #used = new Set<string>();
  /** The result of each call already given out, by the id it was given out with. */
  readonly #opened = new Map<string, Result | undefined>();

  constructor(events: readonly RoomEvent[], channelId: string) {
    for (const { content, source } of events) {
      if (content.type !== "tool-result" || source.channelId !== channelId) continue;
      const queue = this.#results.get(content.callId) ?? [];
      queue.push({ text: content.result, isError: content.isError });
      this.#results.set(content.callId, queue);
    }
  }

  /** Takes a call in; returns an id no other call of this conversation has. */
  open(callId: string): string {
    let id = callId;
    for (let count = 2; this.#used.has(id); count++) id = `${callId}_${count}`;
    this.#used.add(id);
    this.#opened.set(id, this.#results.get(callId)?.shift());
    return id;
  }

  result(call: ToolCall): AIMessage {
    const result = this.#opened.get(call.id) ?? { text: NO_RESULT, isError: true };
    return {
      role: "tool",
      toolCallId: call.id,
      toolName: call.name,
      content: result.text,
      ...(result.isError ? { isError: true } : {}),
    };
  }
}
