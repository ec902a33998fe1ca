/** Where text is cut for the voice. */
export interface SentenceOptions {
  /** A first piece may end at a comma once it is this long, so that speech begins early. Default 24 characters. */
  readonly firstClauseChars?: number;
  /** A piece is never longer: it is cut at the last clause or word before. Default 240 characters. */
  readonly maxChars?: number;
}

/** Abbreviations whose full stop ends no sentence. */
const ABBREVIATIONS =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|a\.m|p\.m|no|fig|inc|ltd|jr|sr|approx|dept|est|[a-z])\.$/i;
const TERMINATORS = ".!?…。！？";
const CLOSERS = "\"'”’)]»」』";
const FULL_WIDTH = "。！？";

/**
 * Cuts a growing text into pieces a voice can speak on their own: sentences, line breaks, and for the very first piece a clause.
 * Push text as it comes, take the pieces it returns, `flush` at the end.
 */
export class SentenceSplitter {
  readonly #firstClauseChars: number;
  readonly #maxChars: number;
  #buffer = "";
  #first = true;

  constructor(options: SentenceOptions = {}) {
    this.#firstClauseChars = options.firstClauseChars ?? 24;
    this.#maxChars = options.maxChars ?? 240;
  }

  push(text: string): string[] {
    this.#buffer += text;
    const pieces: string[] = [];
    for (let end = this.#cut(); end > 0; end = this.#cut()) {
      const piece = this.#buffer.slice(0, end).trim();
      this.#buffer = this.#buffer.slice(end);
      if (piece === "") continue;
      pieces.push(piece);
      this.#first = false;
    }
    return pieces;
  }

  flush(): string[] {
    const rest = this.#buffer.trim();
    this.#buffer = "";
    this.#first = true;
    return rest === "" ? [] : [rest];
  }

  /** The end of the next piece in the buffer, or 0 when more text is needed to know. */
  #cut(): number {
    const text = this.#buffer;
    for (let i = 0; i < text.length; i++) {
      const char = text[i] as string;
      if (char === "\n" && text.slice(0, i).trim() !== "") return i + 1;
      if (TERMINATORS.includes(char)) {
        const end = this.#sentenceEnd(i);
        if (end > 0) return end;
      } else if (
        this.#first &&
        ",;:—".includes(char) &&
        i + 1 >= this.#firstClauseChars &&
        /\s/.test(text[i + 1] ?? "")
      ) {
        return i + 1;
      }
    }
    return text.length > this.#maxChars ? this.#forcedCut() : 0;
  }

  /** Where the sentence that a terminator at `at` may end does end; 0 when it ends none or that is not known yet. */
  #sentenceEnd(at: number): number {
    const text = this.#buffer;
    let end = at + 1;
    while (end < text.length && (TERMINATORS.includes(text[end] as string) || CLOSERS.includes(text[end] as string)))
      end++;
    if (FULL_WIDTH.includes(text[at] as string)) return end;
    // What follows decides, and it is not there yet.
    if (end >= text.length) return 0;
    if (!/\s/.test(text[end] as string)) return 0;
    const upTo = text.slice(0, at + 1);
    if (text[at] === "." && ABBREVIATIONS.test(upTo)) {
      // "at 5 p.m. Then": a capital begins a new sentence. "Dr. Smith": it does not.
      const next = /^\s+(\S)/.exec(text.slice(end))?.[1];
      if (next === undefined) return 0;
      if (!/[ap]\.m\.$/i.test(upTo) || next !== next.toUpperCase() || next === next.toLowerCase()) return 0;
    }
    // "1. First": the number of a list item is no sentence.
    if (/^\s*\d+\.$/.test(upTo)) return 0;
    return end;
  }

  #forcedCut(): number {
    const head = this.#buffer.slice(0, this.#maxChars);
    const clause = Math.max(head.lastIndexOf(", "), head.lastIndexOf("; "), head.lastIndexOf(": "));
    if (clause > this.#maxChars / 3) return clause + 1;
    const space = head.lastIndexOf(" ");
    return space > 0 ? space : this.#maxChars;
  }
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
