import type { Asked, Words } from "../lexicon/lexicon.ts";
import { endsWith, foundIn } from "./tokens.ts";
import type { Verdict } from "./verdict.ts";

const GLUE = new Set([
  "dash",
  "hyphen",
  "dot",
  "point",
  "plus",
  "slash",
  "space",
  "double",
  "triple",
  "capital",
  "underscore",
]);
/** Words before a list that are looked at for what it is. */
const BEFORE = 12;

/**
 * What is given in pieces: digits, letters, an e-mail or a street address, a name. It goes on until its length is reached, or something that ends
 * it is said; undefined where the text ends otherwise.
 *
 * @param question the words of what the assistant said last
 */
export function judgePieces(tokens: readonly string[], question: readonly string[], words: Words): Verdict | undefined {
  const asked = (what: Asked, among: readonly string[]): boolean => {
    const phrases = words.asks.get(what);
    return phrases !== undefined && foundIn(among, phrases) !== undefined;
  };
  if (foundIn(tokens.slice(-6), words.negations) !== undefined) return undefined;
  const email = judgeEmail(tokens, asked("email", question), asked("email", tokens.slice(-BEFORE)));
  if (email) return email;
  const run = runOf(tokens, words);
  const before = tokens.slice(Math.max(0, tokens.length - run.words - BEFORE), tokens.length - run.words);
  const spelling = asked("spelling", question);
  if (spelling || run.letters >= 2 || run.explained) {
    if (run.letters + run.digits > 0 || run.explained)
      return byLength(run.letters + run.digits, lengthsIn(question, words), "spelling");
  }
  const cued = asked("digits", before);
  if (run.digits > 0 && isOpen(run, asked("digits", question), cued, before, words)) {
    const lengths = lengthsIn(cued ? before : question, words) ?? lengthsIn(question, words);
    return byLength(run.digits, lengths, "digits");
  }
  if (asked("address", question)) {
    if (/^\d{4,6}$/.test(tokens.at(-1) ?? "")) return { confidence: 0.85, reason: "address" };
    return { confidence: tokens.length <= 3 ? 0.15 : 0.3, reason: "address" };
  }
  if (asked("name", question) && tokens.length <= 2) {
    const whole = tokens.length === 2 && endsWith(tokens, words.unfinished) === 0;
    return { confidence: whole ? 0.86 : 0.55, reason: "name" };
  }
  return undefined;
}

function judgeEmail(tokens: readonly string[], asked: boolean, cued: boolean): Verdict | undefined {
  const last = tokens.at(-1) ?? "";
  const at = tokens.lastIndexOf("at");
  const dot = tokens.lastIndexOf("dot");
  const written = last.includes("@");
  if (!asked && !written && !(cued && at >= 0)) return undefined;
  const over = written
    ? /@[^@]+\.\p{L}{2,}$/u.test(last)
    : dot > at && at >= 0 && dot === tokens.length - 2 && /^\p{L}{2,5}$/u.test(last);
  return { confidence: over ? 0.9 : 0.1, reason: "email" };
}

interface Run {
  /** Words of the list at the end of the text. */
  readonly words: number;
  readonly digits: number;
  readonly letters: number;
  /** Those of its words that are one digit. */
  readonly singles: number;
  /** It ends with "b as in bravo". */
  readonly explained: boolean;
}

/** The list of digits and letters that the text ends with. */
function runOf(tokens: readonly string[], { numbers, spelling, asIn }: Words): Run {
  let [digits, letters, singles, at] = [0, 0, 0, tokens.length];
  const last = tokens.slice(0, -1);
  const link = endsWith(last, asIn);
  const explained = link > 0 && /^\p{L}$/u.test(last[last.length - link - 1] ?? "");
  if (explained) {
    at -= link + 2;
    letters++;
  }
  for (; at > 0; at--) {
    const token = tokens[at - 1] as string;
    const count = /^\+?\d{1,20}$/.test(token) ? token.replace("+", "").length : numbers.get(token);
    if (count !== undefined) {
      digits += count;
      if (count === 1) singles++;
    } else if (/^\p{L}$/u.test(token) || (spelling.has(token) && !GLUE.has(token))) letters++;
    else if (!GLUE.has(token)) break;
  }
  const words = tokens.length - at;
  // An article or "I" at the end is no list, nor is a word that also stands for a letter.
  if (
    digits === 0 &&
    !explained &&
    (letters < 2 || tokens.slice(at).every((token) => token.length > 1 && !/^\p{L}$/u.test(token)))
  )
    return { words, digits: 0, letters: words === tokens.length && letters > 0 ? letters : 0, singles, explained };
  return { words, digits, letters, singles, explained };
}

function isOpen(run: Run, asked: boolean, cued: boolean, before: readonly string[], words: Words): boolean {
  if (asked || cued) return true;
  if (endsWith(before, words.beforeAmounts) > 0) return false;
  return run.singles >= 2 || (run.words >= 2 && run.digits >= 5);
}

function lengthsIn(tokens: readonly string[], { lengths }: Words): readonly number[] | undefined {
  const phrase = foundIn(tokens, lengths);
  return phrase === undefined ? undefined : lengths.get(phrase);
}

function byLength(count: number, lengths: readonly number[] | undefined, reason: "digits" | "spelling"): Verdict {
  if (!lengths) return { confidence: 0.12, reason };
  if (count >= Math.max(...lengths)) return { confidence: 0.9, reason };
  return { confidence: lengths.includes(count) ? 0.72 : 0.08, reason };
}
