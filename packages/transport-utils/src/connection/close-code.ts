import type { CloseReason } from "@roomkit/core";
import { type ByeMessage, CloseCode } from "@roomkit/protocol";

const codes = new Map<string, CloseCode>([
  ["draining", CloseCode.GOING_AWAY],
  ["backend_closed", CloseCode.GOING_AWAY],
  ["idle_timeout", CloseCode.POLICY],
  ["protocol_error", CloseCode.POLICY],
  ["rate_limited", CloseCode.POLICY],
  ["slow_consumer", CloseCode.SLOW_CONSUMER],
  ["client_lost", CloseCode.SERVER_ERROR],
  ["internal", CloseCode.SERVER_ERROR],
  ["accept_timeout", CloseCode.SERVER_ERROR],
  ["not_joined", CloseCode.SERVER_ERROR],
  ["resume_expired", CloseCode.UNKNOWN_SESSION],
]);

/** Why connections end when their server does. */
export const DRAINING: CloseReason = { code: "draining", message: "the server is shutting down" };

/** The code that a WebSocket is closed with for the reason its connection ends: an error's, or a normal end, as the application's own reasons are. */
export function closeCodeFor({ code, failed }: CloseReason): CloseCode {
  return codes.get(code) ?? (failed ? CloseCode.SERVER_ERROR : CloseCode.NORMAL);
}

/** The farewell of a v1 connection. When the server drains, its client is to come back: another may answer. */
export function byeFor(reason: CloseReason): ByeMessage {
  return { type: "bye", reason: reason.code, resumable: reason.code === "draining", code: closeCodeFor(reason) };
}
