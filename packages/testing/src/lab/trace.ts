/** One thing that happened in a lab call. */
export interface TraceEntry {
  /** ms of the call. */
  readonly t: number;
  /** `caller` and other voices at the microphone by their names, `ear`, `client` (what the server told it), `line`. */
  readonly who: string;
  readonly what: string;
  readonly [detail: string]: unknown;
}

/** More is not kept: the last entry then says so. */
const MOST_ENTRIES = 200_000;

/** What happened in a call, in the order it became known; ids stand as numbers, so that it is the same again whoever made them. */
export class LabTrace {
  readonly entries: TraceEntry[] = [];
  readonly #names = new Map<string, string>();

  note(t: number, who: string, what: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.entries.length > MOST_ENTRIES) return;
    const full = this.entries.length === MOST_ENTRIES;
    const told = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
    // Times are sums of fractions: to a thousandth of a ms they are the same however they were summed up.
    this.entries.push({
      t: Math.round(t * 1000) / 1000,
      who,
      what: full ? "more than is kept" : what,
      ...(full ? {} : told),
    });
  }

  /** A short name for an id: `u1`, `t2`. */
  name(kind: string, id: string): string {
    const key = `${kind} ${id}`;
    const known = this.#names.get(key);
    if (known) return known;
    const count = [...this.#names.keys()].filter((other) => other.startsWith(`${kind} `)).length;
    const name = `${kind}${count + 1}`;
    this.#names.set(key, name);
    return name;
  }

  /** JSON lines: the same bytes for the same call. */
  toString(): string {
    return this.entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  }
}
