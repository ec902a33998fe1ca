import { VoiceClientError } from "../errors.ts";
import { fetchConfig, foreignServer } from "./config.ts";
import type { TransportContext } from "./transport.ts";

/**
 * Finds out why a WebSocket was refused: browsers hide the HTTP answer. `{path}/config` stands behind the same
 * authentication and can be asked.
 */
export async function diagnose(
  context: Pick<TransportContext, "url" | "query" | "token">,
  signal: AbortSignal,
): Promise<VoiceClientError> {
  try {
    const { websocket, foreign } = await fetchConfig(context, signal);
    const path = context.url.pathname;
    if (foreign) return foreignServer(context.url);
    if (!websocket) return new VoiceClientError("unknown_path", `${path} has no WebSocket endpoint, only WebRTC`);
    const message = `the socket was refused, though ${path}/config answers`;
    return new VoiceClientError("connection_failed", message, { retryable: true });
  } catch (error) {
    return VoiceClientError.from(error, "connection_failed");
  }
}
