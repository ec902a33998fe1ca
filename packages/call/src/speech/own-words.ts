/** Words of the assistant that its own loudspeaker may bring back at most. */
const MAX_WORDS = 120;
/** As many words in a row are no coincidence: on a line where an echo is suspected, and on any other, where "the large one" is an answer. */
const LEAST_WORDS = 3;
const LEAST_UNSUSPECTED = 5;
/** Words of one transcript that are looked at: an echo is known by its beginning. */
const MOST_WORDS = 40;
/** The share of words that must be found in their order: recognisers mishear echo. */
const SHARE = 0.85;

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** What the assistant said last, to know its own words when a microphone hears its loudspeaker. */
export class OwnWords {
  #words: string[] = [];
  #least = LEAST_UNSUSPECTED;

  /** The line has an echo. */
  suspect(): void {
    this.#least = LEAST_WORDS;
  }

  /** This is given to the voice. */
  said(text: string): void {
    this.#words = [...this.#words, ...wordsOf(text)].slice(-MAX_WORDS);
  }

  /** Whether a transcript is mostly what was said, in its order: five words at least, three where an echo is suspected; of seven and more one in seven may be misheard. */
  isEcho(text: string): boolean {
    const heard = wordsOf(text).slice(0, MOST_WORDS);
    if (heard.length < this.#least) return false;
    const wanted = Math.ceil(heard.length * SHARE);
    // What was misheard may have been split or joined.
    const window = heard.length + 2;
    for (let from = 0; from <= this.#words.length - wanted; from++) {
      if (inOrder(heard, this.#words.slice(from, from + window)) >= wanted) return true;
    }
    return false;
  }
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text.toLowerCase())) if (isWordLike) words.push(segment);
  return words;
}

/** How many of these words stand in the others, in the same order. */
function inOrder(words: readonly string[], others: readonly string[]): number {
  let before = new Uint16Array(others.length + 1);
  for (const word of words) {
    const row = new Uint16Array(others.length + 1);
    for (const [i, other] of others.entries())
      row[i + 1] = word === other ? (before[i] as number) + 1 : Math.max(before[i + 1] as number, row[i] as number);
    before = row;
  }
  return before.at(-1) as number;
}
