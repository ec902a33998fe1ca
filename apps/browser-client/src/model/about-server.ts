/** Longest answer read, characters, and how many lines of it are shown. */
const MAX_CHARS = 65_536;
const MAX_LINES = 12;
const TIMEOUT_MS = 5_000;

/** What a server says of itself in `{path}/config`, as pairs of name and text; nothing when it does not or cannot be asked. */
export async function aboutServer(
  server: string,
  token: string,
  signal: AbortSignal,
  fetcher: typeof fetch = fetch,
): Promise<readonly (readonly [string, string])[]> {
  try {
    const response = await fetcher(`${server.replace(/\/+$/, "")}/config`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(token === "" ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
    if (!response.ok) return [];
    const text = await response.text();
    if (text.length > MAX_CHARS) return [];
    const { about } = JSON.parse(text) as { about?: unknown };
    if (typeof about !== "object" || about === null) return [];
    return Object.entries(about)
      .filter((line): line is [string, string] => typeof line[1] === "string")
      .slice(0, MAX_LINES);
  } catch {
    return [];
  }
}
