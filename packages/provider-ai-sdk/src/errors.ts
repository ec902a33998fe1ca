import { abortedError, type Clock, type RoomKitError } from "@roomkit/core";
import { httpError, ProviderError, toProviderError } from "@roomkit/provider-utils";

interface ApiCallError {
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  readonly data?: unknown;
}

/** One of our errors for what the AI SDK threw: its API errors by their status, all else by what it is. */
export function aiSdkError(
  thrown: unknown,
  context: { readonly provider: string; readonly signal?: AbortSignal; readonly clock?: Clock | undefined },
): RoomKitError {
  const { provider, signal, clock } = context;
  if (signal?.aborted) return abortedError(signal);
  if (isApiCallError(thrown)) {
    const { statusCode, responseHeaders, responseBody } = thrown;
    if (statusCode !== undefined && statusCode >= 400) {
      return httpError(statusCode, responseHeaders, bodyOf(thrown.data ?? responseBody), {
        provider,
        clock,
        cause: thrown,
      });
    }
    if (statusCode !== undefined)
      return new ProviderError("protocol", `${provider} sent what the AI SDK does not understand`, {
        provider,
        cause: thrown,
      });
    // Without a status it never reached the vendor.
    return new ProviderError("network", `no connection to ${provider}`, { provider, cause: thrown });
  }
  return toProviderError(thrown, context);
}

function isApiCallError(error: unknown): error is ApiCallError {
  return error instanceof Error && error.name === "AI_APICallError";
}

function bodyOf(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
