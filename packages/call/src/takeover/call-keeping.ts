import type { TurnInput, TurnState } from "../turns/state.ts";
import type { TurnRunner } from "../turns/turn-runner.ts";
import type { Speaking } from "../utterances/speaking.ts";
import { type CallRecord, changesRecord, type SayingRecord } from "./call-record.ts";
import { wordsOf } from "./restore.ts";

/** What another process would have to know of a call, and when that changes. */
export class CallKeeping {
  /** Of the process before, and not begun to be said yet. */
  readonly unsaid: Set<SayingRecord> = new Set();
  readonly #onChange: ((now: boolean) => void) | undefined;
  /** The newest guess at what the caller is saying. */
  #guess = "";
  #changed = false;

  constructor(onChange: ((now: boolean) => void) | undefined) {
    this.#onChange = onChange;
  }

  /** The machine has taken a step. */
  stepped(input: TurnInput, before: TurnState, after: TurnState): void {
    if (input.type === "partial") this.#guess = input.text;
    else if (input.type === "transcript") this.#guess = "";
    this.#changed ||= changesRecord(before, after);
  }

  /** It has carried out all that came of it. */
  settled(): void {
    this.#onChange?.(this.#changed);
    this.#changed = false;
  }

  /** More was heard. */
  heard(): void {
    this.#onChange?.(false);
  }

  changed(): void {
    this.#onChange?.(true);
  }

  /** @param last nothing changes any more */
  record(state: TurnState, runner: TurnRunner, speaking: Speaking, last: boolean): CallRecord {
    const { turns, pieces, waiting, typed } = state;
    const sayings = [...this.unsaid, ...speaking.record];
    return { turns, turn: runner.record, words: wordsOf(pieces, waiting, this.#guess, typed), sayings, last };
  }
}
