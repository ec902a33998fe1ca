/** Clause ends first, then any space: where a piece that is too long is cut. */
const CUTS = [/[.!?…]["'”’)\]]*\s/g, /[;:—–]\s|,\s/g, /\s/g];

/**
 * Cuts a piece into parts of at most `maxChars`, as late as possible at the best kind of place there is: a sentence's end, a
 * clause's, between words, and only then inside a word.
 */
export function splitLong(text: string, maxChars: number): string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > maxChars) {
    const at = cutAt(rest, maxChars);
    const part = rest.slice(0, at).trim();
    if (part !== "") parts.push(part);
    rest = rest.slice(at).trimStart();
  }
  if (rest !== "") parts.push(rest);
  return parts;
}

function cutAt(text: string, maxChars: number): number {
  const head = text.slice(0, maxChars + 1);
  for (const pattern of CUTS) {
    let at = 0;
    for (const match of head.matchAll(pattern)) at = match.index + match[0].length;
    // A cut near the beginning would leave a crumb that is spoken with a pause after it.
    if (at > maxChars / 3) return at;
  }
  // Never between the two halves of one character.
  return /[\udc00-\udfff]/.test(text[maxChars] ?? "") ? maxChars - 1 : maxChars;
}
