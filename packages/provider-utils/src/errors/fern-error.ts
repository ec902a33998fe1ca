import { abortedError, RoomKitError } from "@roomkit/core";
import { tellingFetch } from "./asked-url.ts";
import { type HttpErrorContext, httpError } from "./http-error.ts";
import type { HeadersLike } from "./retry-after.ts";
import { type ErrorContext, toProviderError } from "./to-provider-error.ts";

/** A fetch that remembers what the last response began with. */
export interface WitnessedFetch {
  readonly fetch: typeof globalThis.fetch;
  /** Undefined until a response has come. */
  seen(): Pick<Response, "status" | "headers"> | undefined;
}

/** Wraps a fetch for one request: the SDKs made by Fern forget the status of a refusal whose body they cannot parse. */
export function witnessedFetch(given?: typeof globalThis.fetch): WitnessedFetch {
  const fetch = tellingFetch(given);
  let seen: Response | undefined;
  return {
    fetch: async (...request) => {
      seen = undefined;
      seen = await fetch(...request);
      return seen;
    },
    seen: () => seen,
  };
}

/**
 * One of our errors for what an SDK made by Fern (Deepgram's, ElevenLabs') threw: a refused request by its status, a connection that
 * failed by what lies below it; all else as {@link toProviderError}.
 *
 * @param seen what {@link witnessedFetch} saw.
 */
export function fernError(
  error: unknown,
  context: ErrorContext &
    Pick<HttpErrorContext, "clock" | "classify"> & { readonly seen?: ReturnType<WitnessedFetch["seen"]> | undefined },
): RoomKitError {
  const { provider, signal, clock, classify, seen } = context;
  if (signal?.aborted) return abortedError(signal);
  if (RoomKitError.is(error)) return error;
  const { statusCode, body, rawResponse, cause } = (error ?? {}) as {
    statusCode?: unknown;
    body?: unknown;
    rawResponse?: { headers?: HeadersLike | undefined } | undefined;
    cause?: unknown;
  };
  const status = typeof statusCode === "number" ? statusCode : seen?.status;
  if (status !== undefined && status >= 300) {
    const headers = seen?.headers ?? rawResponse?.headers;
    return httpError(status, headers, body, { provider, clock, classify, cause: error });
  }
  return toProviderError(cause ?? error, { provider, signal });
}
