import type { LogFields } from "../log/logger.ts";
import { RoomKitError } from "./error.ts";
import { defined } from "./options.ts";

/**
 * What a log says of an error, the same for every part and vendor: its `code`, the `provider` and the HTTP `status` of a vendor's failure,
 * the `name` of an error that is none of ours (or that one of ours was made of), and what the system calls it (`EADDRINUSE`). Never its message: that may quote the vendor, and the vendor what was said, or a key.
 */
export function errorFields(thrown: unknown): LogFields {
  const { code, details, cause } = RoomKitError.from(thrown);
  const { provider, status } = details;
  return defined({ code, provider, status, ...foreignFields(cause) });
}

function foreignFields(error: unknown): LogFields {
  if (RoomKitError.is(error) || !(error instanceof Error)) return {};
  const { code } = error as { readonly code?: unknown };
  const systemCode = typeof code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? { systemCode: code } : {};
  return { name: error.name, ...systemCode };
}
