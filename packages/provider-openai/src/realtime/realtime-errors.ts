import { kindOfVendorCode, ProviderError } from "@roomkit/provider-utils";
import { NAME } from "../connection/connection.ts";

interface Reported {
  readonly code?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly message?: string | null | undefined;
}

/** What the vendor reports within a session. */
export function reportedError({ code, type, message }: Reported): ProviderError {
  const vendorCode = code ?? type ?? undefined;
  // The connection has reached the vendor's limit; another one goes on.
  const kind = vendorCode === "session_expired" ? "network" : kindOfVendorCode(vendorCode);
  return new ProviderError(kind, `${NAME}: ${(message ?? "an error").slice(0, 300)}`, { provider: NAME, vendorCode });
}

/** After these nothing in the session works any more. */
export function endsSession({ kind, vendorCode }: ProviderError): boolean {
  return kind === "auth" || kind === "quota" || vendorCode === "session_expired";
}
