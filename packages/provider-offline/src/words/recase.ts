/** Words as the recogniser wrote them: `berlin` as `Berlin`. A text all in capitals, and the first word of one, say nothing. */
export function recase(words: string, raw: string): string {
  if (!/\p{Ll}/u.test(raw)) return words;
  const written = new Map(
    (raw.match(/[\p{L}\p{N}'-]+/gu) ?? []).slice(1).map((word) => [word.toLowerCase(), word] as const),
  );
  return words
    .split(" ")
    .map((word) => written.get(word) ?? word)
    .join(" ");
}
