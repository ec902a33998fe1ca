import { incomplete, retry, withStreamTimeouts } from "@roomkit/provider-utils";
import { aiSdkError } from "./errors.ts";
import type { AiSdkOptions } from "./options.ts";

/**
 * What a model answers whole, within the time limit; tried again where that helps.
 *
 * @throws ProviderError; RoomKitError `aborted`.
 */
export function request<T>(
  generate: (signal: AbortSignal) => Promise<T>,
  { clock, firstByteMs = 10_000, ...options }: AiSdkOptions,
  { provider, signal }: { readonly provider: string; readonly signal: AbortSignal },
): Promise<T> {
  const mapError = (error: unknown) => aiSdkError(error, { provider, clock });
  const attempt = async (): Promise<T> => {
    const answers = withStreamTimeouts(
      async function* (inner) {
        yield await generate(inner);
      },
      { provider, signal, firstByteMs, stallMs: 0, clock, mapError },
    );
    for await (const answered of answers) return answered;
    throw incomplete(provider);
  };
  return retry(attempt, { ...options.retry, signal, clock });
}
