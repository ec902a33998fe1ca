/** Time, passed in so that tests need not wait. Core's `Clock` fits. */
export interface ClientClock {
  /** Monotonic ms. */
  now(): number;
  /** Calls `handler` once, `ms` from now; returns the function that cancels that. */
  setTimeout(handler: () => void, ms: number): () => void;
}

export const browserClock: ClientClock = {
  now: () => performance.now(),
  setTimeout(handler, ms) {
    const timer = setTimeout(handler, ms);
    return () => clearTimeout(timer);
  },
};
