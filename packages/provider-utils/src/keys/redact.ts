const REDACTED = "[redacted]";

/**
 * Values that are in use as keys, so that they can be taken out of any text, whatever they look like. Bounded (the oldest go
 * first), so that an application that makes providers for ever does not grow it for ever.
 */
const known = new Set<string>();
const MAX_KNOWN = 1_000;
/** Shorter ones would also hit ordinary words. */
const MIN_LENGTH = 8;

/** Makes {@link redactText} take this value out of every text from now on. */
export function registerSecret(value: string): void {
  if (value.length < MIN_LENGTH) return;
  known.delete(value);
  known.add(value);
  if (known.size > MAX_KNOWN) known.delete(known.values().next().value as string);
}

/** What the vendors' keys look like, and where a key stands whatever it looks like. */
const patterns: readonly [RegExp, string][] = [
  [/\b([a-z][\w+.-]{0,20}:\/\/)[^\s/?#"'<>]+@/gi, `$1${REDACTED}@`],
  [/\b(Bearer|Token|Basic)\s+[\w\-.~+/=]{8,}/gi, `$1 ${REDACTED}`],
  [/([?&](?:[\w-]*key|[\w-]*token|token|secret|password|signature|sig)=)[^&\s"'#]+/gi, `$1${REDACTED}`],
  [
    /("?(?:x-api-key|xi-api-key|x-goog-api-key|api[-_]?key|authorization)"?\s*[:=]\s*"?)(?!\[redacted\])[^\s",}]{4,}/gi,
    `$1${REDACTED}`,
  ],
  [/\b(?:sk|pk|rk|xai|gsk)[-_][\w*-]{8,}/g, REDACTED],
  [/\bAIza[\w-]{20,}/g, REDACTED],
];

/** The text without keys: those that {@link registerSecret} knows, and whatever looks like one. */
export function redactText(text: string): string {
  let result = text;
  for (const value of known) if (result.includes(value)) result = result.replaceAll(value, REDACTED);
  for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement);
  return result;
}

/** Scheme, host and path of a URL: what may be shown of an address. The query and the user part may hold a key. */
export function redactUrl(url: string | URL): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return redactText(`${protocol}//${host}${pathname}`);
  } catch {
    return "(an invalid URL)";
  }
}
