import { settle } from "../settle.ts";

/**
 * A source that a conformance case feeds and watches: what it holds is given out one item per turn of the event loop, then it
 * waits until more is pushed or it ends.
 */
export class WatchedSource<T> implements AsyncIterable<T> {
  readonly #items: T[];
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => {};
  /** Items asked for. */
  asked = 0;
  /** Items handed out. */
  taken = 0;
  /** Iterations begun. */
  begun = 0;
  /** Iterations that were told that no more is wanted, or that were read to the end. */
  released = 0;

  constructor(items: Iterable<T> = []) {
    this.#items = [...items];
  }

  push(...items: readonly T[]): this {
    this.#items.push(...items);
    this.#wake();
    return this;
  }

  end(): this {
    this.#ended = true;
    this.#wake();
    return this;
  }

  fail(error: unknown): this {
    this.#failure = error;
    this.#wake();
    return this;
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    this.begun++;
    let open = true;
    const release = (): IteratorResult<T> => {
      if (open) this.released++;
      open = false;
      this.#wake();
      return { value: undefined, done: true };
    };
    return {
      next: async () => {
        this.asked++;
        while (open) {
          await settle(1);
          if (!open) break;
          if (this.#items.length > 0) {
            this.taken++;
            return { value: this.#items.shift() as T, done: false };
          }
          if (this.#failure !== undefined) {
            release();
            throw this.#failure;
          }
          if (this.#ended) return release();
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        return { value: undefined, done: true };
      },
      return: async () => release(),
    };
  }
}

/** Gives out `items` over and over until it is released. */
export class EndlessSource<T> implements AsyncIterable<T> {
  readonly #items: readonly T[];
  taken = 0;
  released = false;

  constructor(items: readonly T[]) {
    this.#items = items;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (let i = 0; ; i = (i + 1) % this.#items.length) {
        await settle(1);
        this.taken++;
        yield this.#items[i] as T;
      }
    } finally {
      this.released = true;
    }
  }
}

/** Everything a stream yields until it ends or fails. */
export async function collect<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of stream) into.push(item);
  return into;
}
