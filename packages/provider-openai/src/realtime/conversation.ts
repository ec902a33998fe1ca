import { HeardLedger, type RealtimeSessionConfig } from "@roomkit/core";
import type { ConversationItem } from "openai/resources/realtime/realtime";

interface Said {
  readonly kind: "said";
  readonly role: "user" | "assistant" | "system";
  readonly itemId: string;
  /** The item before it, where the vendor tells. */
  readonly previous: string | undefined;
  /** All of its text, and of its audio. */
  readonly ledger: HeardLedger;
  /** It is heard, not read. */
  spoken: boolean;
  /** No more than this was heard of it, ms. */
  heardMs: number;
}

interface Call {
  readonly kind: "call";
  readonly callId: string;
  readonly name: string;
  readonly json: string;
  result: string | undefined;
}

type Entry = Said | Call;

/** What a new connection is told at most. */
const MAX_ENTRIES = 100;

/** What has been heard and done so far, in words: all a new connection can be given. */
export class Conversation {
  #entries: Entry[] = [];

  constructor(history: RealtimeSessionConfig["history"] = []) {
    for (const { role, text } of history) this.say(role, "", text);
  }

  /** Whether the last thing in it waits for an answer. */
  get unanswered(): boolean {
    const last = this.#entries.filter((entry) => entry.kind === "call" || entry.ledger.text !== "").at(-1);
    return last !== undefined && (last.kind === "call" ? last.result !== undefined : last.role === "user");
  }

  /** An item with what is known of its text; the same id again replaces it, but not what was heard of it. */
  say(role: Said["role"], itemId: string, text: string, spoken = false): void {
    const entry = this.#find(itemId) ?? this.#place(role, itemId);
    entry.ledger.setText(text);
    entry.spoken ||= spoken;
  }

  /** An item has its place from now on, whenever its words come. `previous`: the item before it. */
  reserve(role: Said["role"], itemId: string, previous?: string | null): void {
    if (!this.#find(itemId)) this.#place(role, itemId, previous);
  }

  knows(itemId: string): boolean {
    return this.#find(itemId) !== undefined;
  }

  /** More words of an item there is. */
  append(itemId: string, more: string): void {
    const entry = this.#find(itemId);
    entry?.ledger.setText(entry.ledger.text + more);
  }

  /** Audio of an item of ours has come. */
  received(itemId: string, ms: number): void {
    const entry = this.#find(itemId) ?? this.#place("assistant", itemId);
    entry.spoken = true;
    entry.ledger.addAudio(ms);
  }

  /** Neither words nor audio will come of it. */
  finish(itemId: string): void {
    this.#find(itemId)?.ledger.finish();
  }

  /**
   * Of an item of ours no more than so many ms were heard: whatever words of it come, now or later, those behind are not part
   * of the conversation. What is read, not heard, stays.
   */
  cut(itemId: string, heardMs: number): void {
    const entry = this.#find(itemId);
    if (entry?.role === "assistant") entry.heardMs = Math.min(entry.heardMs, heardMs);
  }

  /** The vendor has forgotten an item, and so does the conversation. */
  delete(itemId: string): void {
    if (itemId !== "")
      this.#entries = this.#entries.filter((entry) => entry.kind === "call" || entry.itemId !== itemId);
  }

  knowsCall(callId: string): boolean {
    return this.#entries.some((entry) => entry.kind === "call" && entry.callId === callId);
  }

  called(callId: string, name: string, json: string): void {
    this.#add({ kind: "call", callId, name, json, result: undefined });
  }

  answered(callId: string, result: string): void {
    for (const entry of this.#entries) if (entry.kind === "call" && entry.callId === callId) entry.result = result;
  }

  /** As items of a new connection, oldest first. A call without a result is there too: its result will come. */
  items(): ConversationItem[] {
    return this.#entries.flatMap((entry): ConversationItem[] => {
      if (entry.kind === "call") {
        const { callId, name, json, result } = entry;
        const call: ConversationItem = { type: "function_call", call_id: callId, name, arguments: json };
        return result === undefined
          ? [call]
          : [call, { type: "function_call_output", call_id: callId, output: result }];
      }
      const { role } = entry;
      const text = textOf(entry);
      if (text.trim() === "") return [];
      if (role === "assistant") return [{ type: "message", role, content: [{ type: "output_text", text }] }];
      return [{ type: "message", role, content: [{ type: "input_text", text }] }];
    });
  }

  #find(itemId: string): Said | undefined {
    if (itemId === "") return undefined;
    const entry = this.#entries.findLast((each) => each.kind === "said" && each.itemId === itemId);
    return entry?.kind === "said" ? entry : undefined;
  }

  #place(role: Said["role"], itemId: string, previous?: string | null): Said {
    const entry: Said = {
      kind: "said",
      role,
      itemId,
      previous: previous ?? undefined,
      ledger: new HeardLedger(),
      spoken: false,
      heardMs: Number.POSITIVE_INFINITY,
    };
    this.#add(entry);
    return entry;
  }

  #add(entry: Entry): void {
    this.#entries.splice(this.#placeOf(entry), 0, entry);
    if (this.#entries.length <= MAX_ENTRIES) return;
    // A call whose result is to come must be there when it comes.
    const oldest = this.#entries.findIndex((each) => each.kind === "said" || each.result !== undefined);
    this.#entries.splice(Math.max(0, oldest), 1);
  }

  /** At the end, unless the vendor has told of another place: behind an item, or before one that follows it. */
  #placeOf(entry: Entry): number {
    const end = this.#entries.length;
    if (entry.kind === "call" || entry.itemId === "") return end;
    const { itemId, previous } = entry;
    const before = previous === undefined ? undefined : this.#find(previous);
    if (before) return this.#entries.indexOf(before) + 1;
    const follower = this.#entries.findIndex((each) => each.kind === "said" && each.previous === itemId);
    return follower < 0 ? end : follower;
  }
}

function textOf({ ledger, spoken, heardMs }: Said): string {
  return spoken && heardMs !== Number.POSITIVE_INFINITY ? ledger.heardAt(heardMs).heard : ledger.text;
}
