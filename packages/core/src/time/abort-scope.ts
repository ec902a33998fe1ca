import type { Unsubscribe } from "../events/emitter.ts";

/**
 * One node in a tree of things that can be cancelled: aborting it aborts everything below it. Unlike listeners on one
 * long-lived signal, thousands of short-lived children cost a long-lived parent nothing once they are released.
 */
export class AbortScope {
  readonly #controller: AbortController = new AbortController();
  readonly #children: Set<AbortScope> = new Set();
  readonly #release: Unsubscribe[] = [];

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted;
  }

  /** How many children have not been released: what a test counts. */
  get size(): number {
    return this.#children.size;
  }

  /** A scope that aborts with this one, or when one of `signals` does, or by itself. Release it when its work is over. */
  child(...signals: (AbortSignal | undefined)[]): AbortScope {
    const child = new AbortScope();
    if (this.aborted) {
      child.abort(this.signal.reason);
      return child;
    }
    this.#children.add(child);
    child.#release.push(() => this.#children.delete(child));
    for (const signal of signals) if (signal) child.#follow(signal);
    return child;
  }

  /** Aborts this scope and those below it; the first reason stays. */
  abort(reason?: unknown): void {
    if (this.aborted) return;
    this.#controller.abort(reason);
    for (const child of [...this.#children]) child.abort(reason);
    this.release();
  }

  /** Cuts it off from what is above; its signal stays as it is. Children keep following it. */
  release(): void {
    for (const release of this.#release.splice(0)) release();
  }

  #follow(signal: AbortSignal): void {
    if (signal.aborted) {
      this.abort(signal.reason);
      return;
    }
    const onAbort = (): void => this.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#release.push(() => signal.removeEventListener("abort", onAbort));
  }
}
