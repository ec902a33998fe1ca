import { abortedError, type Clock, type RoomKitError } from "@roomkit/core";
import { httpError, kindOfVendorCode, ProviderError, readVendorError, toProviderError } from "@roomkit/provider-utils";

interface ApiCallError {
  readonly statusCode?: number | undefined;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly responseBody?: string | undefined;
  readonly data?: unknown;
}

/** One of our errors for what the AI SDK threw: its API errors by their status, all else by what it is. */
export function aiSdkError(
  thrown: unknown,
  context: { readonly provider: string; readonly signal?: AbortSignal | undefined; readonly clock?: Clock | undefined },
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
    // Refused by nobody: the connection failed before the answer, or broke off within it.
    const cause = (thrown as { cause?: unknown }).cause;
    const reason = cause === undefined ? undefined : toProviderError(cause, context);
    if (statusCode === undefined && !(ProviderError.is(reason) && reason.kind === "timeout")) {
      return new ProviderError("network", `no connection to ${provider}`, { provider, cause: thrown });
    }
    return (
      reason ??
      new ProviderError("protocol", `${provider} sent what the AI SDK does not understand`, { provider, cause: thrown })
    );
  }
  if (typeof thrown === "object" && thrown !== null && !(thrown instanceof Error)) return reported(thrown, provider);
  return toProviderError(thrown, context);
}

/** An error that came within the stream, as the vendor put it. */
function reported(error: object, provider: string): ProviderError {
  const { message = "an error within the stream", code } = readVendorError(error);
  return new ProviderError(kindOfVendorCode(code), `${provider}: ${message.slice(0, 300)}`, {
    provider,
    vendorCode: code,
    cause: error,
  });
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
