import { charAt, charBefore, graphemeStart, isUnspaced } from "@roomkit/core";
import { isNewline, MAX_LOOKAHEAD, NONE, sentenceEnd, WAIT } from "./sentence-ends.ts";

/** Where text is cut for the voice. */
export interface SentenceOptions {
  /** A first piece may end at a comma once it is this long, so that speech begins early. Default 24 characters. */
  readonly firstClauseChars?: number | undefined;
  /** A piece is never longer: it is cut at the last clause or word before, at least 16. Default 240 characters. */
  readonly maxChars?: number | undefined;
}

const MIN_MAX_CHARS = 16;
/** A forced cut has to know whether what follows belongs to the character before. */
const GRAPHEME_LOOKAHEAD = 4;
/** Where a piece that is too long is cut: after a clause, or a sentence of which that was not certain. */
const CLAUSES = /[,;:.!?…—]["'”’)\]]*(?=\s)|[，、；：，。！？،؛၊]/gu;

/**
 * Cuts a growing text into pieces a voice can speak on their own: sentences, line breaks, and for the very first piece a clause.
 * Push text as it comes, take the pieces it returns, `flush` at the end. The pieces depend on the text alone, not on how it comes;
 * the splitter keeps no more than one piece and a short look ahead, however long a text goes on without an end.
 */
export class SentenceSplitter {
  readonly #firstClauseChars: number;
  readonly #maxChars: number;
  /** Begins with the piece: white space before it is let go at once. */
  #buffer = "";
  /** No piece ends before. */
  #scanned = 0;
  /** Where in the whole text the buffer begins. */
  #offset = 0;
  #first = true;

  constructor(options: SentenceOptions = {}) {
    this.#firstClauseChars = options.firstClauseChars ?? 24;
    this.#maxChars = Math.max(MIN_MAX_CHARS, options.maxChars ?? 240);
  }

  push(text: string): string[] {
    return this.#cutAll(text, false).map(({ piece }) => piece);
  }

  /** The pieces that are left. The next text is a new one. */
  flush(): string[] {
    return this.flushEnds().map(({ piece }) => piece);
  }

  /** {@link push}, with where in the text since the last flush each piece ends, in characters. */
  pushEnds(text: string): { readonly piece: string; readonly end: number }[] {
    return this.#cutAll(text, false);
  }

  /** {@link flush}, with ends as {@link pushEnds} tells them. */
  flushEnds(): { readonly piece: string; readonly end: number }[] {
    const pieces = this.#cutAll("", true);
    this.#first = true;
    this.#offset = 0;
    return pieces;
  }

  #cutAll(text: string, final: boolean): { piece: string; end: number }[] {
    const pieces: { piece: string; end: number }[] = [];
    // In portions, so that a long text is never copied once for each of its pieces.
    const portion = this.#maxChars + MAX_LOOKAHEAD;
    for (let at = 0; at < text.length || (final && at === 0); at += portion) {
      this.#buffer += text.slice(at, at + portion);
      for (;;) {
        this.#skipSpace();
        const end = this.#cut(final);
        if (end <= 0) break;
        pieces.push({ piece: this.#buffer.slice(0, end).trim(), end: this.#offset + end });
        this.#drop(end);
        this.#first = false;
      }
    }
    return pieces;
  }

  #skipSpace(): void {
    if (this.#scanned > 0) return;
    const skipped = this.#buffer.length - this.#buffer.trimStart().length;
    if (skipped > 0) this.#drop(skipped);
  }

  #drop(length: number): void {
    this.#buffer = this.#buffer.slice(length);
    this.#offset += length;
    this.#scanned = 0;
  }

  /** The end of the next piece in the buffer, or 0 when more text is needed to know. */
  #cut(final: boolean): number {
    const text = this.#buffer;
    const until = Math.min(text.length, this.#maxChars);
    for (let i = this.#scanned; i < until; i++) {
      this.#scanned = i;
      const end = this.#endAt(i, final);
      if (end === WAIT) return 0;
      if (end !== NONE && end <= this.#maxChars) return end;
    }
    this.#scanned = until;
    if (text.length > this.#maxChars) {
      return final || text.length >= this.#maxChars + GRAPHEME_LOOKAHEAD ? forcedCut(text, this.#maxChars) : 0;
    }
    return final ? text.trimEnd().length : 0;
  }

  #endAt(at: number, final: boolean): number {
    const text = this.#buffer;
    const char = text[at] as string;
    if (isNewline(char)) return at + 1;
    if (this.#first && at + 1 >= this.#firstClauseChars && ",;:—،؛".includes(char)) {
      if (at + 1 >= text.length) return final ? NONE : WAIT;
      if (/\s/.test(text[at + 1] as string)) return at + 1;
    }
    return sentenceEnd(text, at, 0, final);
  }
}

/** Where a text that is longer than `most` has to be cut: after a clause, else between words, else between characters. */
function forcedCut(text: string, most: number): number {
  const head = text.slice(0, most + 1);
  let clause = 0;
  for (const match of head.matchAll(CLAUSES)) {
    const end = match.index + match[0].length;
    if (end <= most) clause = end;
  }
  if (clause > most / 3) return clause;
  for (let at = most; at > most / 3; at--) if (/\s/.test(text[at] as string)) return at;
  // In a script without spaces: anywhere but inside a word of another.
  for (let at = most; at > most / 3; at--) {
    const next = charAt(text, at);
    const between = isUnspaced(next) && isUnspaced(charBefore(text, at)) && !/[\p{Pe}\p{Pf}\p{Po}ー]/u.test(next);
    if (between && graphemeStart(text, at) === at) return at;
  }
  for (let at = Math.floor(most / 3); at > 0; at--) if (/\s/.test(text[at] as string)) return at;
  const grapheme = graphemeStart(text, most);
  // One character that is longer than a piece: at least not between surrogates.
  return grapheme > 0 ? grapheme : most - (/[\udc00-\udfff]/.test(text[most] ?? "") ? 1 : 0);
}

/** The pieces of a streamed text. */
export async function* splitSentences(
  text: AsyncIterable<string>,
  options?: SentenceOptions,
): AsyncGenerator<string, void, undefined> {
  const splitter = new SentenceSplitter(options);
  for await (const delta of text) yield* splitter.push(delta);
  yield* splitter.flush();
}
