import {
  AbortScope,
  type AIOptions,
  type AIPart,
  type AIProvider,
  type AIRequest,
  abortedError,
  type Clock,
  type ModelPart,
  RoomKitError,
  withTimeout,
} from "@roomkit/core";

/** How long a provider that was told to stop is waited for. */
export const STOP_TIMEOUT_MS = 1_000;

export interface ModelStreamOptions extends AIOptions {
  readonly clock: Clock;
  /** See `AIChannelOptions`. */
  readonly firstTokenTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

/**
 * One call of a model, held to the contract: ends after its one `finish`, and everything else (an `error` part, an early end, a
 * throw, silence) is thrown. However it ends, the provider's iterator has been told to stop and was given a moment to do so.
 *
 * @throws RoomKitError `aborted`, `timeout`, `provider_incomplete`, or the provider's own code; `provider_error` for what is no RoomKitError.
 */
export async function* streamModel(
  provider: AIProvider,
  request: AIRequest,
  options: ModelStreamOptions,
): AsyncGenerator<ModelPart> {
  const { signal, clock } = options;
  if (signal.aborted) throw abortedError(signal);
  const scope = new AbortScope().child(signal);
  let iterator: AsyncIterator<AIPart> | undefined;
  let finished = false;
  try {
    const stream = provider.generate(request, { signal: scope.signal, onFallback: options.onFallback });
    iterator = iteratorOf(stream, provider.name);
    let waitMs = options.firstTokenTimeoutMs;
    while (!finished) {
      const step = await withTimeout(iterator.next(), waitMs, {
        clock,
        signal,
        what: `the next part from ${provider.name}`,
      });
      if (step.done) {
        throw new RoomKitError("provider_incomplete", `${provider.name} ended without finishing`, { retryable: true });
      }
      assertPart(step.value, provider.name);
      if (step.value.type === "error") throw step.value.error;
      finished = step.value.type === "finish";
      waitMs = options.stallTimeoutMs;
      yield step.value;
    }
  } catch (error) {
    if (signal.aborted) throw abortedError(signal);
    throw RoomKitError.from(error, "provider_error");
  } finally {
    if (!finished) scope.abort(abortedError(signal));
    await stop(iterator, clock);
    // A provider that goes on after its own end is cut off too.
    scope.abort(abortedError(signal));
  }
}

/** @throws RoomKitError `provider_error`. */
function iteratorOf(stream: AsyncIterable<AIPart>, name: string): AsyncIterator<AIPart> {
  const given: unknown = stream;
  if (given instanceof Promise) {
    given.catch(() => {});
    throw new RoomKitError(
      "provider_error",
      `generate of ${name} gave a promise, not an async iterable: make it async *`,
    );
  }
  if (typeof stream?.[Symbol.asyncIterator] !== "function")
    throw new RoomKitError("provider_error", `generate of ${name} gave no async iterable`);
  return stream[Symbol.asyncIterator]();
}

/** What each part must have, as strings. */
const PARTS: Readonly<Record<AIPart["type"], readonly string[]>> = {
  "text-delta": ["text"],
  "reasoning-delta": ["text"],
  "tool-call": ["id", "name"],
  finish: ["reason"],
  error: [],
};

/** A provider need not be written in TypeScript. @throws RoomKitError `provider_error`. */
function assertPart(part: unknown, name: string): void {
  const bad = (what: string): RoomKitError => new RoomKitError("provider_error", `${name} yielded ${what}`);
  if (typeof part !== "object" || part === null)
    throw bad(`${part === null ? "null" : `a value of the type ${typeof part}`}, not a part`);
  const { type, ...fields } = part as Readonly<Record<string, unknown>>;
  const needed = typeof type === "string" && Object.hasOwn(PARTS, type) ? PARTS[type as AIPart["type"]] : undefined;
  if (!needed) throw bad(`a part whose type is none of ${Object.keys(PARTS).join(", ")}`);
  const missing = needed.find((field) => typeof fields[field] !== "string");
  if (missing) throw bad(`a part ${type} whose ${missing} is no string`);
}

async function stop(iterator: AsyncIterator<AIPart> | undefined, clock: Clock): Promise<void> {
  try {
    const returned = Promise.resolve(iterator?.return?.());
    await withTimeout(returned, STOP_TIMEOUT_MS, { clock, what: "stopping the provider" });
  } catch {
    // It had its chance; what it says now changes nothing.
  }
}
