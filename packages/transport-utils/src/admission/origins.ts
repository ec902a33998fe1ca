/** Which web pages may connect: exact origins (`https://app.example`), `"*"` for all, or a test of the origin. */
export type Origins = "*" | readonly string[] | ((origin: string) => boolean);

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether a request may come from the page it says it comes from; the guard against pages that use a visitor's cookies.
 * A client that is no browser sends no origin and passes. Without `origins`, a page must be of the server's own host, or both of
 * this machine.
 */
export function originAllowed(origin: string | undefined, host: string | undefined, origins?: Origins): boolean {
  if (origin === undefined || origins === "*") return true;
  if (typeof origins === "function") return origins(origin);
  if (origins) return origins.includes(origin);
  const page = urlOf(origin);
  const server = urlOf(`http://${host}`);
  if (!page || !server) return false;
  return page.host === server.host || (LOOPBACK.has(page.hostname) && LOOPBACK.has(server.hostname));
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
