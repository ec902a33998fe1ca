/** One value that others follow: what `useSyncExternalStore` asks for. */
export class Cell<T> {
  /** What it was made with: what a server renders, and a browser while it takes that over. */
  readonly initial: T;
  #value: T;
  readonly #followers = new Set<() => void>();

  constructor(initial: T) {
    this.initial = this.#value = initial;
  }

  get followed(): boolean {
    return this.#followers.size > 0;
  }

  readonly get = (): T => this.#value;

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const follower of [...this.#followers]) follower();
  }

  readonly subscribe = (follower: () => void): (() => void) => {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  };
}

/** One that takes values as often as they come, and tells those who follow it at most once for each picture that is drawn. */
export class FrameCell<T> extends Cell<T> {
  #next: T | undefined;
  #waiting = false;

  push(value: T): void {
    this.#next = value;
    if (!this.followed || typeof requestAnimationFrame === "undefined") this.set(value);
    else if (!this.#waiting) {
      this.#waiting = true;
      requestAnimationFrame(() => {
        this.#waiting = false;
        this.set(this.#next as T);
      });
    }
  }

  /** Sets `value` at once; what waited is forgotten. */
  settle(value: T): void {
    this.#next = value;
    this.set(value);
  }
}
