import type { RealtimeEvent, RealtimeSessionConfig } from "@roomkit/core";

interface Open {
  readonly id: string;
  text: string;
}

/** What a new session is told at most. */
const MAX_TURNS = 100;

/**
 * The words of both sides, as they are written down in pieces, and the conversation they make: what a session is told that
 * cannot be resumed.
 */
export class Words {
  readonly #emit: (event: RealtimeEvent) => void;
  readonly #open: { user: Open | undefined; assistant: Open | undefined } = { user: undefined, assistant: undefined };
  #turns: { readonly role: "user" | "assistant"; readonly text: string }[];
  #count = 0;

  constructor(emit: (event: RealtimeEvent) => void, history: RealtimeSessionConfig["history"] = []) {
    this.#emit = emit;
    this.#turns = [...history];
  }

  get turns(): readonly { readonly role: "user" | "assistant"; readonly text: string }[] {
    return this.#turns;
  }

  /** Whether words of this side are being written down. */
  has(role: "user" | "assistant"): boolean {
    return this.#open[role] !== undefined;
  }

  /** More words of one side; `itemId` is that of the speech they belong to. */
  add(role: "user" | "assistant", piece: string, itemId?: string): void {
    if (piece === "" || (piece.trim() === "" && !this.#open[role])) return;
    this.#open[role] ??= { id: itemId ?? `${role}_${++this.#count}`, text: "" };
    const open = this.#open[role];
    open.text += piece;
    this.#say(role, open, false);
  }

  /** All words of this turn of that side are there. */
  finish(role: "user" | "assistant"): void {
    const open = this.#open[role];
    this.#open[role] = undefined;
    if (!open) return;
    open.text = open.text.trim();
    this.keep(role, open.text);
    this.#say(role, open, true);
  }

  /** Adds a whole turn, without an event. */
  keep(role: "user" | "assistant", text: string): void {
    if (text === "") return;
    this.#turns.push({ role, text });
    if (this.#turns.length > MAX_TURNS) this.#turns = this.#turns.slice(-MAX_TURNS);
  }

  #say(role: "user" | "assistant", { id, text }: Open, final: boolean): void {
    this.#emit({ type: "transcript", id, role, text, final, ...(role === "assistant" ? { itemId: id } : {}) });
  }
}
