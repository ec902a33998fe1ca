/** Edits (insert, delete, replace, swap of neighbours) that make `a` of `b`; anything above `limit` is `limit + 1`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? limit + 1;
}

/** Whether a recogniser may have written `heard` for `meant`: more slips are forgiven in longer words, none in short ones. */
export function soundsLike(heard: string, meant: string): boolean {
  if (heard === meant) return true;
  const limit = meant.length >= 9 ? 2 : meant.length >= 5 ? 1 : 0;
  return limit > 0 && heard[0] === meant[0] && distance(heard, meant, limit) <= limit;
}

/** More than any phrase is long. */
const EXACT = 1_000;

/**
 * The entry whose phrase stands in the words, exactly or nearly: exact ones before others, of equally good ones the longest.
 * Phrases are normalised: lower case, words parted by one space.
 */
export function findPhrase<T>(
  words: readonly string[],
  entries: Iterable<readonly [phrase: string, value: T]>,
): T | undefined {
  let best: { value: T; score: number } | undefined;
  for (const [phrase, value] of entries) {
    const wanted = phrase.split(" ");
    for (let at = 0; at + wanted.length <= words.length; at++) {
      const heard = words.slice(at, at + wanted.length);
      if (!wanted.every((word, index) => soundsLike(heard[index] ?? "", word))) continue;
      const score = phrase.length + (heard.join(" ") === phrase ? EXACT : 0);
      if (!best || score > best.score) best = { value, score };
    }
  }
  return best?.value;
}
