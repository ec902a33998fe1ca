import { CloseCode } from "@roomkit/protocol";

/** The WebSocket close code for the reason a connection ended with; the application's own reasons are a normal end. */
const codes = new Map<string, number>([
  ["draining", CloseCode.GOING_AWAY],
  ["backend_closed", CloseCode.GOING_AWAY],
  ["idle_timeout", CloseCode.POLICY],
  ["protocol_error", CloseCode.POLICY],
  ["rate_limited", CloseCode.POLICY],
  ["slow_consumer", CloseCode.SLOW_CONSUMER],
]);

export function closeCodeFor(reason: string): number {
  return codes.get(reason) ?? CloseCode.NORMAL;
}
