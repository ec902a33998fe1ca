import { abortedError } from "../errors/error.ts";
import { untilAborted } from "./until-aborted.ts";

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
  try {
    for (;;) {
      const following = iterator.next();
      // A source that throws has ended by that.
      following.catch(() => {
        ended = true;
      });
      const next = await untilAborted(following, signal);
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
      if (signal.aborted) throw abortedError(signal);
    }
  } finally {
    if (!ended) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
