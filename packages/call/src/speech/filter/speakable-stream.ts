import { charAt, charBefore, isUnspaced, type SpokenRun } from "@roomkit/core";
import { isPictogram, keycapAt } from "./emoji.ts";
import { emphasisAt } from "./emphasis.ts";
import { decodeEntity } from "./entities.ts";
import { formulaAt, MAX_FORMULA, sayFormula } from "./formula.ts";
import { bracketedAt } from "./html.ts";
import { lineStart } from "./lines.ts";
import { addressAt, continuesAddress, linkAt, MAX_ADDRESS } from "./links.ts";
import type { SpeechFilterStream } from "./speech-filter.ts";
import { SpeechOutput } from "./speech-output.ts";
import { Unread, WAIT } from "./unread.ts";

const WORD = /[\p{L}\p{N}]+/uy;
const SPACES = /[^\S\r\n]+/y;
const ENTITY = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});/iy;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
/** Code inside a line ends with the line, and with this many characters: an apostrophe of the wrong kind must not swallow a text. */
const MAX_INLINE_CODE = 300;
/** Marks in a row beyond this are decoration. */
const MAX_MARKS = 64;

/**
 * Markdown, HTML, formulas, addresses and pictograms as a voice is to say them. Reads the text once; what it keeps waiting is bounded:
 * a few characters, or a link until its end.
 */
export class SpeakableStream implements SpeechFilterStream {
  readonly #link: string;
  readonly #output = new SpeechOutput();
  #text = "";
  #at = 0;
  /** Where in the whole text `#text` begins. */
  #offset = 0;
  /** The character written before, `""` at the beginning of a line. */
  #before = "";
  /** Letters and digits in a row before. */
  #word = 0;
  #lineStart = true;
  readonly #unread = new Unread();
  /** The backticks that end the code inside a line, and how much of it there was. */
  #code: { readonly ticks: number; length: number } | undefined;
  readonly #marks = new Set<string>();
  /** Where links' texts end, in the whole text, and how much is not said from there. The innermost last. */
  readonly #links: { readonly at: number; readonly length: number }[] = [];
  #afterPictogram = false;
  #inAddress = false;

  /** `link` is said for an address. */
  constructor(link: string) {
    this.#link = link;
  }

  push(text: string): SpokenRun[] {
    return this.#read(text, false);
  }

  flush(): SpokenRun[] {
    const runs = this.#read("", true);
    this.#output.endRow();
    return [...runs, ...this.#output.take()];
  }

  #read(text: string, final: boolean): SpokenRun[] {
    this.#text += text;
    while (this.#at < this.#text.length) {
      const length = this.#step(final);
      if (length === WAIT) break;
      this.#advance(length);
    }
    this.#offset += this.#at;
    this.#text = this.#text.slice(this.#at);
    this.#at = 0;
    return this.#output.take();
  }

  #advance(length: number): void {
    const end = this.#at + length;
    const last = charBefore(this.#text, end);
    this.#before = last === "\n" ? "" : last;
    this.#at = end;
  }

  /** Reads what is next and tells how long it was, or WAIT. */
  #step(final: boolean): number {
    const text = this.#text;
    const at = this.#at;
    const char = charAt(text, at);
    if (/^[\ud800-\udbff]$/.test(char) && at + 1 >= text.length && !final) return WAIT;
    if (this.#unread.active) {
      const length = this.#unread.lengthAt(text, at, final);
      return length === WAIT ? WAIT : this.#skip(length);
    }
    if (this.#lineStart) {
      const length = this.#beginLine(final);
      if (length !== undefined) return length;
    }
    if (this.#inAddress) {
      if (continuesAddress(char)) return this.#skip(char.length);
      this.#inAddress = false;
    }
    const link = this.#links.at(-1);
    if (link && link.at <= this.#offset + at) {
      this.#links.pop();
      if (link.at === this.#offset + at) return this.#skip(link.length);
    }
    if (char === "\n" || char === "\r") return this.#newline(final);
    if (char === "`") return this.#backticks(final);
    if (/\s/.test(char)) {
      SPACES.lastIndex = at;
      const length = SPACES.exec(text)?.[0].length ?? char.length;
      this.#output.space(text.slice(at, at + length));
      this.#word = 0;
      if (this.#code) this.#code.length += length;
      return length;
    }
    return (this.#code ? undefined : this.#markup(char, final)) ?? this.#plain(char, final);
  }

  /** What is markup outside of code; undefined for plain text. */
  #markup(char: string, final: boolean): number | undefined {
    switch (char) {
      case "*":
      case "_":
      case "~":
        return this.#emphasis(char, final);
      case "!":
      case "[":
        return this.#bracket(char, final);
      case "<":
        return this.#angle(final);
      case "&":
        return this.#entity(final);
      case "\\":
        return this.#backslash(final);
      case "$":
        return this.#dollar(final);
      case "|":
        return this.#output.bar() ? 1 : undefined;
      default:
        return undefined;
    }
  }

  #beginLine(final: boolean): number | undefined {
    const mark = this.#at;
    const start = lineStart(this.#text, mark, final);
    const newline = this.#text.indexOf("\n", mark);
    if (start.type === "wait") return WAIT;
    if (start.type === "drop") {
      this.#marks.clear();
      return this.#skip((newline < 0 ? this.#text.length : newline + 1) - mark);
    }
    if (start.type === "fence") {
      const opened = this.#unread.openFence(this.#text, mark, start, final);
      // "```code```" in one line: the line goes on.
      this.#lineStart = this.#unread.active || opened === WAIT;
      return opened === WAIT ? WAIT : this.#skip(opened);
    }
    this.#lineStart = false;
    const blank = /[\n\r]/.test(this.#text[mark] as string);
    if (blank || start.item) this.#marks.clear();
    if (start.row) this.#output.beginRow();
    if (start.skip === 0) return undefined;
    this.#output.skip(this.#text.slice(mark, mark + start.skip), true);
    this.#word = 0;
    return start.skip;
  }

  #newline(final: boolean): number {
    const text = this.#text;
    if (text[this.#at] === "\r" && this.#at + 1 >= text.length && !final) return WAIT;
    const length = text.startsWith("\r\n", this.#at) ? 2 : 1;
    this.#output.newline(text.slice(this.#at, this.#at + length));
    this.#lineStart = true;
    this.#code = undefined;
    this.#word = 0;
    return length;
  }

  #backticks(final: boolean): number {
    const count = this.#runOf("`");
    if (this.#at + count >= this.#text.length && !final && count < MAX_MARKS) return WAIT;
    if (this.#code) {
      if (this.#code.ticks !== count) return this.#say(count);
      this.#code = undefined;
      return this.#skip(count);
    }
    if (count >= 3) this.#unread.until("`".repeat(count));
    else this.#code = { ticks: count, length: 0 };
    return this.#skip(count, true);
  }

  #emphasis(char: string, final: boolean): number | undefined {
    if (char === "*") {
      const keycap = keycapAt(this.#text, this.#at, final);
      if (keycap !== 0) return keycap < 0 ? WAIT : this.#pictogram(keycap);
    }
    const count = this.#runOf(char);
    if (this.#at + count >= this.#text.length && !final && count < MAX_MARKS) return WAIT;
    const next = charAt(this.#text, this.#at + count);
    const said = emphasisAt({ char, count, before: this.#before, next, word: this.#word, open: this.#marks });
    return said === "literal" ? this.#say(count) : this.#skip(count, said === "opens");
  }

  #bracket(char: string, final: boolean): number | undefined {
    const image = char === "!" ? 1 : 0;
    const next = this.#text[this.#at + image];
    if (next === undefined && !final) return WAIT;
    if (next !== "[") return undefined;
    const found = linkAt(this.#text, this.#at + image, image ? "" : this.#before, final);
    if (found.type === "wait") return WAIT;
    if (found.type === "none") return undefined;
    if (found.type === "note") return this.#skip(image + found.length);
    this.#links.push({ at: this.#offset + found.close, length: found.length });
    return this.#skip(image + 1, true);
  }

  #angle(final: boolean): number | undefined {
    const found = bracketedAt(this.#text, this.#at, final);
    if (found.type === "wait") return WAIT;
    if (found.type === "none") return undefined;
    if (found.type === "link") return this.#unit(found.length, this.#link);
    if (found.spoken === "") this.#skip(found.length, this.#text[this.#at + 1] !== "/");
    else this.#unit(found.length, found.spoken);
    if (found.until !== undefined) this.#unread.until(found.until);
    return found.length;
  }

  #entity(final: boolean): number | undefined {
    ENTITY.lastIndex = this.#at;
    const found = ENTITY.exec(this.#text)?.[0];
    if (found === undefined) {
      const open = /^&#?[a-z0-9]{0,32}$/i.test(this.#text.slice(this.#at, this.#at + 40));
      return open && !final ? WAIT : undefined;
    }
    const decoded = decodeEntity(found);
    if (decoded === undefined) return undefined;
    if (/^\s*$/.test(decoded)) {
      if (decoded !== "") this.#output.unit(found, " ");
      else this.#output.skip(found);
      this.#word = 0;
      return found.length;
    }
    return isPictogram(decoded) ? this.#pictogram(found.length) : this.#unit(found.length, decoded);
  }

  #backslash(final: boolean): number | undefined {
    const next = this.#text[this.#at + 1];
    if (next === undefined) return final ? undefined : WAIT;
    if (next === "(" || next === "[") {
      const closing = next === "(" ? "\\)" : "\\]";
      const window = this.#text.slice(this.#at, this.#at + MAX_FORMULA).split(/\n[^\S\n]*\n/, 2);
      const [formula = ""] = window;
      const end = formula.indexOf(closing, 2);
      if (end > 0) return this.#unit(end + 2, sayFormula(formula.slice(2, end)));
      if (!final && window.length === 1 && formula.length < MAX_FORMULA) return WAIT;
    }
    if (next === "\n" || next === "\r") return this.#skip(1);
    return ESCAPABLE.test(next) ? this.#unit(2, next) : undefined;
  }

  #dollar(final: boolean): number | undefined {
    const length = formulaAt(this.#text, this.#at, final);
    if (length <= 0) return length < 0 ? WAIT : undefined;
    const marks = this.#text.startsWith("$$", this.#at) ? 2 : 1;
    return this.#unit(length, sayFormula(this.#text.slice(this.#at + marks, this.#at + length - marks)));
  }

  #plain(char: string, final: boolean): number {
    const text = this.#text;
    const at = this.#at;
    if (/[0-9#]/.test(char)) {
      const keycap = keycapAt(text, at, final);
      if (keycap !== 0) return keycap < 0 ? WAIT : this.#pictogram(keycap);
      return this.#say(1);
    }
    if (this.#word === 0 && /[hfw]/i.test(char)) {
      const length = addressAt(text, at, final);
      if (length < 0) return WAIT;
      if (length > 0) {
        this.#inAddress = length >= MAX_ADDRESS;
        return this.#unit(length, this.#link);
      }
    }
    if (isPictogram(char) || (char === "\u200d" && this.#afterPictogram)) return this.#pictogram(char.length);
    if (/^[\ud800-\udfff]$/.test(char)) return this.#skip(1);
    WORD.lastIndex = at;
    const word = /\p{L}/u.test(char) ? (WORD.exec(text)?.[0].replace(/[0-9]+$/, "") ?? char) : char;
    return this.#say(word.length === 0 ? char.length : word.length);
  }

  #runOf(char: string): number {
    let count = 1;
    while (this.#text[this.#at + count] === char && count < MAX_MARKS) count++;
    return count;
  }

  #say(length: number): number {
    const said = this.#text.slice(this.#at, this.#at + length);
    this.#output.say(said);
    this.#afterPictogram = false;
    const last = charBefore(said, said.length);
    this.#word = /[\p{L}\p{N}\p{M}]/u.test(last) && !isUnspaced(last) ? this.#word + length : 0;
    if (this.#code) {
      this.#code.length += length;
      if (this.#code.length > MAX_INLINE_CODE) this.#code = undefined;
    }
    return length;
  }

  #unit(length: number, spoken: string): number {
    this.#output.unit(this.#text.slice(this.#at, this.#at + length), spoken);
    this.#afterPictogram = false;
    this.#word = 0;
    return length;
  }

  #skip(length: number, opens = false): number {
    this.#output.skip(this.#text.slice(this.#at, this.#at + length), opens);
    return length;
  }

  #pictogram(length: number): number {
    this.#afterPictogram = true;
    this.#word = 0;
    return this.#skip(length);
  }
}
