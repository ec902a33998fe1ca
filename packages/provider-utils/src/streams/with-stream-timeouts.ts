import { abortedError, type Clock, RoomKitError, systemClock, withTimeout } from "@roomkit/core";
import { ProviderError } from "../errors/provider-error.ts";
import { toProviderError } from "../errors/to-provider-error.ts";
import { linkedAbort } from "./linked-abort.ts";

export interface StreamTimeoutOptions {
  readonly provider: string;
  readonly signal: AbortSignal;
  /** Longest wait for the first item, from the call on, ms. 0: no limit. */
  readonly firstByteMs: number;
  /** Longest wait for each later item, counted only while the consumer waits for it, ms. 0: no limit. */
  readonly stallMs: number;
  readonly clock?: Clock | undefined;
  /** Makes one of our errors of what the stream throws. Default: {@link toProviderError}. */
  readonly mapError?: ((error: unknown) => RoomKitError) | undefined;
}

/**
 * Reads a stream but waits neither for its first item nor between items longer than allowed. `open` gets a signal that aborts
 * when the caller's does, when a time is up, and when the consumer stops early: what it opens must end with it, so that
 * nothing is left open in any of these cases.
 *
 * @throws ProviderError `timeout`; RoomKitError `aborted`; what the stream throws, as one of our errors.
 */
export async function* withStreamTimeouts<T>(
  open: (signal: AbortSignal) => AsyncIterable<T> | Promise<AsyncIterable<T>>,
  options: StreamTimeoutOptions,
): AsyncGenerator<T, void, undefined> {
  const { provider, signal } = options;
  if (signal.aborted) throw abortedError(signal);
  const linked = linkedAbort(signal);
  let iterator: AsyncIterator<T> | undefined;
  let finished = false;
  try {
    const first = async (): Promise<IteratorResult<T>> => {
      const opened = await open(linked.signal);
      iterator = opened[Symbol.asyncIterator]();
      // Opened too late: nobody waits for it any more.
      if (linked.signal.aborted) void iterator.return?.().catch(() => {});
      return await iterator.next();
    };
    let next = await inTime(first(), options.firstByteMs, "first answer", options);
    while (!next.done) {
      yield next.value;
      next = await inTime((iterator as unknown as AsyncIterator<T>).next(), options.stallMs, "further answer", options);
    }
    finished = true;
  } catch (error) {
    if (signal.aborted) throw abortedError(signal);
    throw options.mapError?.(error) ?? toProviderError(error, { provider });
  } finally {
    if (!finished) {
      linked.abort();
      // Not awaited: a source that is stuck must not keep us, the abort above is what ends it.
      Promise.resolve(iterator?.return?.()).catch(() => {});
    }
    linked.unlink();
  }
}

/** setTimeout's longest: 24.8 days stand for "no limit". */
const NO_LIMIT = 2 ** 31 - 1;

async function inTime<T>(promise: Promise<T>, ms: number, what: string, options: StreamTimeoutOptions): Promise<T> {
  const { provider, clock = systemClock, signal } = options;
  try {
    return await withTimeout(promise, ms > 0 ? ms : NO_LIMIT, { clock, signal });
  } catch (error) {
    if (!RoomKitError.is(error, "timeout")) throw error;
    throw new ProviderError("timeout", `${provider} sent no ${what} within ${ms} ms`, { provider });
  }
}
