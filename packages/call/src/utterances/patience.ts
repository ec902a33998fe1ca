import { afterSilence, type Clock, RoomKitError, untilAborted } from "@roomkit/core";

export interface PatienceOptions {
  readonly clock: Clock;
  /** Longest silence, ms. */
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Who is waited for, for the error. */
  readonly what: string;
  /** Whether it has anything to say; asked when the time is up. Default: always. */
  readonly owes?: (() => boolean) | undefined;
}

/**
 * What a source yields, as long as it shows signs of life. One that is deaf to its end is not waited for.
 *
 * @throws RoomKitError `timeout` when it was silent for too long, `aborted`, or what the source throws.
 */
export async function* withPatience<T>(
  source: AsyncIterable<T>,
  { clock, ms, signal, what, owes = () => true }: PatienceOptions,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const pending = Promise.resolve(iterator.next());
      let next: IteratorResult<T> | undefined;
      while (next === undefined) {
        next = await heard(pending, { clock, ms, signal });
        if (next === undefined && owes()) {
          throw new RoomKitError("timeout", `${what} took longer than ${ms} ms`, { retryable: true });
        }
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** What `pending` gives; undefined when that did not come for so long. @throws RoomKitError `aborted`, or what `pending` rejects with. */
async function heard<T>(
  pending: Promise<T>,
  { clock, ms, signal }: Pick<PatienceOptions, "clock" | "ms" | "signal">,
): Promise<T | undefined> {
  let cancel = (): void => {};
  const silence = new Promise<undefined>((resolve) => {
    cancel = afterSilence(clock, ms, () => resolve(undefined));
  });
  try {
    return await untilAborted(Promise.race([pending, silence]), signal);
  } finally {
    cancel();
  }
}
