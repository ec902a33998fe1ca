import { clean } from "../text/clean.ts";

/** The most characters of one request. The models speak for 16,384 tokens (11 minutes) at most, and lose their manner long before. */
const MAX_CHARACTERS = 3_000;

/** A text in parts for a request each, cut after sentences, else words, else where it must be. Parts without a letter or digit are left out: models answer them with nothing. */
export function portions(text: string, most: number = MAX_CHARACTERS): string[] {
  const upTo = `[^]{1,${most}}`;
  const part = new RegExp(`${upTo}$|${upTo}(?<=[.!?]\\s|[。！？\\n])|${upTo}(?<=\\s)|${upTo}`, "gu");
  return (clean(text, Number.POSITIVE_INFINITY).trim().match(part) ?? [])
    .map((each) => each.trim())
    .filter((each) => /[\p{L}\p{N}]/u.test(each));
}
