interface Chunk {
  readonly offset: number;
  readonly samples: Int16Array;
}

/**
 * The audio of one utterance that has arrived and not been read: put in order by sample offset, read from the front.
 * What comes twice or too late is dropped; what is missing shows as a gap.
 */
export class UtteranceBuffer {
  readonly utterance: number;
  #chunks: Chunk[] = [];
  #position = 0;
  #buffered = 0;
  #ended = false;

  constructor(utterance: number) {
    this.utterance = utterance;
  }

  /** Offset of the next sample to be read. */
  get position(): number {
    return this.#position;
  }

  /** Samples held, those behind a gap too. */
  get buffered(): number {
    return this.#buffered;
  }

  /** No more audio will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ended, and everything read. */
  get finished(): boolean {
    return this.#ended && this.#chunks.length === 0;
  }

  /** Samples missing before the next one that is here; 0 when nothing is missing, or nothing is here. */
  get gap(): number {
    const next = this.#chunks[0];
    return next === undefined ? 0 : next.offset - this.#position;
  }

  end(): void {
    this.#ended = true;
  }

  /** Adds audio; returns how many of its samples were new. Takes the array over. */
  insert(offset: number, samples: Int16Array): number {
    let accepted = 0;
    let from = Math.max(offset, this.#position);
    const until = offset + samples.length;
    // Nearly always one step: behind everything that is here.
    let index = this.#chunks.length;
    while (index > 0 && (this.#chunks[index - 1] as Chunk).offset > from) index--;
    if (index > 0) from = Math.max(from, chunkEnd(this.#chunks[index - 1] as Chunk));
    while (from < until) {
      const next = this.#chunks[index];
      const stop = next === undefined ? until : Math.min(until, next.offset);
      if (stop > from) {
        this.#chunks.splice(index, 0, { offset: from, samples: samples.subarray(from - offset, stop - offset) });
        accepted += stop - from;
        index++;
      }
      if (next === undefined) break;
      from = Math.max(stop, chunkEnd(next));
      index++;
    }
    this.#buffered += accepted;
    return accepted;
  }

  /** Reads up to `length` samples that follow each other into `target` as floats (-1 to 1); returns how many there were. */
  read(target: Float32Array, length: number): number {
    let done = 0;
    while (done < length) {
      const chunk = this.#chunks[0];
      if (chunk === undefined || chunk.offset > this.#position) break;
      const count = Math.min(length - done, chunk.samples.length);
      for (let i = 0; i < count; i++) target[done + i] = (chunk.samples[i] as number) / 32_768;
      done += count;
      this.#position += count;
      if (count === chunk.samples.length) this.#chunks.shift();
      else this.#chunks[0] = { offset: chunk.offset + count, samples: chunk.samples.subarray(count) };
    }
    this.#buffered -= done;
    return done;
  }

  /** Gives up on what is missing before the next sample that is here; returns how many samples that was. */
  skipGap(): number {
    const { gap } = this;
    this.#position += gap;
    return gap;
  }
}

function chunkEnd(chunk: Chunk): number {
  return chunk.offset + chunk.samples.length;
}
