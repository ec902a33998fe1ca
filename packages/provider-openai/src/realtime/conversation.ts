import type { RealtimeSessionConfig } from "@roomkit/core";
import type { ConversationItem } from "openai/resources/realtime/realtime";

type Entry =
  | { readonly kind: "said"; readonly role: "user" | "assistant" | "system"; readonly itemId: string; text: string }
  | {
      readonly kind: "call";
      readonly callId: string;
      readonly name: string;
      readonly json: string;
      result: string | undefined;
    };

/** What a new connection is told at most. */
const MAX_ENTRIES = 100;

/** What has been said and done so far, in words: all a new connection can be given. */
export class Conversation {
  #entries: Entry[] = [];

  constructor(history: RealtimeSessionConfig["history"] = []) {
    for (const { role, text } of history) this.say(role, "", text);
  }

  /** Whether the last thing in it waits for an answer. */
  get unanswered(): boolean {
    const last = this.#entries.filter((entry) => entry.kind === "call" || entry.text !== "").at(-1);
    return last !== undefined && (last.kind === "call" ? last.result !== undefined : last.role === "user");
  }

  /** An item with what is known of its text; the same id again replaces it. */
  say(role: "user" | "assistant" | "system", itemId: string, text: string): void {
    const known = itemId === "" ? undefined : this.#find(itemId);
    if (known) known.text = text;
    else this.#add({ kind: "said", role, itemId, text });
  }

  /** Of an item of ours only this part was heard, 0 to 1. */
  cut(itemId: string, part: number): void {
    const entry = this.#find(itemId);
    if (!entry) return;
    const words = entry.text.split(/(?<=\s)/);
    entry.text = words
      .slice(0, Math.ceil(words.length * part))
      .join("")
      .trim();
  }

  called(callId: string, name: string, json: string): void {
    this.#add({ kind: "call", callId, name, json, result: undefined });
  }

  answered(callId: string, result: string): void {
    for (const entry of this.#entries) if (entry.kind === "call" && entry.callId === callId) entry.result = result;
  }

  /** Calls nobody has answered are forgotten: their connection is gone, and the model will call again. */
  forgetOpenCalls(): void {
    this.#entries = this.#entries.filter((entry) => entry.kind === "said" || entry.result !== undefined);
  }

  /** As items of a new connection, oldest first. */
  items(): ConversationItem[] {
    return this.#entries.flatMap((entry): ConversationItem[] => {
      if (entry.kind === "call") {
        const { callId, name, json, result } = entry;
        if (result === undefined) return [];
        return [
          { type: "function_call", call_id: callId, name, arguments: json },
          { type: "function_call_output", call_id: callId, output: result },
        ];
      }
      const { role, text } = entry;
      if (text.trim() === "") return [];
      if (role === "assistant") return [{ type: "message", role, content: [{ type: "output_text", text }] }];
      return [{ type: "message", role, content: [{ type: "input_text", text }] }];
    });
  }

  #find(itemId: string): Extract<Entry, { kind: "said" }> | undefined {
    const entry = this.#entries.findLast((each) => each.kind === "said" && each.itemId === itemId);
    return entry?.kind === "said" ? entry : undefined;
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }
}
