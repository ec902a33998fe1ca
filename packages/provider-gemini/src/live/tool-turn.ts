import { clean } from "../text/clean.ts";

export interface FunctionResponse {
  readonly id: string;
  readonly name: string;
  readonly response: Readonly<Record<string, unknown>>;
}

/** The calls the model waits for, and the answers to them: they go back together. */
export class ToolTurn {
  readonly #open = new Map<string, string>();
  #answers: FunctionResponse[] = [];

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
    const name = this.#open.get(id);
    // Answered already, taken back, or a call of a connection that is gone.
    if (name === undefined) return;
    this.#open.delete(id);
    // Anything but an object here ends the connection with 1007.
    this.#answers.push({ id, name, response: isError ? { error: clean(result) } : { output: clean(result) } });
  }

  /** The model takes calls back; gives those that were open. */
  cancel(ids: readonly string[]): readonly string[] {
    this.#answers = this.#answers.filter(({ id }) => !ids.includes(id));
    return ids.filter((id) => this.#open.delete(id));
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
    this.#open.clear();
    this.#answers = [];
    return ids;
  }
}
