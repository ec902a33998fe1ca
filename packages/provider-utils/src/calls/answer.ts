import { type AIPart, abortedError } from "@roomkit/core";
import { ProviderError } from "../errors/provider-error.ts";
import { toProviderError } from "../errors/to-provider-error.ts";

export interface AnswerContext {
  readonly provider: string;
  /** The caller's own signal. */
  readonly signal: AbortSignal;
}

/**
 * Holds a model's stream to its contract: whatever `parts` does, what comes out ends with exactly one `finish` or one `error`,
 * or throws `aborted` when the caller aborted. A stream that just stops ends with an error.
 */
export async function* answer(
  parts: AsyncIterable<AIPart>,
  { provider, signal }: AnswerContext,
): AsyncGenerator<AIPart, void, undefined> {
  try {
    for await (const part of parts) {
      if (signal.aborted) throw abortedError(signal);
      yield part;
      if (part.type === "finish" || part.type === "error") return;
    }
    throw incomplete(provider);
  } catch (error) {
    if (signal.aborted) throw abortedError(signal);
    yield { type: "error", error: toProviderError(error, { provider }) };
  }
}

/**
 * The parts that `read` makes of a vendor's events, up to `finish`. Most SDKs end their stream without a word when the connection
 * does, so one that ends before is an error.
 *
 * @throws ProviderError `protocol`; what the events and `read` throw.
 */
export async function* readAnswer<T>(
  events: AsyncIterable<T>,
  read: (event: T) => AIPart | undefined,
  provider: string,
): AsyncGenerator<AIPart, void, undefined> {
  for await (const event of events) {
    const part = read(event);
    if (part) yield part;
    if (part?.type === "finish") return;
  }
  throw incomplete(provider);
}

/** The error of an answer that stopped without having been completed. May be tried again. */
export function incomplete(provider: string): ProviderError {
  return new ProviderError("protocol", `the answer of ${provider} stopped before it was complete`, {
    provider,
    vendorCode: "incomplete",
    retryable: true,
  });
}

/** Arguments as the contract has them, from the JSON a model wrote; none at all is an empty object. */
export function parseToolArguments(json: string, tool: string, provider: string): unknown {
  try {
    return json.trim() === "" ? {} : JSON.parse(json);
  } catch {
    // The text itself may hold what a caller said, so it is not shown.
    throw new ProviderError("protocol", `the arguments for ${tool} are not JSON (${json.length} characters)`, {
      provider,
      vendorCode: "invalid_tool_arguments",
      retryable: true,
    });
  }
}
