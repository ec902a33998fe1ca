import { keepNewest } from "@roomkit/core";
import type { PlayoutFrame } from "@roomkit/transport-utils";

/** Most marks that wait to come back; the oldest is forgotten first. */
const MOST_OUTSTANDING = 64;

interface Mark {
  readonly utterance: number;
  /** Samples of the utterance before the mark. */
  readonly samples: number;
}

/**
 * The marks put between a telephone call's audio. The provider returns one when it has played what came before it, in order; and all
 * that are outstanding at once when it is told to drop its audio, so that after a clear none of those counts.
 *
 * | what comes back                          | what it means                                              |
 * | ---------------------------------------- | ---------------------------------------------------------- |
 * | the oldest outstanding                   | played up to there                                         |
 * | a later one                              | played up to there, and everything before it               |
 * | one that was outstanding at a clear      | nothing: dropped, not played                               |
 * | one already returned, or before it       | nothing: a double, or late                                 |
 * | one never sent                           | nothing: somebody else's, or made up                       |
 * | one forgotten because too many were out  | nothing; a later one says more                             |
 */
export class Marks {
  readonly #everySamples: number;
  readonly #outstanding = new Map<string, Mark>();
  #count = 0;
  /** Utterance and position of the last mark. */
  #last: Mark = { utterance: 0, samples: 0 };

  /** @param everySamples of an utterance's audio between two marks, at most a frame more. */
  constructor(everySamples: number) {
    this.#everySamples = everySamples;
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  /** The name of the mark to put behind a frame that was sent; undefined when none is due. */
  after({ number: utterance, offset, samples: audio, end }: PlayoutFrame): string | undefined {
    const samples = offset + audio.length;
    const since = utterance === this.#last.utterance ? samples - this.#last.samples : samples;
    if (since <= 0 || (!end && since < this.#everySamples)) return undefined;
    const name = `roomkit-${++this.#count}`;
    this.#last = { utterance, samples };
    this.#outstanding.set(name, this.#last);
    keepNewest(this.#outstanding, MOST_OUTSTANDING);
    return name;
  }

  /** A mark came back: what has been played by it, in order; nothing when it says nothing. */
  returned(name: string): readonly Mark[] {
    if (!this.#outstanding.has(name)) return [];
    const played: Mark[] = [];
    for (const [each, mark] of this.#outstanding) {
      this.#outstanding.delete(each);
      // Of each utterance the last says it all.
      if (played.at(-1)?.utterance === mark.utterance) played.pop();
      played.push(mark);
      if (each === name) break;
    }
    return played;
  }

  /** The provider was told to drop its audio. */
  clear(): void {
    this.#outstanding.clear();
  }
}
