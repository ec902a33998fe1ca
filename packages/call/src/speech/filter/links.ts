/** How long a link's text and its address may be, in characters. What is longer is no link. */
const MAX_TEXT = 400;
/** Brackets inside brackets: a text of nothing else must not be searched again for each of them. */
const MAX_DEPTH = 8;
export const MAX_ADDRESS = 2_048;

/** `wait`: the text so far does not tell. */
export type LinkFound =
  | { readonly type: "none" }
  | { readonly type: "wait" }
  /** A mark to a note: nothing of it is said. */
  | { readonly type: "note"; readonly length: number }
  /** The text is between the bracket and `close`, from where `length` characters are not said. */
  | { readonly type: "link"; readonly close: number; readonly length: number };

const NONE: LinkFound = { type: "none" };
const WAIT: LinkFound = { type: "wait" };

/** What begins with the bracket at `at`. `before` is the character before it. */
export function linkAt(text: string, at: number, before: string, final: boolean): LinkFound {
  const close = closingBracket(text, at, final);
  if (close <= 0) return close < 0 ? WAIT : NONE;
  const inside = text.slice(at + 1, close);
  if (/^\^\S+$/.test(inside)) return { type: "note", length: close + 1 - at };
  const next = text[close + 1];
  if (next === undefined) return final ? NONE : WAIT;
  if (next === "(") return addressed(text, close, final);
  // `[text][name]`; but not a place in a list (`a[0][1]`) and not two marks to sources (`[1][2]`).
  if (next !== "[" || /[\p{L}\p{N}]/u.test(before) || /^\d+$/.test(inside)) return NONE;
  const end = text.indexOf("]", close + 2);
  if (end >= 0) return end - close < 100 ? { type: "link", close, length: end + 1 - close } : NONE;
  return !final && text.length - close < 100 ? WAIT : NONE;
}

function closingBracket(text: string, at: number, final: boolean): number {
  let depth = 0;
  for (let i = at; i < at + MAX_TEXT; i++) {
    const char = text[i];
    if (char === undefined) return final ? 0 : -1;
    if (char === "\\") i++;
    else if (char === "[" && ++depth > MAX_DEPTH) return 0;
    else if (char === "]" && --depth === 0) return i;
    else if (char === "\n" && text[i + 1] === "\n") return 0;
  }
  return 0;
}

/** `](address "title")`: the address may hold balanced parentheses, and white space only between `<` and `>`. */
function addressed(text: string, close: number, final: boolean): LinkFound {
  let depth = 0;
  let quote = "";
  for (let i = close + 1; i < close + MAX_ADDRESS; i++) {
    const char = text[i];
    if (char === undefined) {
      if (!final) return WAIT;
      // Cut off in the middle of the address.
      return /\s/.test(text.slice(close + 2)) ? NONE : { type: "link", close, length: i - close };
    }
    if (quote !== "") {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === "\\") i++;
    else if (char === "\n" && text[i + 1] === "\n") return NONE;
    else if (char === "<" && i === close + 2) quote = ">";
    else if ((char === '"' || char === "'") && /\s/.test(text[i - 1] as string)) quote = char;
    else if (char === "(" && ++depth > MAX_DEPTH) return NONE;
    else if (char === ")" && --depth === 0) {
      const address = text.slice(close + 2, i);
      const valid = /^\s*(?:<[^<>\n]*>|[^\s<]*)(?:\s+(?:".*"|'.*'|\(.*\)))?\s*$/s.test(address);
      return valid ? { type: "link", close, length: i + 1 - close } : NONE;
    }
  }
  return NONE;
}

/** One character of an address: ASCII, or a letter of a script that has spaces, so that an address in Japanese text ends with it. */
const ADDRESS_CHAR =
  /[!#-;=?-Z_a-z~]|(?![\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}])[\p{L}\p{N}\p{M}]/u;
const URL = new RegExp(`(?:https?|ftp|wss?)://(?:${ADDRESS_CHAR.source}){0,${MAX_ADDRESS}}`, "iuy");
const SCHEMES = ["https://", "http://", "ftp://", "wss://", "ws://"];

/** The length of the address at `at`, without the punctuation after it; 0 when there is none, -1 when the text so far does not tell. */
export function addressAt(text: string, at: number, final: boolean): number {
  URL.lastIndex = at;
  const found = URL.exec(text)?.[0];
  if (found === undefined) {
    const head = text.slice(at, at + 8).toLowerCase();
    const maybe = at + head.length >= text.length && SCHEMES.some((scheme) => scheme.startsWith(head));
    return maybe && !final ? -1 : 0;
  }
  if (found.length >= MAX_ADDRESS) return found.length;
  if (at + found.length >= text.length && !final) return -1;
  let end = found.length;
  for (; end > 0; end--) {
    const last = found[end - 1] as string;
    if (/[.,;:!?'*_~]/.test(last)) continue;
    if (last !== ")" || balance(found.slice(0, end)) >= 0) break;
  }
  return /:\/\/[\p{L}\p{N}]/u.test(found.slice(0, end)) ? end : 0;
}

/** Whether an address that was too long to wait for its end goes on with a character. */
export function continuesAddress(char: string): boolean {
  return ADDRESS_CHAR.test(char);
}

/** Opening less closing parentheses. */
function balance(text: string): number {
  let open = 0;
  for (const char of text) open += char === "(" ? 1 : char === ")" ? -1 : 0;
  return open;
}
