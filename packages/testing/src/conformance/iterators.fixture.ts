import { abortedError, BoundedQueue } from "@roomkit/core";

/** Takes everything there is, whether it is wanted or not. */
export function greedy<T>(source: AsyncIterator<T>, signal: AbortSignal): AsyncIterator<T> {
  const queue = new BoundedQueue<T>({ capacity: 100_000 });
  void (async () => {
    for (let next = await source.next(); !next.done && !signal.aborted; next = await source.next()) {
      queue.push(next.value);
    }
    queue.end();
    await source.return?.();
  })();
  return queue;
}

/** The next item, or `aborted` at once, also while none comes. */
export function nextOrAbort<T>(source: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T>> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    source
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}
