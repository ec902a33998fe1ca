import { abortedError, RoomKitError } from "@roomkit/core";
import { type HttpErrorContext, httpError, readVendorError } from "./http-error.ts";
import { ProviderError, type ProviderErrorKind } from "./provider-error.ts";
import { type HeadersLike, header } from "./retry-after.ts";
import { type ErrorContext, toProviderError } from "./to-provider-error.ts";

/** What the SDKs that are made by Stainless (Anthropic's, OpenAI's) throw: `APIError` and what is derived from it. */
interface ApiError {
  readonly status: number | undefined;
  readonly headers: HeadersLike | undefined;
  /** The body, or the part of it that is the error. */
  readonly error: unknown;
  readonly message: string;
}

/**
 * One of our errors for what an SDK threw: a refused request by its status, an error that came within a stream by the vendor's
 * name for it, a connection that failed as `network`; all else as {@link toProviderError}.
 */
export function sdkError(
  error: unknown,
  context: ErrorContext & Pick<HttpErrorContext, "clock" | "classify">,
): RoomKitError {
  const { provider, signal } = context;
  if (signal?.aborted) return abortedError(signal);
  if (RoomKitError.is(error) || !isApiError(error)) return toProviderError(error, context);
  if (typeof error.status === "number") {
    const { clock, classify } = context;
    return httpError(error.status, error.headers, error.error, { provider, clock, classify, cause: error });
  }
  if (error.error === undefined && error.headers === undefined) {
    const mapped = toProviderError(error, context);
    const recognised = ProviderError.is(mapped) && mapped.kind !== "protocol";
    if (recognised) return mapped;
    const timedOut = /timed out/i.test(error.message);
    return new ProviderError(timedOut ? "timeout" : "network", `no connection to ${provider}`, {
      provider,
      cause: error,
    });
  }
  const { message = "an error within the stream", code } = readVendorError(error.error);
  return new ProviderError(kindOfVendorCode(code), `${provider}: ${message.slice(0, 300)}`, {
    provider,
    vendorCode: code,
    requestId: ["request-id", "x-request-id"].map((name) => header(error.headers, name)).find((id) => id),
    cause: error,
  });
}

/** The kind of a vendor's own name for a failure (`overloaded_error`, `rate_limit_exceeded`), where there is no status. */
export function kindOfVendorCode(code = ""): ProviderErrorKind {
  if (/overloaded|unavailable/i.test(code)) return "overloaded";
  if (/quota|billing|credit/i.test(code)) return "quota";
  if (/rate_limit|too_many|resource_exhausted/i.test(code)) return "rate_limit";
  if (/auth|api_key|permission|forbidden/i.test(code)) return "auth";
  if (/timeout|timed_out|deadline/i.test(code)) return "timeout";
  if (/invalid|not_found|too_large|context_length|unsupported|policy/i.test(code)) return "invalid_request";
  return "server";
}

function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && "status" in error && "headers" in error && "error" in error;
}
