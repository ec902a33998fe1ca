import { HeardLedger, type RealtimeEvent, type RealtimeSessionConfig } from "@roomkit/core";
import type { ModelTurn } from "./turn.ts";

interface Open {
  readonly id: string;
  text: string;
  /** Whose words they are, of the model's. */
  readonly turn?: ModelTurn | undefined;
}

interface Said {
  readonly role: "user" | "assistant";
  readonly text: string;
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
  #turns: Said[];
  /** The newest words of the model in it, for what is known of them later. */
  #newest: { readonly turn: ModelTurn; readonly said: Said } | undefined;
  /** Turns that were heard in part only, ms. */
  #cut: { readonly id: string; readonly playedMs: number } | undefined;
  #count = 0;

  constructor(emit: (event: RealtimeEvent) => void, history: RealtimeSessionConfig["history"] = []) {
    this.#emit = emit;
    this.#turns = [...history];
  }

  get turns(): readonly Said[] {
    return this.#turns;
  }

  /** The same without the last, where that is what is asked again. */
  turnsBefore(asked: string | undefined): Words["turns"] {
    const { turns } = this;
    return asked !== undefined && turns.at(-1)?.text === asked ? turns.slice(0, -1) : turns;
  }

  /** Whether words of this side are being written down. */
  has(role: "user" | "assistant"): boolean {
    return this.#open[role] !== undefined;
  }

  /** More words of the caller. */
  hear(piece: string): void {
    if (piece === "" || (piece.trim() === "" && !this.#open.user)) return;
    this.#open.user ??= { id: `user_${++this.#count}`, text: "" };
    this.#open.user.text += piece;
    this.#tell("user", this.#open.user, false);
  }

  /** More words of the model's turn. */
  say(turn: ModelTurn, piece: string): void {
    if (piece === "" || (piece.trim() === "" && !this.#open.assistant)) return;
    this.#open.assistant ??= { id: turn.id, text: "", turn };
    this.#open.assistant.text += piece;
    this.#tell("assistant", this.#open.assistant, false);
  }

  /** All words of this turn of that side are there. */
  finish(role: "user" | "assistant"): void {
    const open = this.#open[role];
    this.#open[role] = undefined;
    if (!open) return;
    open.text = open.text.trim();
    const said = this.keep(role, open.text);
    if (said && open.turn) {
      this.#newest = { turn: open.turn, said };
      this.#applyCut();
    }
    this.#tell(role, open, true);
  }

  /** Adds a whole turn, without an event. */
  keep(role: "user" | "assistant", text: string): Said | undefined {
    if (text === "") return undefined;
    const said = { role, text };
    this.#turns.push(said);
    if (this.#turns.length > MAX_TURNS) this.#turns = this.#turns.slice(-MAX_TURNS);
    return said;
  }

  /** Of a turn of the model only `playedMs` were heard: of its words, those that are known and those that will be. */
  cut(id: string, playedMs: number): void {
    this.#cut = { id, playedMs };
    this.#applyCut();
  }

  #applyCut(): void {
    const { turn, said } = this.#newest ?? {};
    if (!turn || !said || this.#cut?.id !== turn.id || !(this.#cut.playedMs < turn.audioMs)) return;
    const at = this.#turns.lastIndexOf(said);
    this.#newest = undefined;
    if (at < 0) return;
    const ledger = new HeardLedger();
    ledger.setText(said.text);
    ledger.addAudio(turn.audioMs);
    ledger.finish();
    const { heard } = ledger.heardAt(this.#cut.playedMs);
    this.#turns.splice(at, 1, ...(heard === "" ? [] : [{ role: said.role, text: heard }]));
  }

  #tell(role: "user" | "assistant", { id, text, turn }: Open, final: boolean): void {
    const event = { type: "transcript", id, role, text, final } as const;
    if (!turn) this.#emit(event);
    else {
      const whose = { itemId: id, responseId: id };
      this.#emit({ ...event, ...whose, ...(turn.withheld ? { audioMs: Math.round(turn.audioMs) } : {}) });
    }
  }
}
