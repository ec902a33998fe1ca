/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

/** Hears of listeners that threw or rejected. */
export type ListenerErrorSink = (error: unknown, event: string) => void;

/**
 * A typed emitter for the life of a session. `Events` maps a name to the listener's argument. A listener that throws, or
 * returns a promise that rejects, is reported to the sink and harms neither the emitter nor the other listeners; an
 * `error` event nobody hears is not fatal.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => unknown>>();
  readonly #onListenerError: ListenerErrorSink;

  constructor(onListenerError: ListenerErrorSink = () => {}) {
    this.#onListenerError = onListenerError;
  }

  /** Adds a listener; returns the function that removes it. */
  on<K extends keyof Events>(event: K, listener: (payload: Events[K]) => unknown): Unsubscribe {
    const set = this.#listeners.get(event) ?? new Set<(payload: never) => unknown>();
    this.#listeners.set(event, set);
    // Wrapped, so that adding one function twice gives two subscriptions that end separately.
    const entry = (payload: Events[K]): unknown => listener(payload);
    set.add(entry as (payload: never) => unknown);
    return () => {
      set.delete(entry as (payload: never) => unknown);
    };
  }

  /** Calls the listeners of `event` in the order they were added, synchronously. */
  emit<K extends keyof Events>(event: K, payload: Events[K]): void {
    const set = this.#listeners.get(event);
    if (!set || set.size === 0) return;
    for (const listener of [...set]) {
      // Removed by one of those before it.
      if (!set.has(listener)) continue;
      try {
        const result = (listener as (payload: Events[K]) => unknown)(payload);
        if (isThenable(result)) result.then(undefined, (error: unknown) => this.#report(error, String(event)));
      } catch (error) {
        this.#report(error, String(event));
      }
    }
  }

  /** How many listeners `event` has, or all events together. */
  listenerCount(event?: keyof Events): number {
    if (event !== undefined) return this.#listeners.get(event)?.size ?? 0;
    let count = 0;
    for (const set of this.#listeners.values()) count += set.size;
    return count;
  }

  /** Removes every listener, also for an emit that is under way. */
  clear(): void {
    for (const set of this.#listeners.values()) set.clear();
    this.#listeners.clear();
  }

  #report(error: unknown, event: string): void {
    try {
      this.#onListenerError(error, event);
    } catch {
      // Whoever cannot even hear of an error must not become one for the others.
    }
  }
}

/** Any promise, also one of another realm or library. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
