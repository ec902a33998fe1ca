import { abortedError } from "../abort.ts";
import { VoiceClientError } from "../errors.ts";
import { bearerHeaders, endpoint, type TransportContext } from "./transport.ts";

/** What a mount offers, of `GET {path}/config`. */
export interface ServerConfig {
  readonly websocket: boolean;
  readonly webrtc: boolean;
  /** STUN and TURN servers for this client; their credentials may expire. */
  readonly iceServers: readonly RTCIceServer[];
}

/** How long the question may take, ms. */
const TIMEOUT_MS = 3_000;

/**
 * Asks a mount what it offers. A server that does not say has a WebSocket and nothing else.
 *
 * @throws VoiceClientError `unauthorized`, `unknown_path`, `limit_reached`, `connection_failed`, or the signal's reason.
 */
export async function fetchConfig(
  context: Pick<TransportContext, "url" | "query" | "token">,
  signal?: AbortSignal,
): Promise<ServerConfig> {
  const url = endpoint(context, "/config");
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  const onAbort = (): void => abort.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal?.aborted) throw abortedError(signal);
    const headers = bearerHeaders(context.token);
    const response = await fetch(url, { headers, signal: abort.signal, cache: "no-store" });
    const refused = statusError(response.status, context.url);
    if (refused) {
      // The answer itself is of no interest.
      void response.body?.cancel().catch(() => {});
      throw refused;
    }
    return readConfig(await response.json().catch(() => undefined));
  } catch (cause) {
    if (signal?.aborted) throw abortedError(signal);
    if (cause instanceof VoiceClientError) throw cause;
    const message = `${context.url.host} cannot be reached`;
    throw new VoiceClientError("connection_failed", message, { retryable: true, cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** What an HTTP status means for a call; undefined when it is no refusal. */
export function statusError(status: number, mount: URL): VoiceClientError | undefined {
  if (status < 400) return undefined;
  const message = `the server answered ${status}`;
  if (status === 401 || status === 403) return new VoiceClientError("unauthorized", message);
  if (status === 404) return new VoiceClientError("unknown_path", `nothing is mounted at ${mount.pathname}`);
  if (status === 429 || status === 503) return new VoiceClientError("limit_reached", message, { retryable: true });
  return new VoiceClientError("connection_failed", message, { retryable: status >= 500 });
}

function readConfig(body: unknown): ServerConfig {
  const { endpoints, iceServers } = (body ?? {}) as {
    endpoints?: Record<string, unknown>;
    iceServers?: RTCIceServer[];
  };
  if (typeof endpoints !== "object" || endpoints === null) return { websocket: true, webrtc: false, iceServers: [] };
  return {
    websocket: typeof endpoints.websocket === "string",
    webrtc: typeof endpoints.webrtc === "string",
    iceServers: Array.isArray(iceServers) ? iceServers : [],
  };
}
