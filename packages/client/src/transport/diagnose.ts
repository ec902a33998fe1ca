import { VoiceClientError } from "../errors.ts";
import { bearerHeaders, endpoint, type TransportContext } from "./transport.ts";

/** How long the question after the cause may take, ms. */
const TIMEOUT_MS = 3_000;

/**
 * Finds out why a WebSocket was refused: browsers hide the HTTP answer. `{path}/config` stands behind the same
 * authentication and can be asked.
 */
export async function diagnose(context: Pick<TransportContext, "url" | "query" | "token">): Promise<VoiceClientError> {
  const url = endpoint(context, "/config");
  const headers = bearerHeaders(context.token);
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
    // The answer itself is of no interest.
    void response.body?.cancel().catch(() => {});
    const { status } = response;
    if (status === 401 || status === 403) return new VoiceClientError("unauthorized", `the server answered ${status}`);
    if (status === 404) return new VoiceClientError("unknown_path", `nothing is mounted at ${context.url.pathname}`);
    if (status === 429 || status === 503) {
      return new VoiceClientError("limit_reached", `the server answered ${status}`, { retryable: true });
    }
    return new VoiceClientError(
      "connection_failed",
      `the socket was refused, though ${url.pathname} answers ${status}`,
      {
        retryable: true,
      },
    );
  } catch (cause) {
    return new VoiceClientError("connection_failed", `${context.url.host} cannot be reached`, {
      retryable: true,
      cause,
    });
  }
}
