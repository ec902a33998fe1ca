/** Loudness is looked at in blocks of so many samples: 20 ms at 16 kHz. */
export const BLOCK = 320;

/** Levels in dBFS: below the lowest there is nothing to hear. */
const LOWEST = -70;
/** Nobody has spoken yet where nothing was louder. */
const INAUDIBLE = -60;
/** Quiet is what is within 8 dB of the background and 20 dB below the loud parts: both, so that no soft speech is lost. */
const ABOVE_BACKGROUND = 8;
const BELOW_SPEECH = 20;

/** The levels of a growing stretch of audio, and what in it is quiet compared with the rest. */
export class Levels {
  readonly #levels: number[] = [];
  /** How many blocks have each whole number of dB, from LOWEST to 0: percentiles without sorting. */
  readonly #counts: number[] = new Array<number>(-LOWEST + 1).fill(0);

  /** Blocks so far. */
  get count(): number {
    return this.#levels.length;
  }

  /** The level of a block, in whole dBFS. */
  at(block: number): number {
    return this.#levels[block] ?? LOWEST;
  }

  /** Adds the next block. */
  add(samples: Int16Array): void {
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
    const db = 10 * Math.log10(sum / samples.length / 32_768 ** 2 + 1e-12);
    const level = Math.round(Math.min(0, Math.max(LOWEST, db)));
    this.#levels.push(level);
    this.#tally(level, 1);
  }

  /** Forgets the oldest blocks. */
  drop(blocks: number): void {
    for (const level of this.#levels.splice(0, blocks)) this.#tally(level, -1);
  }

  /** The first and the last block that are not quiet; undefined where all are. */
  loud(): { readonly first: number; readonly last: number } | undefined {
    const speech = this.#percentile(0.95);
    if (speech < INAUDIBLE) return undefined;
    const background = this.#percentile(0.1);
    const bound = Math.max(LOWEST + 1, Math.min(background + ABOVE_BACKGROUND, speech - BELOW_SPEECH));
    const first = this.#levels.findIndex((level) => level > bound);
    if (first < 0) return undefined;
    let last = this.#levels.length - 1;
    while (this.at(last) <= bound) last--;
    return { first, last };
  }

  #tally(level: number, by: number): void {
    this.#counts[level - LOWEST] = (this.#counts[level - LOWEST] ?? 0) + by;
  }

  #percentile(share: number): number {
    let left = share * this.#levels.length;
    for (let i = 0; i < this.#counts.length; i++) {
      left -= this.#counts[i] as number;
      if (left < 0) return LOWEST + i;
    }
    return 0;
  }
}
