/** What was asked, by the headers of the answer: all of it that the SDKs pass on. */
const urls = new WeakMap<object, string>();

/**
 * A fetch after which {@link askedUrl} knows where a 404 came from: nearly always a wrong base URL, of which an SDK's error says nothing.
 *
 * @param fetch default the platform's, as it is when it is called.
 */
export function tellingFetch(fetch?: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (...request) => {
    const response = await (fetch ?? globalThis.fetch)(...request);
    if (response.status === 404) rememberUrl(response.headers, response.url);
    return response;
  };
}

/** Without user, password and query, which may hold a key. */
export function rememberUrl(headers: object, url: string): void {
  if (!URL.canParse(url)) return;
  const { protocol, host, pathname } = new URL(url);
  urls.set(headers, `${protocol}//${host}${pathname}`);
}

/** Where the answer with these headers came from, if that is known. */
export function askedUrl(headers: unknown): string | undefined {
  return typeof headers === "object" && headers !== null ? urls.get(headers) : undefined;
}
