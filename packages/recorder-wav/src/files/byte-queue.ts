/** Bytes, or so many zeros. */
type Item = Uint8Array | number;

const sizeOf = (item: Item): number => (typeof item === "number" ? item : item.length);

/** Most zeros given at once: silence may be long, memory is not. */
const MOST_ZEROS = 65_536;

/**
 * Bytes between a call that cannot wait and a storage that can be slow. What goes beyond the capacity makes zeros of the oldest:
 * whatever follows stays in its place.
 */
export class ByteQueue {
  readonly #capacity: number;
  #items: Item[] = [];
  /** Bytes that are kept as such. */
  #held = 0;
  #lost = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes that became zeros so far. */
  get lost(): number {
    return this.#lost;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  push(bytes: Uint8Array): void {
    this.#items.push(bytes);
    this.#held += bytes.length;
    while (this.#held > this.#capacity) this.#silenceOldest();
  }

  zeros(count: number): void {
    const last = this.#items.at(-1);
    if (typeof last === "number") this.#items[this.#items.length - 1] = last + count;
    else this.#items.push(count);
  }

  /** What is to be written next; undefined when there is nothing. */
  take(): Uint8Array | undefined {
    const [first] = this.#items;
    if (first === undefined) return undefined;
    if (typeof first !== "number") {
      this.#items.shift();
      this.#held -= first.length;
      return first;
    }
    const count = Math.min(first, MOST_ZEROS);
    if (count === first) this.#items.shift();
    else this.#items[0] = first - count;
    return new Uint8Array(count);
  }

  /** Gives everything up; how much that was, in bytes. */
  clear(): number {
    const left = this.#items.reduce<number>((sum, item) => sum + sizeOf(item), 0);
    this.#items = [];
    this.#held = 0;
    return left;
  }

  #silenceOldest(): void {
    const at = this.#items.findIndex((item) => typeof item !== "number");
    const item = this.#items[at] as Uint8Array;
    this.#held -= item.length;
    this.#lost += item.length;
    // Beside other silence it is one with it, so that a storage that hangs for an hour piles up nothing.
    const before = at > 0 ? this.#items[at - 1] : undefined;
    if (typeof before === "number") this.#items.splice(at - 1, 2, before + item.length);
    else this.#items[at] = item.length;
  }
}
