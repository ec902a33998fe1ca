/** Which web pages may connect: exact origins (`https://app.example`), `"*"` for all, or a test of the origin: `true`, at once, allows it. */
export type Origins = "*" | readonly string[] | ((origin: string) => boolean);

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Why a page may not connect. `host_missing`: nobody says which host was asked for, so that no page can be of it. */
export type OriginProblem = "origin_not_allowed" | "host_missing";

/**
 * Why a request may not come from the page it says it comes from, if so; the guard against pages that use a visitor's cookies.
 * A client that is no browser sends no origin and passes. Without `origins`, a page must be of the server's own host, or both of
 * this machine.
 */
export function originProblem(
  origin: string | undefined,
  host: string | undefined,
  origins?: Origins,
): OriginProblem | undefined {
  if (origin === undefined || origins === "*") return undefined;
  if (typeof origins === "function") {
    const answer: unknown = origins(origin);
    // A promise says nothing yet, whatever comes of it.
    if (answer instanceof Promise) answer.catch(() => {});
    return answer === true ? undefined : "origin_not_allowed";
  }
  if (origins) return origins.includes(origin) ? undefined : "origin_not_allowed";
  if (host === undefined) return "host_missing";
  const page = urlOf(origin);
  // In the page's scheme, so that a port that goes without saying there may be said here.
  const server = page && urlOf(`${page.protocol}//${host}`);
  if (!server) return "origin_not_allowed";
  const same = page.host === server.host || (LOOPBACK.has(page.hostname) && LOOPBACK.has(server.hostname));
  return same ? undefined : "origin_not_allowed";
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
