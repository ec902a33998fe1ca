import { charAt, charBefore, isUnspaced } from "@roomkit/core";
import {
  AFTER_ORDINALS,
  AFTER_TIMES,
  BEFORE_NUMBERS,
  BEFORE_ORDINALS,
  IN_NAMES,
  LETTERED,
  LIST_ENDS,
  MEASURES,
  NEVER_LAST,
  ONLY_CAPITALISED,
  STARTERS,
} from "./abbreviations.ts";

/** More text is needed to know. */
export const WAIT = -1;
/** No sentence ends here. */
export const NONE = 0;

/** Marks that end a sentence only before white space: they occur inside numbers, addresses and words too. */
const SOFT = /[.!?…‼⁇⁈⁉‽\u037e;．]/u;
/** Marks that always do: those of scripts that may put no space after a sentence. */
const HARD = /[\p{STerm}។៕៚།༎]/u;
const NOT_HARD = /[၊]/u;
const CLOSERS = /[\p{Pe}\p{Pf}"'*_~`]/u;
const QUOTE = /["'”’“»«]/u;
/** „Ja.“ and »Ja.« close with what opens elsewhere. */
const CLOSERS_AFTER_SOFT = /[\p{Pe}\p{Pf}\p{Pi}"'*_~`]/u;
const NEWLINE = /[\n\u0085\u2028\u2029]/;
/** How far the decision about one mark looks ahead at most, in characters. */
export const MAX_LOOKAHEAD = 64;
/** An abbreviation and the word before it lie within so many characters. */
const LOOK_BEHIND = 48;

/**
 * Where the sentence ends that the mark at `at` may end, closers and further marks included; {@link NONE}, or {@link WAIT} when the
 * text so far does not tell. `from` is where the piece begins, `final` says that no more text comes. What it answers depends on
 * nothing but the text.
 */
export function sentenceEnd(text: string, at: number, from: number, final: boolean): number {
  const mark = charAt(text, at);
  const soft = SOFT.test(mark);
  if (!soft && (!HARD.test(mark) || NOT_HARD.test(mark))) return NONE;
  if (mark === ";" && !/\p{Script=Greek}/u.test(charBefore(text, at))) return NONE;
  const limit = at + MAX_LOOKAHEAD;
  let end = at + mark.length;
  let marks = mark;
  for (let char = charAt(text, end); char !== "" && end < limit; char = charAt(text, end)) {
    if (char !== ";" && (SOFT.test(char) || (HARD.test(char) && !NOT_HARD.test(char)))) marks += char;
    else if (!isCloser(text, end, from, char, soft)) break;
    end += char.length;
  }
  if (
    soft &&
    /[^\S\n]/.test(text[end] ?? "") &&
    text.lastIndexOf("«", at) > Math.max(from - 1, text.lastIndexOf("»", at))
  ) {
    // "« Oui. » Il part.": French puts a space before the closer.
    if (end + 1 >= text.length && !final) return WAIT;
    if (text[end + 1] === "»") end += 2;
  }
  const known = end < limit;
  // What follows decides, and it is not there yet.
  if (end >= text.length) return final ? end : known ? WAIT : end;
  if (/[\ud800-\udbff]/.test(text[end] as string) && end + 1 >= text.length && !final) return WAIT;
  const next = charAt(text, end);
  if (mark === "．" && /\p{N}/u.test(next)) return NONE;
  if (!soft) return end;
  if (!/\s/.test(next)) {
    // "OK!你好": no space is written there.
    return isUnspaced(next) &&
      (mark !== "." || !/[\p{L}\p{N}]/u.test(charBefore(text, at)) || isUnspaced(charBefore(text, at)))
      ? mark === "…"
        ? NONE
        : end
      : NONE;
  }
  const stop = marks === "." ? fullStop(text, at, end, from, final) : end;
  return stop === end && QUOTE.test(text.slice(at, end)) ? quotedEnd(text, end, final) : stop;
}

/** '"Really?" he said.': a small letter behind quoted speech goes on with the sentence. */
function quotedEnd(text: string, end: number, final: boolean): number {
  const behind = /^[^\S\n]+/.exec(text.slice(end, end + MAX_LOOKAHEAD))?.[0].length ?? 0;
  const next = charAt(text, end + behind);
  if (behind === MAX_LOOKAHEAD || (next === "" && final)) return end;
  if (next === "" || (/^[\ud800-\udbff]$/.test(next) && end + behind + 1 >= text.length && !final)) return WAIT;
  return /\p{Ll}/u.test(next) ? NONE : end;
}

/** Whether a line ends at a character. */
export function isNewline(char: string): boolean {
  return NEWLINE.test(char);
}

function isCloser(text: string, at: number, from: number, char: string, soft: boolean): boolean {
  if (!(soft ? CLOSERS_AFTER_SOFT : CLOSERS).test(char)) return false;
  // Straight quotes, after a mark that no space follows: closing when one has been opened.
  if (!soft && (char === '"' || char === "'")) return text.slice(from, at).split(char).length % 2 === 0;
  return true;
}

/** Whether a single full stop at `at`, before white space at `end`, is more than the mark of an abbreviation or of an ordinal. */
function fullStop(text: string, at: number, end: number, from: number, final: boolean): number {
  const before = text.slice(Math.max(from, at - LOOK_BEHIND), at);
  const token = /[\p{L}\p{N}\p{M}.'’ªº-]*$/u.exec(before)?.[0].replace(/^['’.-]+/, "") ?? "";
  if (token === "" || !mayNotEnd(token)) return end;
  const ahead = text.slice(end, end + MAX_LOOKAHEAD);
  const gap = /^\s+/.exec(ahead)?.[0] ?? "";
  if (NEWLINE.test(gap)) return end;
  const follows = /^[\p{Ps}\p{Pi}"'¿¡*_~`#]{0,4}/u.exec(ahead.slice(gap.length))?.[0] ?? "";
  const rest = ahead.slice(gap.length + follows.length);
  const word = /^[\p{L}\p{N}\p{M}]*/u.exec(rest)?.[0] ?? "";
  // The next word has to be whole to be known.
  if (gap.length + follows.length + word.length >= ahead.length && ahead.length < MAX_LOOKAHEAD) {
    if (!final) return WAIT;
    if (gap.length >= ahead.length) return end;
  }
  const previous =
    /([\p{L}\p{N}\p{M}.]+)[^\p{L}\p{N}]*$/u.exec(before.slice(0, before.length - token.length))?.[1] ?? "";
  const atStart = text.slice(from, at - token.length).trim() === "";
  return ends({ token, previous, next: word, numbered: follows.includes("#"), atStart }) ? end : NONE;
}

interface FullStop {
  /** The word before the stop, with stops inside it. */
  readonly token: string;
  readonly previous: string;
  /** The word after it; empty when something else follows. */
  readonly next: string;
  readonly numbered: boolean;
  /** Nothing is before it in its piece. */
  readonly atStart: boolean;
}

/** Whether a stop after `token` has to be looked at more closely. */
function mayNotEnd(token: string): boolean {
  const lower = token.toLowerCase();
  if (ONLY_CAPITALISED.has(token)) return BEFORE_NUMBERS.has(token);
  return (
    /^\p{N}{1,4}$/u.test(token) ||
    /^\p{L}\p{M}*$/u.test(token) ||
    /^[IVXLCDM]+$/.test(token) ||
    isAcronym(token) ||
    lower === "al" ||
    [NEVER_LAST, LIST_ENDS, BEFORE_NUMBERS, IN_NAMES, MEASURES].some((set) => set.has(lower))
  );
}

/** "U.S", "Ph.D", "p.m": letters with stops between. */
function isAcronym(token: string): boolean {
  return /^(?:\p{L}\p{M}*){1,4}(?:\.-?(?:\p{L}\p{M}*){1,4})+$/u.test(token);
}

function ends({ token, previous, next, numbered, atStart }: FullStop): boolean {
  const lower = token.toLowerCase();
  const nextLower = next.toLowerCase();
  const number = /^\p{N}/u.test(next) || numbered;
  const small = /^\p{Ll}/u.test(next);
  const capital = next !== "" && !number && !small;
  const starter = capital && STARTERS.has(nextLower);
  if (/^\p{N}+$/u.test(token)) return ordinalEnds({ token, previous, next, numbered, atStart });
  if (/^(?:[ap]\.m)$/.test(lower)) return capital && !AFTER_TIMES.has(nextLower);
  // "et al. found" goes on, "Al. Then" does not.
  if (lower === "al") return previous !== "et" || starter;
  if (BEFORE_NUMBERS.has(lower) && number) return false;
  if (ONLY_CAPITALISED.has(token)) return true;
  if (NEVER_LAST.has(lower)) return false;
  if (LIST_ENDS.has(lower)) return capital;
  if (isSingle(token)) return letterEnds({ token, previous, next, capital, starter });
  if (BEFORE_NUMBERS.has(lower)) return lower === "no" || !small;
  if (IN_NAMES.has(lower) || isAcronym(token)) return starter || (next === "" && !numbered);
  if (MEASURES.has(lower)) return !(small && (/\p{N}$/u.test(previous) || lower === "min" || lower === "max"));
  // A Roman number: "Ludwig XIV. war".
  return !small;
}

/** A single letter: an initial ("J. R. R. Tolkien"), a measure ("5 m. long"), or a word ("So do I. Then", "Plan B. Then"). */
function letterEnds(
  stop: Pick<FullStop, "token" | "previous" | "next"> & { capital: boolean; starter: boolean },
): boolean {
  const { token, previous, next, capital, starter } = stop;
  if (/^\p{Lo}/u.test(token)) return true;
  if (token === "I") return capital && /^\p{Ll}/u.test(previous);
  if (/^\p{Ll}/u.test(token)) return capital && /^\p{N}+$/u.test(previous);
  return (capital && LETTERED.has(previous.toLowerCase())) || (starter && next.length > 1 && !/\.$/.test(previous));
}

function isSingle(token: string): boolean {
  return /^\p{L}\p{M}*$/u.test(token);
}

/** "3. Oktober", "1. First", "3. 10. 2024" end nothing; "It costs 3. Then" does. */
function ordinalEnds({ previous, next, atStart }: FullStop): boolean {
  const lower = next.toLowerCase();
  if (atStart || /^\p{Ll}/u.test(next) || AFTER_ORDINALS.has(lower)) return false;
  const determined = BEFORE_ORDINALS.has(previous.toLowerCase());
  if (/^\p{N}/u.test(next)) return !(determined || /\p{N}\.$/u.test(previous));
  return !(determined && /^\p{Lu}/u.test(next) && !STARTERS.has(lower));
}
