/** Longer texts are not compared, in letters. */
const MOST_LETTERS = 24;
/** What differs in more than this share of its letters is not looked at any further. */
const MOST_FAR = 0.5;

/** The letters and digits of a text alone, in lower case. */
export function lettersOf(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "");
}

/**
 * How far a text is from being made of `words`, one or several in a row: the letters that differ, as a share of its letters. 0: it is; 1: more
 * than half of them differ, or it is too long to be.
 */
export function farFrom(words: readonly string[], text: string): number {
  const letters = lettersOf(text);
  const length = letters.length;
  if (length === 0 || length > MOST_LETTERS) return 1;
  // What it costs to make the first so many letters of whole words.
  const least = new Array<number>(length + 1).fill(Number.POSITIVE_INFINITY);
  least[0] = 0;
  for (let from = 0; from < length; from++) {
    if ((least[from] as number) > length * MOST_FAR) continue;
    for (const word of words) {
      // Of more letters than twice its own a word takes the others for nothing.
      const costs = spelled(word, letters.slice(from, from + 2 * word.length));
      for (let i = 1; i < costs.length; i++) {
        const cost = (least[from] as number) + (costs[i] as number);
        least[from + i] = Math.min(least[from + i] as number, cost);
      }
    }
  }
  const far = (least[length] as number) / length;
  return far > MOST_FAR ? 1 : far;
}

/** The least changes of letters that make a word of each beginning of a text. */
function spelled(word: string, text: string): number[] {
  let row = Array.from({ length: text.length + 1 }, (_, i) => i);
  for (let at = 0; at < word.length; at++) {
    const next = [at + 1];
    for (let i = 1; i <= text.length; i++) {
      const same = (row[i - 1] as number) + (text[i - 1] === word[at] ? 0 : 1);
      next.push(Math.min(same, (row[i] as number) + 1, (next[i - 1] as number) + 1));
    }
    row = next;
  }
  return row;
}

/**
 * The spellings that a lexicon's pattern stands for, in letters: `o+k(?:ay)?` is "ok" and "okay". Knows what lexicons are written with: groups,
 * alternatives, `+`, `*`, `?`; of a set of characters the first that is a letter.
 */
export function spellings(pattern: string): string[] {
  let at = 0;
  const alternatives = (): string[] => {
    const all = sequence();
    while (pattern[at] === "|") {
      at++;
      all.push(...sequence());
    }
    return all;
  };
  const sequence = (): string[] => {
    let all = [""];
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") {
      const part = atom();
      const how = pattern[at] ?? "";
      if (/[+*?]/.test(how)) at++;
      if (how === "*" || how === "?") part.push("");
      all = all.flatMap((before) => part.map((after) => before + after));
    }
    return all;
  };
  const atom = (): string[] => {
    if (pattern.startsWith("(?:", at)) {
      at += 3;
      const all = alternatives();
      at++;
      return all;
    }
    if (pattern[at] === "[") {
      const end = pattern.indexOf("]", at);
      const set = pattern.slice(at + 1, end).replace(/\\./g, "");
      at = end + 1;
      return [set.match(/\p{L}/u)?.[0] ?? ""];
    }
    if (pattern[at] === "\\") at++;
    return [pattern[at++] ?? ""];
  };
  return [...new Set(alternatives().map(lettersOf))].filter((each) => each !== "");
}
