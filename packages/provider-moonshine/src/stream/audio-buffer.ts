import { BLOCK, Levels } from "./levels.ts";

/** Kept around speech when the quiet before and after it is left away, in samples: 300 ms before, 240 ms after. */
const LEAD = 4_800;
export const TAIL = 3_840;
/** Quiet after speech that a decode must at least have seen of it, in samples: 100 ms. */
export const SEEN = 1_600;
/** Length of the stretch that a long speech is cut in, in blocks: 200 ms. */
const CUT_BLOCKS = 10;

/** A stretch of a stream, in samples since its beginning. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The audio of a stream that has not been settled, at 16 kHz. Grows as it comes, and is bounded by whoever fills it. */
export class AudioBuffer {
  readonly #levels = new Levels();
  #samples = new Int16Array(16_000);
  /** Position of the first sample held. */
  #start = 0;
  #length = 0;

  get start(): number {
    return this.#start;
  }

  /** Position after the last sample held. */
  get end(): number {
    return this.#start + this.#length;
  }

  push(samples: Int16Array): void {
    const needed = this.#length + samples.length;
    if (needed > this.#samples.length) {
      const grown = new Int16Array(Math.max(needed, this.#samples.length * 2));
      grown.set(this.#samples.subarray(0, this.#length));
      this.#samples = grown;
    }
    this.#samples.set(samples, this.#length);
    this.#length = needed;
    for (let at = this.#levels.count * BLOCK; at + BLOCK <= needed; at += BLOCK) {
      this.#levels.add(this.#samples.subarray(at, at + BLOCK));
    }
  }

  /** Where somebody seems to speak, with some of the quiet around it; undefined where all is silence. */
  speech(): Span | undefined {
    const loud = this.#loud();
    return loud && { from: Math.max(this.#start, loud.from - LEAD), to: Math.min(this.end, loud.to + TAIL) };
  }

  /** How long it has been quiet since somebody spoke, in samples; 0 where nobody has. */
  quiet(): number {
    const loud = this.#loud();
    return loud === undefined ? 0 : this.end - loud.to;
  }

  /** Whether a decode of `span` has seen all the speech there is. */
  covers(span: Span): boolean {
    const loud = this.#loud();
    if (!loud) return true;
    return span.from <= loud.from && span.to >= Math.min(this.end, loud.to + SEEN);
  }

  /** The middle of the quietest 200 ms within a stretch. */
  quietest({ from, to }: Span): number {
    const first = Math.ceil((from - this.#start) / BLOCK);
    const last = Math.floor((to - this.#start) / BLOCK) - CUT_BLOCKS;
    let best = first;
    let least = Number.POSITIVE_INFINITY;
    for (let block = first; block <= last; block++) {
      let power = 0;
      for (let i = block; i < block + CUT_BLOCKS; i++) power += 10 ** (this.#levels.at(i) / 10);
      // Of equals the later one: the longer piece is the better transcribed one.
      if (power <= least) {
        least = power;
        best = block;
      }
    }
    return this.#start + (best + CUT_BLOCKS / 2) * BLOCK;
  }

  /** A copy of what is held of a stretch. */
  slice({ from, to }: Span): Int16Array {
    return this.#samples.slice(Math.max(0, from - this.#start), Math.max(0, Math.min(this.#length, to - this.#start)));
  }

  /** Forgets what lies before `position`, to the block. */
  drop(position: number): void {
    const blocks = Math.min(this.#levels.count, Math.floor((position - this.#start) / BLOCK));
    if (blocks <= 0) return;
    const count = blocks * BLOCK;
    this.#levels.drop(blocks);
    // A copy of what is left, so that a long speech's memory is given back.
    this.#samples = this.#samples.slice(count, this.#length);
    this.#start += count;
    this.#length -= count;
  }

  #loud(): Span | undefined {
    const loud = this.#levels.loud();
    return loud && { from: this.#start + loud.first * BLOCK, to: this.#start + (loud.last + 1) * BLOCK };
  }
}
