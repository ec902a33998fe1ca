/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

/**
 * A typed emitter: `Events` maps a name to the listener's argument. A listener that throws, or returns a promise that
 * rejects, is reported to the sink and harms nobody else. (The server's, in core, is not for browsers' bundles.)
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => unknown>>();
  readonly #onListenerError: (error: unknown, event: string) => void;

  constructor(onListenerError: (error: unknown, event: string) => void) {
    this.#onListenerError = onListenerError;
  }

  on<K extends keyof Events>(event: K, listener: (payload: Events[K]) => unknown): Unsubscribe {
    const entry = (payload: Events[K]): unknown => listener(payload);
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }

  emit<K extends keyof Events>(event: K, payload: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        const result = (listener as (payload: Events[K]) => unknown)(payload);
        if (result instanceof Promise) result.catch((error: unknown) => this.#onListenerError(error, String(event)));
      } catch (error) {
        this.#onListenerError(error, String(event));
      }
    }
  }
}
