import type { WordTiming } from "@roomkit/core";

/** Characters and when each is spoken, in ms since the beginning of the message they came with. */
export interface Alignment {
  readonly chars: readonly string[];
  readonly startMs: readonly number[];
  readonly durationMs: readonly number[];
}

/** Writing without spaces: there every character is a word to us. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const MARK = /[\p{P}\p{S}\p{M}]/u;

/** Makes words of characters; a word may lie in several messages. */
export class WordBuilder {
  #text = "";
  #startMs = 0;
  #endMs = 0;

  /** @param fromMs where the message's audio begins in the utterance. Returns the words that are complete now. */
  add({ chars, startMs, durationMs }: Alignment, fromMs: number): WordTiming[] {
    const words: WordTiming[] = [];
    chars.forEach((char, i) => {
      // What is missing lies where the character before it ended.
      const start = startMs[i] === undefined ? Math.max(fromMs, this.#endMs) : fromMs + startMs[i];
      if (/^\s*$/.test(char)) {
        words.push(...this.flush());
        return;
      }
      if (this.#text !== "" && !MARK.test(char) && (UNSPACED.test(char) || UNSPACED.test(this.#text))) {
        words.push(...this.flush());
      }
      if (this.#text === "") this.#startMs = start;
      this.#text += char;
      this.#endMs = start + (durationMs[i] ?? 0);
    });
    return words;
  }

  /** The word that was begun. */
  flush(): WordTiming[] {
    const text = this.#text;
    this.#text = "";
    if (text === "") return [];
    return [{ text, startMs: Math.round(this.#startMs), endMs: Math.round(this.#endMs) }];
  }
}
