import { CloseCode } from "@roomkit/protocol";
import { VoiceClientError } from "../errors.ts";
import type { TransportClose } from "./transport.ts";

/** Close codes after which connecting again is pointless, with our code for each. */
const final: { readonly [code: number]: string } = {
  [CloseCode.NORMAL]: "server_closed",
  [CloseCode.POLICY]: "protocol_error",
  [CloseCode.TOO_BIG]: "protocol_error",
  [CloseCode.UNAUTHORIZED]: "unauthorized",
  [CloseCode.REFUSED]: "refused",
  [CloseCode.UNKNOWN_SESSION]: "session_expired",
  [CloseCode.CONFLICT]: "protocol_error",
  [CloseCode.RESUMED_ELSEWHERE]: "resumed_elsewhere",
};

/** What a WebSocket's close event means. */
export function describeClose(event: { readonly code: number; readonly reason: string }): TransportClose {
  const code = final[event.code];
  const message = `the server closed the connection (${event.code}${event.reason ? ` ${event.reason}` : ""})`;
  if (code !== undefined) return { code: namedReason(event) ?? code, message, retryable: false };
  if (event.code === CloseCode.LIMIT_REACHED) return { code: "limit_reached", message, retryable: true };
  return { code: "connection_lost", message, retryable: true };
}

/** A policy close says in its reason which rule was broken, e.g. `idle_timeout`; a refusal why. */
function namedReason({ code, reason }: { readonly code: number; readonly reason: string }): string | undefined {
  const names = code === CloseCode.POLICY || code === CloseCode.NORMAL || code === CloseCode.REFUSED;
  return names && /^[a-z][a-z0-9_]{0,40}$/.test(reason) ? reason : undefined;
}

/** The same as an error, for a connection that never was. */
export function closeError(close: TransportClose): VoiceClientError {
  return new VoiceClientError(close.code, close.message, { retryable: close.retryable });
}

/** Codes that say that the session to be resumed is not there any more. */
export const expiredCodes: ReadonlySet<string> = new Set([
  "session_expired",
  "unknown_session",
  "resume_expired",
  "invalid_resume",
]);
