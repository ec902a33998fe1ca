import { type Context, expandNumber } from "./expand-numbers.ts";
import { DOTTED, SPACED_UNITS, SPELLED, SYMBOLS, UNITS, WORDS } from "./tables.ts";

const LETTERS_WITHOUT_MARKS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ł: "l",
  þ: "th",
  ı: "i",
};
const INTERNET =
  /^(?:https?:\/\/|www\.)\S+$|^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$|^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|ai|edu|gov|co|uk|de|fr|app|html|js|ts|py|json|md|txt|pdf)(?:\/\S*)?$/i;
const INTERNET_MARKS: Readonly<Record<string, string>> = {
  ".": "dot",
  "/": "slash",
  "@": "at",
  "-": "dash",
  _: "underscore",
};

/** Latin letters without accents; letters of other scripts, which the voices cannot say, are left out. */
function fold(word: string): string {
  return word
    .replace(/[ßæœøđðłþı]/giu, (letter) => LETTERS_WITHOUT_MARKS[letter.toLowerCase()] ?? "")
    .normalize("NFKD")
    .replace(/[’‘ʼ`´]/g, "'")
    .replace(/[^A-Za-z']/g, "");
}

const spell = (letters: string): string => [...letters.toUpperCase()].join(" ");

/** One word of letters. */
function word(text: string): string {
  const folded = fold(text);
  const lower = folded.toLowerCase();
  if (Object.hasOwn(WORDS, lower)) return WORDS[lower] as string;
  if (/^h+m{2,}$/.test(lower)) return "hum";
  if (SPELLED.has(folded)) {
    const plural = folded.endsWith("s");
    return spell(plural ? folded.slice(0, -1) : folded) + (plural ? "s" : "");
  }
  // "iPhone", "OpenAI": read as the words they are made of.
  const parts = /^Ma?c[A-Z]/.test(folded) ? [folded] : folded.split(/(?<=[a-z])(?=[A-Z])/);
  return parts.length === 1 ? folded : parts.map(word).join(" ");
}

/** A mixture: runs of letters, numbers and marks, each as it is said. */
function mixture(token: string, context: Context): string {
  const runs = token.match(/[\p{L}\p{M}]+(?:['’][\p{L}]+)*|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\S/gu) ?? [];
  return runs
    .map((run) => {
      if (/^\d/.test(run)) return expandNumber(run, { previous: "", next: context.next }) ?? "";
      return /^\p{L}/u.test(run) ? word(run) : (SYMBOLS[run] ?? "");
    })
    .filter((spoken) => spoken !== "")
    .join(" ");
}

function internet(token: string): string {
  const bare = token
    .replace(/^(?:https?:\/\/)?(?:www\.)?/i, "")
    .replace(/[?#].*$/, "")
    .replace(/\/$/, "");
  const parts = bare.match(/\d+|[A-Za-z]+|[./@_-]/g) ?? [];
  return parts
    .map(
      (part) =>
        INTERNET_MARKS[part] ??
        (/^\d/.test(part) ? (expandNumber(part, { previous: "", next: "" }) ?? "") : word(part)),
    )
    .join(" ");
}

const isNumber = (token: string): boolean => /^[-+~≈]?[$€£¥]?\d[\d,.:]*$/.test(token);

/**
 * How a token is said, in Latin letters, spaces, apostrophes and commas only; empty when it is not said at all.
 *
 * @param dotted a full stop follows the token at once, which may make it an abbreviation
 */
export function expandToken(token: string, dotted: boolean, context: Context): string {
  const lower = token.toLowerCase();
  if (/^(?:\p{L}\.)+\p{L}$/u.test(token)) return DOTTED[lower] ?? spell(fold(token));
  if (INTERNET.test(token)) return internet(token);
  if (isNumber(context.previous) || /^\d{1,2}(?::\d\d)?$/.test(context.previous)) {
    if (/^[ap]m$/.test(lower)) return spell(token);
    // "$5 million": the currency was held back for this.
    if (/^[$€£]/.test(context.previous) && /^(?:thousand|million|billion|trillion)$/.test(lower)) {
      return `${lower} ${SYMBOLS[context.previous[0] as string]}`;
    }
    if (SPACED_UNITS.has(lower)) return UNITS[lower]?.[context.previous === "1" ? 0 : 1] as string;
  }
  if (dotted && Object.hasOwn(DOTTED, lower)) return DOTTED[lower] as string;
  if (dotted && /^(?:dr|st)$/.test(lower)) {
    const beforeName = /^\p{Lu}/u.test(context.next);
    return lower === "dr" ? (beforeName ? "doctor" : "drive") : beforeName ? "saint" : "street";
  }
  if (dotted && lower === "no" && /^\d/.test(context.next)) return "number";
  if (Object.hasOwn(WORDS, lower)) return WORDS[lower] as string;
  if (/\p{N}/u.test(token)) {
    // Superscripts, halves in one character and the like become digits first.
    const digits = token.normalize("NFKD").replaceAll("⁄", "/");
    return expandNumber(token, context) ?? expandNumber(digits, context) ?? mixture(digits, context);
  }
  return mixture(token, context);
}
