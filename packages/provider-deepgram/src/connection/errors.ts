import { kindOfVendorCode, ProviderError, type ProviderErrorKind } from "@roomkit/provider-utils";
import { NAME } from "./options.ts";

/** The vendor's own reasons for closing. */
export function classifyClose(_code: number, reason: string): ProviderErrorKind | undefined {
  // No audio came in time: of the connection's own making, and a new one may do.
  if (/net-?0001/i.test(reason)) return "timeout";
  if (/net-?0000/i.test(reason)) return "server";
  if (/data-?0000/i.test(reason)) return "invalid_request";
  return undefined;
}

/** The error of an `Error` message within a stream: `code` and `description` (v2), `variant` and `message` (v1). */
export function streamError(message: {
  readonly code?: unknown;
  readonly variant?: unknown;
  readonly description?: unknown;
  readonly message?: unknown;
}): ProviderError {
  const code = [message.code, message.variant].find((value) => typeof value === "string") as string | undefined;
  const said = [message.description, message.message].find((value) => typeof value === "string") as string | undefined;
  const kind = /UNPARSABLE|BAD_REQUEST/i.test(code ?? "") ? "invalid_request" : kindOfVendorCode(code);
  return new ProviderError(kind, `${NAME}: ${(said ?? "an error within the stream").slice(0, 300)}`, {
    provider: NAME,
    vendorCode: code,
  });
}
