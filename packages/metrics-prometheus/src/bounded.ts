/** Values that one label takes at most; the names of tools, for one, come from models. */
const MAX_VALUES = 64;
/** Characters of one value. */
const MAX_LENGTH = 64;

/** Label values, each kept as it is until there are too many: those after are `other`. */
export class BoundedLabel {
  readonly #known = new Set<string>();

  of(value: string | undefined): string {
    const name = (value ?? "").slice(0, MAX_LENGTH) || "unknown";
    if (this.#known.has(name)) return name;
    if (this.#known.size >= MAX_VALUES) return "other";
    this.#known.add(name);
    return name;
  }
}
