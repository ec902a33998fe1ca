/** So many characters at the end of a text are looked at. */
const MOST_CHARS = 600;
/** Longest phrase of a lexicon, in words. */
const MOST_WORDS = 6;

/** The words of a text, lower-case and without punctuation; what `12:30` or `me@example.org` is stays whole. */
export interface Said {
  readonly tokens: readonly string[];
  /** Those since the last full stop, or other end of a sentence, that another word follows. */
  readonly sentence: readonly string[];
  /** Of the last sentence as it was written. */
  readonly mark: "?" | "," | "…" | undefined;
}

/** Reads the end of a text, of any length. */
export function readText(text: string): Said {
  const end = text.length > MOST_CHARS ? text.slice(-MOST_CHARS).replace(/^\S*\s/, "") : text;
  const plain = end.normalize("NFKC").toLowerCase().replace(/[’`´]/g, "'");
  const trimmed = plain.trimEnd();
  const sentences = trimmed
    .split(/[.!?。？！]+\s+/u)
    .map(tokensOf)
    .filter((each) => each.length > 0);
  const mark = /[?？]$/u.test(trimmed)
    ? "?"
    : /[,、，;:-]$/u.test(trimmed)
      ? ","
      : /(…|\.\.)$/u.test(plain.trimEnd())
        ? "…"
        : undefined;
  return { tokens: sentences.flat(), sentence: sentences.at(-1) ?? [], mark };
}

const WORD = /[\p{L}\p{M}\p{N}'+@_.:-]*[\p{L}\p{N}]/gu;

function tokensOf(text: string): string[] {
  return (text.match(WORD) ?? []).flatMap((raw) => {
    const word = raw.replace(/^['._:-]+/, "");
    if (word.includes("@")) return [word];
    // A time or an amount stays one; "555-1234" and "j-o-h-n" are several.
    if (/^\d+[.:]\d+$/.test(word) || /^(mm|uh|nuh|x|e)-\p{L}+$/u.test(word)) return [word];
    return word.split(/[._:-]+/).filter((part) => part !== "");
  });
}

/** The longest phrase of `phrases` that the words end with, as a number of words; 0: none. */
export function endsWith(tokens: readonly string[], phrases: { has(phrase: string): boolean }): number {
  for (let count = Math.min(MOST_WORDS, tokens.length); count > 0; count--)
    if (phrases.has(tokens.slice(-count).join(" "))) return count;
  return 0;
}

/** The longest phrase of `phrases` that the words begin with, as a number of words; 0: none. */
export function beginsWith(tokens: readonly string[], phrases: { has(phrase: string): boolean }): number {
  for (let count = Math.min(MOST_WORDS, tokens.length); count > 0; count--)
    if (phrases.has(tokens.slice(0, count).join(" "))) return count;
  return 0;
}

/** The longest phrase of `phrases` anywhere among the words; the later of two of a length. */
export function foundIn(tokens: readonly string[], phrases: { has(phrase: string): boolean }): string | undefined {
  for (let count = Math.min(3, tokens.length); count > 0; count--)
    for (let at = tokens.length - count; at >= 0; at--) {
      const phrase = tokens.slice(at, at + count).join(" ");
      if (phrases.has(phrase)) return phrase;
    }
  return undefined;
}
