/** A stretch of audio in its place on the time line, in samples. */
interface Piece {
  readonly at: number;
  readonly samples: Int16Array;
}

/** One side of a call on the time line: audio where there was some, in any order; what is laid later covers what was there. */
export class Lane {
  readonly #pieces: Piece[] = [];
  #end = 0;

  /** Where the newest audio ends. */
  get end(): number {
    return this.#end;
  }

  lay(at: number, samples: Int16Array): void {
    this.#pieces.push({ at, samples });
    this.#end = Math.max(this.#end, at + samples.length);
  }

  /** What lies between two places, as an array of its own; undefined for silence. */
  read(from: number, to: number): Int16Array | undefined {
    let out: Int16Array | undefined;
    for (const { at, samples } of this.#pieces) {
      const [begin, end] = [Math.max(from, at), Math.min(to, at + samples.length)];
      if (begin >= end) continue;
      out ??= new Int16Array(to - from);
      out.set(samples.subarray(begin - at, end - at), begin - from);
    }
    return out;
  }

  /** Nobody will ask for what lies before `at`. */
  forget(at: number): void {
    const pieces = this.#pieces;
    let over = 0;
    while (over < pieces.length && endOf(pieces[over] as Piece) <= at) over++;
    if (over > 0) pieces.splice(0, over);
  }
}

const endOf = ({ at, samples }: Piece): number => at + samples.length;
