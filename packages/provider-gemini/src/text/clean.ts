/** What the API takes of one text. */
const MAX_LENGTH = 32_000;

/**
 * The text without control characters (but for tabs and line ends) and halves of surrogate pairs, which end the connection with
 * 1007; of at most `most` characters.
 */
export function clean(text: string, most: number = MAX_LENGTH): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (character === "\n" || character === "\t" ? character : ""))
    .slice(0, most)
    .replace(/[\uD800-\uDBFF]$/, "");
}

/** The same for every string within a JSON value. */
export function cleanJson(value: unknown): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map(cleanJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cleanJson(inner)]));
}
