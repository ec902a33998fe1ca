import { joinTexts } from "@roomkit/core";

/**
 * What a recogniser has said of one stretch of speech so far: its finals, then its guess. Late words do no harm: a guess that only
 * repeats what is settled is not said twice, and a guess that had to be taken for settled gives way to the final that brings it.
 */
export class TranscriptText {
  #finals: string[] = [];
  #partial = "";
  /** The last of the finals was a guess when its stream ended. */
  #guessed = false;

  get text(): string {
    return joinTexts([...this.#finals, this.#partial]);
  }

  /** Whether nothing of it is a guess, and there is something. */
  get settled(): boolean {
    return this.#finals.length > 0 && this.#partial === "" && !this.#guessed;
  }

  add(part: { readonly type: "partial" | "final"; readonly text: string }): void {
    const text = part.text.trim();
    this.#partial = part.type === "partial" ? text : "";
    if (part.type === "partial" || text === "") return;
    if (this.#guessed && wordsAfter(text, this.#finals.at(-1) ?? "") !== undefined) this.#finals.pop();
    this.#guessed = false;
    this.#finals.push(text);
  }

  /** The stream it came from is over: a guess after the last final counts, nothing said is lost. */
  settle(): void {
    const partial = this.#partial;
    this.#partial = "";
    if (partial === "" || wordsAfter(this.#finals.at(-1) ?? "", partial) !== undefined) return;
    this.#finals.push(partial);
    this.#guessed = true;
  }
}

/** What `text` says after `beginning`, in its own spelling; undefined when it does not begin with those words. */
export function wordsAfter(text: string, beginning: string): string | undefined {
  const [words, first] = [text, beginning].map((each) => each.split(/\s+/).filter((word) => plain(word) !== ""));
  const begins = first?.every((word, i) => plain(word) === plain(words?.[i] ?? ""));
  return begins ? words?.slice(first?.length).join(" ") : undefined;
}

/** Recognisers add capitals and punctuation to what they settle. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]/gu, "");
}
