import { abortedError, RoomKitError } from "../errors/error.ts";

/** What a full queue does with one item more. */
export type Overflow = "drop-oldest" | "drop-newest" | "throw";

export interface BoundedQueueOptions<T> {
  /** Most items held at once, >= 1. */
  readonly capacity: number;
  /** Default `drop-oldest`. */
  readonly overflow?: Overflow | undefined;
  /** Told of each item that was dropped. */
  readonly onDrop?: ((item: T) => void) | undefined;
}

/**
 * A bounded queue between one producer that cannot wait and one consumer that can: `push` never blocks, the queue is read
 * as an async iterable. Ends after `end()` once drained; `fail(error)` ends it with that error after what is queued.
 */
export class BoundedQueue<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #onDrop: ((item: T) => void) | undefined;
  // A ring: shift() on a long array costs more than everything else on the frame path together.
  readonly #ring: (T | undefined)[];
  #head = 0;
  #size = 0;
  #dropped = 0;
  #ended = false;
  /** What the reader is told after the last item; boxed, as an error may be any value. */
  #failure: { readonly error: unknown } | undefined;
  #waiting: { resolve: (r: IteratorResult<T>) => void; reject: (e: unknown) => void } | undefined;

  constructor(options: BoundedQueueOptions<T>) {
    if (!Number.isInteger(options.capacity) || options.capacity < 1) {
      throw new RoomKitError("invalid_option", "capacity must be a whole number >= 1");
    }
    this.#capacity = options.capacity;
    this.#overflow = options.overflow ?? "drop-oldest";
    this.#onDrop = options.onDrop;
    this.#ring = new Array<T | undefined>(options.capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Items dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Adds an item; ignored after the end. Returns false when an item (this or another) was dropped for it. */
  push(item: T): boolean {
    if (this.#ended) return false;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ value: item, done: false });
      return true;
    }
    if (this.#size === this.#capacity) {
      if (this.#overflow === "throw") throw new RoomKitError("queue_full", `more than ${this.#capacity} items queued`);
      this.#dropped++;
      if (this.#overflow === "drop-newest") {
        this.#onDrop?.(item);
        return false;
      }
      const oldest = this.#take();
      this.#put(item);
      this.#onDrop?.(oldest);
      return false;
    }
    this.#put(item);
    return true;
  }

  /** No more items will come: the reader ends after the last one. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting?.resolve({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  /** Ends with an error, thrown to the reader after the items already queued. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#waiting) {
      this.#waiting.reject(error);
      this.#waiting = undefined;
    } else {
      this.#failure = { error };
    }
  }

  /** Drops everything queued and returns how many items that were. */
  clear(): number {
    const count = this.#size;
    while (this.#size > 0) this.#take();
    return count;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#size > 0) return Promise.resolve({ value: this.#take(), done: false });
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    if (this.#waiting) return Promise.reject(new RoomKitError("queue_busy", "a queue has one reader at a time"));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** The reader stops early: what is queued is dropped, later pushes are ignored. */
  return(): Promise<IteratorResult<T>> {
    this.end();
    this.clear();
    this.#failure = undefined;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Fails the queue with `aborted` when `signal` aborts, dropping what is queued, also when the producer has ended it already;
   * returns the function that stops watching.
   */
  abortOn(signal: AbortSignal): () => void {
    const onAbort = (): void => {
      const unread = this.clear() > 0 || this.#failure !== undefined;
      if (!this.#ended) this.fail(abortedError(signal));
      else if (unread) this.#failure = { error: abortedError(signal) };
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  }

  #put(item: T): void {
    this.#ring[(this.#head + this.#size) % this.#capacity] = item;
    this.#size++;
  }

  #take(): T {
    const item = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#capacity;
    this.#size--;
    return item;
  }
}
