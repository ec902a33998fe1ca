/** What takes long to compute and is always the same, the newest so many; nobody may change it. */
export class Made<T> {
  readonly #most: number;
  readonly #kept = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string, make: () => T): T {
    const known = this.#kept.get(name) ?? make();
    // Put at the end again: what was used last goes last.
    this.#kept.delete(name);
    this.#kept.set(name, known);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
    return known;
  }
}
