import { abortedError } from "../abort.ts";
import { VoiceClientError } from "../errors.ts";
import { bearerHeaders, endpoint, type TransportContext } from "./transport.ts";
import { unreachable, watchPolicy } from "./unreachable.ts";

/** What a mount offers, of `GET {path}/config`. */
export interface ServerConfig {
  readonly websocket: boolean;
  readonly webrtc: boolean;
  /** STUN and TURN servers for this client; their credentials may expire. */
  readonly iceServers: readonly RTCIceServer[];
  /** What answered is no RoomKit server, but for instance one that gives every address the same page. */
  readonly foreign?: boolean | undefined;
}

/** How long the question may take, ms. */
const TIMEOUT_MS = 3_000;

/**
 * Asks a mount what it offers. A server that does not say has a WebSocket and nothing else.
 *
 * @throws VoiceClientError `unauthorized`, `unknown_path`, `limit_reached`, `connection_failed`, `connection_timeout`,
 *   `origin_not_allowed`, `blocked_by_policy`, the server's code, or the signal's reason.
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
  const policy = watchPolicy();
  try {
    if (signal?.aborted) throw abortedError(signal);
    const headers = bearerHeaders(context.token);
    const response = await fetch(url, { headers, signal: abort.signal, cache: "no-store" });
    const body: unknown = await response.json().catch(() => undefined);
    const refused = statusError(response.status, body, context.url);
    if (refused) throw refused;
    return readConfig(body);
  } catch (cause) {
    if (signal?.aborted) throw abortedError(signal);
    if (cause instanceof VoiceClientError) throw cause;
    if (abort.signal.aborted) {
      const message = `no answer from ${context.url.host} within ${TIMEOUT_MS} ms`;
      throw new VoiceClientError("connection_timeout", message, { retryable: true, cause });
    }
    throw await unreachable(url, policy, abort.signal, cause);
  } finally {
    policy.stop();
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Whether there is certainly no server: nothing answers, or a proxy in its place. One that takes its time is there, and one
 * that refuses too.
 */
export async function serverGone(context: Pick<TransportContext, "url" | "query" | "token">): Promise<boolean> {
  return await fetchConfig(context).then(
    () => false,
    (error: unknown) => error instanceof VoiceClientError && error.code === "connection_failed" && error.retryable,
  );
}

/** What an HTTP status, and the code in the answer's body, mean for a call; undefined when it is no refusal. */
export function statusError(status: number, body: unknown, mount: URL): VoiceClientError | undefined {
  if (status < 400) return undefined;
  const { error } = (body ?? {}) as { error?: unknown };
  const said = typeof error === "string" && /^[a-z][a-z_]{2,40}$/.test(error) ? error : undefined;
  const message = `the server answered ${status}${said ? ` ${said}` : ""}`;
  if (status === 401 || status === 403) {
    // Without a code of ours it may be somebody in between who says so, and "auth_error" is a fault on the server: both may pass.
    const retryable = said === undefined || said === "auth_error";
    return new VoiceClientError(said ?? "unauthorized", message, { retryable });
  }
  if (status === 404) return new VoiceClientError("unknown_path", `nothing is mounted at ${mount.pathname}`);
  if (status === 429 || status === 503) {
    return new VoiceClientError(said ?? "limit_reached", message, { retryable: true });
  }
  return new VoiceClientError("connection_failed", message, { retryable: status >= 500 });
}

/** Something answers at the mount's address, and it is not RoomKit. */
export function foreignServer({ pathname }: URL): VoiceClientError {
  return new VoiceClientError("unknown_path", `${pathname} is answered by something else than RoomKit`);
}

function readConfig(body: unknown): ServerConfig {
  const none = { websocket: true, webrtc: false, iceServers: [] };
  if (typeof body !== "object" || body === null) return { ...none, foreign: true };
  const { endpoints, iceServers } = body as {
    endpoints?: Record<string, unknown> | undefined;
    iceServers?: RTCIceServer[] | undefined;
  };
  if (typeof endpoints !== "object" || endpoints === null) return none;
  return {
    websocket: typeof endpoints.websocket === "string",
    webrtc: typeof endpoints.webrtc === "string",
    iceServers: Array.isArray(iceServers) ? iceServers : [],
  };
}
