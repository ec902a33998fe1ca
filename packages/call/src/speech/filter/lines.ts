/** Code begins: it is not said, up to a line of at least as many of the mark. */
export interface Fence {
  readonly mark: string;
  readonly count: number;
}

/** What a line begins with. `wait`: the text so far does not tell. */
export type LineStart =
  | { readonly type: "wait" }
  /** Nothing of the line is said. */
  | { readonly type: "drop" }
  | ({ readonly type: "fence" } & Fence)
  /** So many characters are not said. `item`: the line stands for itself. */
  | { readonly type: "text"; readonly skip: number; readonly item: boolean; readonly row: boolean };

/** A line is looked at so far at most, in characters. */
const MAX_PREFIX = 240;
const FENCE = /^[ \t]*(?:>[ \t]?)*(?:[-*+][ \t]+)?(`{3,}|~{3,})/;
/** `---`, `* * *`, `===`, and the line under a table's head. */
const RULE = /^[ \t>]*(?:([-*_=])[ \t]*(?:\1[ \t]*)+|[|:\- \t]*\|[|:\- \t]*|[:\- \t]*--[:\- \t]*)$/;
const QUOTE = /[ \t]*>(?=[ \t>]|$)/y;
const BULLET = /[ \t]*[-*+•◦▪‣](?=[ \t]|$)[ \t]*/y;
const HEADING = /[ \t]*#{1,6}(?=[ \t]|$)[ \t]*/y;
const SPACE = /[ \t]+/y;
const TASK = /\[[ xX]\](?=[ \t])[ \t]*/y;
const NOTE = /\[\^[^\]\s]{1,60}\]:[ \t]*/y;
const REFERENCE = /\[[^\]^][^\]]{0,200}\]:[ \t]*(?:<\S*>|(?:[a-z]+:\/\/|mailto:|www\.|[./#])\S*)/iy;

/** Looks at the line that begins at `at`, up to its end or as far as there is text. */
export function lineStart(text: string, at: number, final: boolean): LineStart {
  const newline = text.indexOf("\n", at);
  const line = text.slice(at, Math.min(newline < 0 ? text.length : newline, at + MAX_PREFIX)).replace(/\r$/, "");
  const complete = newline >= 0 || final || line.length >= MAX_PREFIX;
  const fence = FENCE.exec(line);
  const decided = /[^ \t\-*_=+:|#>~`•◦▪‣]/.test(line);
  if (!decided && !complete) return { type: "wait" };
  if (fence) return { type: "fence", mark: (fence[1] as string)[0] as string, count: (fence[1] as string).length };
  if (!decided && RULE.test(line)) return { type: "drop" };
  let skip = 0;
  let item = false;
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = skip;
    const found = pattern.exec(line);
    if (!found || found[0] === "") return false;
    skip += found[0].length;
    return true;
  };
  while (eat(QUOTE)) item = true;
  while (eat(BULLET)) item = true;
  if (item && line[skip] === "[") {
    if (line.length < skip + 4 && !complete) return { type: "wait" };
    eat(TASK);
  }
  while (eat(QUOTE)) item = true;
  if (eat(HEADING)) item = true;
  eat(SPACE);
  if (line[skip] === "[") {
    const name = /^\[[^\]]{0,200}(\](:?))?/.exec(line.slice(skip));
    const open = name?.[1] === undefined || name[0].length === line.length - skip;
    if (open && name && name[0].length === line.length - skip && !complete) return { type: "wait" };
    if (name?.[2] === ":") {
      if (eat(NOTE)) return { type: "text", skip, item: true, row: false };
      if (!complete) return { type: "wait" };
      REFERENCE.lastIndex = skip;
      if (REFERENCE.test(line)) return { type: "drop" };
    }
  }
  return { type: "text", skip, item, row: line[skip] === "|" };
}

/** The end of a fenced block, from the start of a line: how much of it is not said, and whether it is over. 0 of a block that goes on: wait. */
export function fenceLine(
  text: string,
  at: number,
  fence: Fence,
  final: boolean,
): { readonly length: number; readonly over: boolean; readonly newline: boolean } {
  const newline = text.indexOf("\n", at);
  const end = newline < 0 ? text.length : newline;
  const head = text.slice(at, Math.min(end, at + MAX_PREFIX));
  const closing = new RegExp(`^[ \\t>]*\\${fence.mark}{${fence.count},}[ \\t\\r]*$`).test(head);
  const maybe = new RegExp(`^[ \\t>]*\\${fence.mark}*[ \\t\\r]*$`).test(head) && head.length < MAX_PREFIX;
  if (newline < 0 && maybe && !final) return { length: 0, over: false, newline: false };
  return { length: (newline < 0 ? end : end + 1) - at, over: closing, newline: newline >= 0 };
}
