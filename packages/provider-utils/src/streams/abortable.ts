import { abortedError } from "@roomkit/core";

/**
 * Reads `source` until it ends or `signal` aborts, even while it waits for an item. Always lets go of the source: with
 * `return()` on its iterator, which is not waited for.
 *
 * @throws what the source throws, unchanged; RoomKitError `aborted` (or what the signal was aborted with).
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  if (signal.aborted) throw abortedError(signal);
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  aborted.catch(() => {});
  try {
    for (;;) {
      const following = iterator.next();
      // A source that throws has ended by that; one that is late for the abort must not be unheard.
      following.catch(() => {
        ended = true;
      });
      const next = await Promise.race([following, aborted]);
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
      if (signal.aborted) throw abortedError(signal);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** The same stream, of which the first item is asked for at once, before anybody reads. */
export function eager<T>(stream: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = stream[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<T>> | undefined = iterator.next();
  first.catch(() => {});
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const next = first ?? iterator.next();
        first = undefined;
        return next;
      },
      return: async () => (await iterator.return?.()) ?? { value: undefined, done: true },
    }),
  };
}
