/** Codes told apart; those of an application's own errors come from outside. */
const MAX_CODES = 64;

/** Clients that were not let in, by the code that says why. */
export class Refusals {
  readonly #counts = new Map<string, number>();

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  note(code: string): void {
    const known = this.#counts.has(code) || this.#counts.size < MAX_CODES;
    const name = known ? code : "other";
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
