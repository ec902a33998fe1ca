import { VoiceClientError } from "../errors.ts";

/** How long the question after the cause may take, ms. */
const TIMEOUT_MS = 3_000;

/**
 * Finds out why a WebSocket was refused: browsers hide the HTTP answer. `{path}/config` stands behind the same
 * authentication and can be asked.
 */
export async function diagnose(base: URL, query: ReadonlyMap<string, string>): Promise<VoiceClientError> {
  const url = endpoint(base, "/config", query);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
    // The answer itself is of no interest.
    void response.body?.cancel().catch(() => {});
    const { status } = response;
    if (status === 401 || status === 403) return new VoiceClientError("unauthorized", `the server answered ${status}`);
    if (status === 404) return new VoiceClientError("unknown_path", `nothing is mounted at ${base.pathname}`);
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
    return new VoiceClientError("connection_failed", `${base.host} cannot be reached`, { retryable: true, cause });
  }
}

/** The address of an endpoint of a mount. */
export function endpoint(base: URL, path: string, query: ReadonlyMap<string, string>): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}${path}`;
  for (const [name, value] of query) url.searchParams.set(name, value);
  return url;
}
