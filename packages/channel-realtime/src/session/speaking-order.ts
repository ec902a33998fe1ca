/** A place in the order of speaking, kept for words that are not known yet. */
export interface Place {
  /** What is to happen when its time comes; undefined: nothing does. Only the first call counts. */
  fill(work?: () => Promise<void>): void;
}

/**
 * Lets things happen in the order in which places for them were opened, not in that in which they became ready. Whoever opens a
 * place fills it within bounded time: everything behind it waits.
 */
export class SpeakingOrder {
  #tail: Promise<void> = Promise.resolve();

  /** Resolves when everything in the places opened so far has happened. */
  get done(): Promise<void> {
    return this.#tail;
  }

  open(): Place {
    let fill: Place["fill"] = () => {};
    const filled = new Promise<(() => Promise<void>) | undefined>((resolve) => {
      fill = resolve;
    });
    this.#tail = this.#tail.then(async () => {
      const work = await filled;
      // A failure is its owner's to report, and nobody else's to suffer.
      await work?.().catch(() => {});
    });
    return { fill };
  }
}
