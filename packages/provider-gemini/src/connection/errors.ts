import type { Clock, RoomKitError } from "@roomkit/core";
import {
  httpError,
  ProviderError,
  type ProviderErrorKind,
  toProviderError,
  type VendorError,
} from "@roomkit/provider-utils";
import { NAME } from "./name.ts";

/** One of our errors for what the SDK threw: its `ApiError` has the status, and the body as the message. */
export function geminiError(error: unknown, clock: Clock | undefined): RoomKitError {
  const { name, status, message } = error as { name?: unknown; status?: unknown; message?: unknown };
  if (name !== "ApiError" || typeof status !== "number") return toProviderError(error, { provider: NAME });
  const body = String(message);
  // It asks for patience in the body, not in a header.
  const delay = /"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/.exec(body)?.[1];
  const headers = delay === undefined ? undefined : { "retry-after": delay };
  return httpError(status, headers, body, { provider: NAME, clock, classify, cause: error });
}

/** A refusal that is a page instead of JSON: the SDK fails to parse it, and forgets the status. Something on the way made it. */
export function refusedUnread(error: unknown): unknown {
  if (!(error instanceof SyntaxError)) return error;
  return new ProviderError("server", `${NAME} refused with what is not JSON`, { provider: NAME, cause: error });
}

/** A wrong key comes as 400. */
function classify(status: number, { message = "" }: VendorError): ProviderErrorKind | undefined {
  return status === 400 && /api key/i.test(message) ? "auth" : undefined;
}
