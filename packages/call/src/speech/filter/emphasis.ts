import { isUnspaced } from "@roomkit/core";

/** A run of marks and what is around it. */
export interface Marks {
  readonly char: string;
  readonly count: number;
  /** `""` at the ends of a line. */
  readonly before: string;
  readonly next: string;
  /** Letters and digits in a row before. */
  readonly word: number;
  /** The runs that are open; kept up to date. */
  readonly open: Set<string>;
}

/**
 * Whether `*`, `_` or `~` are marks of emphasis, which nobody says, or text: `x**2`, `2 * 3`, `snake_case`, `~5`. Marks without a
 * partner are not said either. After CommonMark's rules for flanking runs, as far as the text before and one character tell.
 */
export function emphasisAt({ char, count, before, next, word, open }: Marks): "opens" | "closes" | "literal" {
  const spaceBefore = before === "" || /\s/.test(before);
  const spaceAfter = next === "" || /\s/.test(next);
  const marks = char.repeat(Math.min(count, 3));
  if (spaceBefore && spaceAfter && (count < 4 || char === "~"))
    return before === "" && next === "" ? "closes" : "literal";
  if (count > 3 && char !== "~") return "closes";
  if (char === "~" && count === 1) return "literal";
  const closes = open.has(marks) && !spaceBefore;
  if (char === "_") {
    const inWord = isWord(before) && isWord(next);
    if (inWord) return "literal";
    if (closes && !isWord(next)) return close(open, marks);
    if (!spaceAfter && !isWord(before)) return openUp(open, marks);
    return closes ? close(open, marks) : "literal";
  }
  if (closes) return close(open, marks);
  if (char === "*" && isOperator(before, next, word)) return "literal";
  return spaceAfter ? "closes" : openUp(open, marks);
}

/** Between numbers, variables and parentheses: `2*3`, `x**2`, `(a)*(b)`. */
function isOperator(before: string, next: string, word: number): boolean {
  if (!/[\p{L}\p{N})\]]/u.test(before) || isUnspaced(before)) return false;
  if (!/[\p{L}\p{N}(]/u.test(next) || isUnspaced(next)) return false;
  return /[\p{N})\]]/u.test(before) || /[\p{N}(]/u.test(next) || word === 1;
}

function isWord(char: string): boolean {
  return /[\p{L}\p{N}_]/u.test(char);
}

function close(open: Set<string>, marks: string): "closes" {
  open.delete(marks);
  return "closes";
}

function openUp(open: Set<string>, marks: string): "opens" {
  open.add(marks);
  return "opens";
}
