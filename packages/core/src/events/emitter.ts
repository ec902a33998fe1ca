import { isThenable } from "./thenable.ts";

/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

/** Hears of listeners that threw or rejected. */
export type ListenerErrorSink = (error: unknown, event: string) => void;

interface Entry {
  readonly call: (payload: never) => unknown;
  removed: boolean;
}

/**
 * A typed emitter for the life of a session. `Events` maps a name to the listener's argument. A listener that throws, or
 * returns a promise that rejects, is reported to the sink and harms neither the emitter nor the other listeners; an
 * `error` event nobody hears is not fatal.
 */
export class Emitter<Events extends object> {
  /** A list is replaced, never changed: whoever calls through it needs no copy. */
  readonly #listeners = new Map<keyof Events, readonly Entry[]>();
  readonly #onListenerError: ListenerErrorSink;

  constructor(onListenerError: ListenerErrorSink = () => {}) {
    this.#onListenerError = onListenerError;
  }

  /** Adds a listener; returns the function that removes it. */
  on<K extends keyof Events>(event: K, listener: (payload: Events[K]) => unknown): Unsubscribe {
    // An entry of its own, so that adding one function twice gives two subscriptions that end separately.
    const entry: Entry = { call: listener as (payload: never) => unknown, removed: false };
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), entry]);
    return () => {
      if (entry.removed) return;
      entry.removed = true;
      const left = (this.#listeners.get(event) ?? []).filter((other) => other !== entry);
      this.#listeners.set(event, left);
    };
  }

  /** Calls the listeners of `event` in the order they were added, synchronously. */
  emit<K extends keyof Events>(event: K, payload: Events[K]): void {
    const entries = this.#listeners.get(event);
    if (!entries) return;
    for (const entry of entries) {
      // Removed by one of those before it.
      if (entry.removed) continue;
      try {
        const result = entry.call(payload as never);
        if (isThenable(result)) result.then(undefined, (error: unknown) => this.#report(error, String(event)));
      } catch (error) {
        this.#report(error, String(event));
      }
    }
  }

  /** How many listeners `event` has, or all events together. */
  listenerCount(event?: keyof Events): number {
    if (event !== undefined) return this.#listeners.get(event)?.length ?? 0;
    let count = 0;
    for (const entries of this.#listeners.values()) count += entries.length;
    return count;
  }

  /** Removes every listener, also for an emit that is under way. */
  clear(): void {
    for (const entries of this.#listeners.values()) for (const entry of entries) entry.removed = true;
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
