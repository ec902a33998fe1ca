/** Scripts that put no spaces between words, and the punctuation of full width that goes with them. */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Yiii}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}\p{scx=Lana}\p{scx=Tale}\p{scx=Talu}\p{scx=Java}\p{scx=Bali}\u3000-\u303f\uff00-\uff65]/u;
/** Of these, those whose signs are a syllable or a word each: they take longer to say. */
const SYLLABIC = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Yiii}\p{scx=Hang}]/u;
/** Without `Intl.Segmenter`: what never begins a grapheme. */
const EXTENDS = /\p{M}|\p{Emoji_Modifier}|\u200c|\u200d|[\u{E0020}-\u{E007F}\uff9e\uff9f]/u;
const REGIONAL = /\p{RI}/u;

/** A letter or sign nothing joins to from before. */
const BASE = /[\s0-9\p{Script=Latin}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** What is longer, in UTF-16 units, may be cut inside. */
const MAX_GRAPHEME = 256;
/** What comes after a place decides whether it is one: so many units of it are enough. */
const AROUND = 8;

const segmenter: Intl.Segmenter | undefined =
  typeof Intl === "object" && "Segmenter" in Intl ? new Intl.Segmenter("und", { granularity: "grapheme" }) : undefined;

/** Whether a character (its whole code point) is of a script that writes no spaces between words. */
export function isUnspaced(char: string): boolean {
  return UNSPACED.test(char);
}

/** Whether a character is a syllable or a word of its own: kana, Han, Hangul. */
export function isSyllabic(char: string): boolean {
  return SYLLABIC.test(char);
}

/** The code point that begins at `at`, or `""` at the end. */
export function charAt(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? "" : String.fromCodePoint(point);
}

/** The code point that ends at `at`, or `""` at the beginning. */
export function charBefore(text: string, at: number): string {
  if (at <= 0) return "";
  const low =
    at >= 2 && /[\udc00-\udfff]/.test(text[at - 1] as string) && /[\ud800-\udbff]/.test(text[at - 2] as string);
  return text.slice(low ? at - 2 : at - 1, at);
}

/** Texts one after the other, set apart by a space unless there is white space already or their script has none. */
export function joinTexts(texts: readonly string[]): string {
  let joined = "";
  for (const text of texts) joined += `${needsSpace(joined, text) ? " " : ""}${text}`;
  return joined;
}

/** Whether a space belongs between two texts. */
export function needsSpace(text: string, next: string): boolean {
  const before = charBefore(text, text.length);
  const after = charAt(next, 0);
  if (before === "" || after === "" || /\s/.test(before) || /\s/.test(after)) return false;
  return !isUnspaced(before) && !isUnspaced(after);
}

/**
 * The last place at or before `at` where a text may be cut without halving what a reader takes for one character: a letter with its
 * marks, a surrogate pair, an emoji sequence. UAX 29 where the platform knows it, its main rules elsewhere.
 */
export function graphemeStart(text: string, at: number): number {
  if (at <= 0) return 0;
  if (at >= text.length) return text.length;
  if (!segmenter) return graphemeStartByRule(text, at);
  // The segmenter takes as long as its text is: it gets what is around.
  const from = surelyStart(text, at);
  const around = text.slice(from, at + AROUND);
  return from + (segmenter.segment(around).containing(at - from)?.index ?? at - from);
}

/** The last place before `at` where a grapheme begins whatever is around it, within reason. */
function surelyStart(text: string, at: number): number {
  const limit = Math.max(0, at - MAX_GRAPHEME);
  for (let from = at - 1; from > limit; from--)
    if (BASE.test(text[from] as string) && text[from - 1] !== "\u200d") return from;
  return limit;
}

/** {@link graphemeStart} for platforms without `Intl.Segmenter`. */
export function graphemeStartByRule(text: string, at: number): number {
  let start = Math.min(at, text.length);
  while (start > 0 && start < text.length) {
    const before = charBefore(text, start);
    const after = charAt(text, start);
    const halved = /[\udc00-\udfff]/.test(text[start] as string) && /[\ud800-\udbff]/.test(text[start - 1] as string);
    if (halved) start -= 1;
    else if (EXTENDS.test(after) || (before === "\r" && after === "\n")) start -= before.length;
    else if (before === "\u200d" && /\p{Extended_Pictographic}/u.test(after)) start -= 1;
    else if (REGIONAL.test(after) && regionalsBefore(text, start) % 2 === 1) start -= before.length;
    else break;
  }
  return start;
}

function regionalsBefore(text: string, at: number): number {
  let count = 0;
  for (let end = at; REGIONAL.test(charBefore(text, end)); end -= 2) count++;
  return count;
}

/** Whether a word may end at `at`: before white space, between the signs of a script without spaces, after a dash. */
export function isWordBoundary(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return true;
  if (/\s/.test(text[at] as string)) return true;
  const before = charBefore(text, at);
  if (/[—–…]/.test(before)) return true;
  return (isUnspaced(before) || isUnspaced(charAt(text, at))) && graphemeStart(text, at) === at;
}
