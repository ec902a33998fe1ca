/** A controller of our own that also aborts when the caller's signal does. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Stops watching the caller's signal. Without it a signal that outlives many operations would keep all of them. */
  unlink(): void;
}

/**
 * Links a new AbortController to `parent`. (AbortSignal.any would do the same but cannot be unlinked, and leaks in Node 20
 * when the parent lives long.)
 */
export function linkedAbort(parent: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) onAbort();
  else parent?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent?.removeEventListener("abort", onAbort),
  };
}
