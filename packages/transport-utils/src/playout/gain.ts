/** How loud the listener is spoken to. A change takes the length of one frame, so that it is not heard as a click. */
export class PlayoutGain {
  #now = 1;
  #wanted = 1;
  /** At the end of what was given out last, and not taken yet. */
  #given = 1;

  /** @param db 0 or less; what is more, or no number, is 0. */
  set(db: number): void {
    this.#wanted = db < 0 ? 10 ** (db / 20) : 1;
  }

  /** The samples as they are to be heard: themselves where nothing is changed. The change goes on from them once they were {@link taken}. */
  apply(samples: Int16Array): Int16Array {
    const from = this.#now;
    const to = this.#wanted;
    this.#given = from;
    if (samples.length === 0 || (from === 1 && to === 1)) return samples;
    this.#given = to;
    const step = (to - from) / samples.length;
    return samples.map((sample, i) => Math.round(sample * (from + step * (i + 1))));
  }

  /** What {@link apply} gave last has gone out: what is refused is asked for again, and its change begins again. */
  taken(): void {
    this.#now = this.#given;
  }
}
