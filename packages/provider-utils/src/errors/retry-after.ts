/** Response headers, in whichever shape a library gives them. */
export type HeadersLike =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** One header's value, whatever the case of its name. */
export function header(headers: HeadersLike | undefined, name: string): string | undefined {
  if (!headers) return undefined;
  if (typeof headers.get === "function") return headers.get(name) ?? undefined;
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() !== name) continue;
    return typeof value === "string" ? value : (value as readonly string[] | undefined)?.[0];
  }
  return undefined;
}

/** Longer waits than a day are not believed. */
const MAX_MS = 24 * 60 * 60 * 1000;

/**
 * How long the server asks us to wait, in ms, from `retry-after-ms` or `retry-after` (RFC 9110, 10.2.3: seconds or a date).
 * Undefined when it does not say, or says nonsense; 0 for a date in the past.
 *
 * @param wallTime ms since 1970, to measure a date against.
 */
export function parseRetryAfter(headers: HeadersLike | undefined, wallTime: number): number | undefined {
  const ms = header(headers, "retry-after-ms")?.trim();
  if (ms && /^\d+(\.\d+)?$/.test(ms)) return believable(Number(ms));
  const value = header(headers, "retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return believable(Number(value) * 1000);
  // A date names its day and month; Date.parse alone would also take "-1" or "2".
  const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : believable(Math.max(0, date - wallTime));
}

function believable(ms: number): number | undefined {
  return ms <= MAX_MS ? Math.round(ms) : undefined;
}
