import { abortedError, RoomKitError, untilAborted, withTimeout } from "@roomkit/core";
import type { Candidate, FallbackSettings } from "./options.ts";

/** What one attempt is given. */
export interface Attempt<P> {
  readonly provider: P;
  /** Aborts with the caller's signal, and when the attempt is given up. */
  readonly signal: AbortSignal;
}

/**
 * Makes a stream out of one provider after the other. `open` begins an attempt, which may depend on what was yielded before;
 * an attempt that throws, or gives nothing in time, is followed by the next provider's.
 *
 * @param mayContinue asked after a failure whether another provider may go on from here.
 * @throws what the last attempt threw; `aborted`.
 */
export async function* attempts<P extends { readonly name: string }, T>(
  candidates: readonly Candidate<P>[],
  settings: FallbackSettings,
  signal: AbortSignal,
  open: (attempt: Attempt<P>) => AsyncIterable<T>,
  mayContinue: () => boolean = () => true,
): AsyncGenerator<T, void, undefined> {
  const admitted = candidates.filter(({ breaker }) => breaker.admit());
  // All left out: the first is asked all the same, for an error that says what is wrong.
  const order = admitted.length > 0 ? admitted : candidates.slice(0, 1);
  for (const [index, { provider, breaker }] of order.entries()) {
    let reported = false;
    try {
      yield* one(open, provider, settings, signal);
      breaker.succeeded();
      reported = true;
      for (const later of order.slice(index + 1)) later.breaker.released();
      return;
    } catch (thrown) {
      reported = true;
      if (signal.aborted) {
        for (const { breaker: waiting } of order.slice(index)) waiting.released();
        throw abortedError(signal);
      }
      breaker.failed();
      const error = RoomKitError.from(thrown, "provider_failed");
      const next = order[index + 1];
      if (!next || !mayContinue()) {
        for (const later of order.slice(index + 1)) later.breaker.released();
        throw error;
      }
      settings.onSwitch({ from: provider.name, to: next.provider.name, error });
    } finally {
      // The consumer stopped early: that says nothing about the provider.
      if (!reported) for (const { breaker: waiting } of order.slice(index)) waiting.released();
    }
  }
}

async function* one<P extends { readonly name: string }, T>(
  open: (attempt: Attempt<P>) => AsyncIterable<T>,
  provider: P,
  { firstByteMs, clock }: FallbackSettings,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const given = new AbortController();
  const onAbort = (): void => given.abort(signal.reason);
  if (signal.aborted) throw abortedError(signal);
  signal.addEventListener("abort", onAbort, { once: true });
  const iterator = open({ provider, signal: given.signal })[Symbol.asyncIterator]();
  let finished = false;
  try {
    let next = await withTimeout(iterator.next(), firstByteMs, {
      clock,
      signal,
      what: `the first answer of ${provider.name}`,
    });
    while (!next.done) {
      yield next.value;
      next = await untilAborted(iterator.next(), signal);
    }
    finished = true;
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!finished) {
      given.abort(new RoomKitError("aborted", `${provider.name} was given up`));
      Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }
}
