import { keepNewest } from "@roomkit/core";
import { clean } from "../text/clean.ts";

export interface FunctionResponse {
  readonly id: string;
  readonly name: string;
  readonly response: Readonly<Record<string, unknown>>;
}

/** Calls remembered of which the model has heard nothing. */
const MAX_GONE = 32;

/** What a model is told of a call outside of its turn. */
export function noteOfResponse({ name, response }: FunctionResponse): string {
  return noteOf(name, String(response.output ?? response.error));
}

function noteOf(name: string, result: string): string {
  return `(note) The call of ${name} was carried out. Its result: ${clean(result)}`;
}

/** The calls the model waits for, and the answers to them: they go back together. */
export class ToolTurn {
  readonly #open = new Map<string, string>();
  /** Calls it waits for no longer, whose tools may be done all the same. */
  readonly #gone = new Map<string, string>();
  #answers: FunctionResponse[] = [];
  #late: string[] = [];

  /** Calls without an answer. */
  get open(): number {
    return this.#open.size;
  }

  /** False for a call there was already. */
  begin(id: string, name: string): boolean {
    if (this.#open.has(id)) return false;
    this.#open.set(id, name);
    return true;
  }

  answer(id: string, result: string, isError: boolean): void {
    const gone = this.#gone.get(id);
    this.#gone.delete(id);
    if (gone !== undefined) this.#late.push(noteOf(gone, result));
    const name = this.#open.get(id);
    // Answered already, or never made.
    if (name === undefined) return;
    this.#open.delete(id);
    // Anything but an object here ends the connection with 1007.
    this.#answers.push({ id, name, response: isError ? { error: clean(result) } : { output: clean(result) } });
  }

  /** The model takes calls back; gives those that were open. */
  cancel(ids: readonly string[]): readonly string[] {
    const unsent = this.#answers.filter(({ id }) => ids.includes(id));
    this.#answers = this.#answers.filter(({ id }) => !ids.includes(id));
    this.#keep(unsent);
    return ids.filter((id) => this.#leave(id));
  }

  /** What has become of calls the model does not wait for: notes for it. */
  takeLate(): readonly string[] {
    return this.#late.splice(0);
  }

  /** All answers, once there is none missing. */
  take(): readonly FunctionResponse[] {
    if (this.#open.size > 0) return [];
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }

  /** The connection is gone, and with it what was asked; gives the calls that were open. */
  clear(): readonly string[] {
    const ids = [...this.#open.keys()];
    for (const id of ids) this.#leave(id);
    this.#keep(this.#answers.splice(0));
    return ids;
  }

  #keep(answers: readonly FunctionResponse[]): void {
    for (const answer of answers) this.#late.push(noteOfResponse(answer));
  }

  #leave(id: string): boolean {
    const name = this.#open.get(id);
    if (name === undefined) return false;
    this.#open.delete(id);
    this.#gone.set(id, name);
    keepNewest(this.#gone, MAX_GONE);
    return true;
  }
}
