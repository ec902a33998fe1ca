/** Whether there is anything to say in a text: marks and spaces alone make the models babble. */
export function speakable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/**
 * The pieces of one utterance as they come, by number, so that an attempt that failed before it was heard can be made again from
 * the beginning.
 */
export class Pieces {
  readonly #source: AsyncIterator<string>;
  readonly #kept: string[] = [];
  #dropped = 0;
  #keep = true;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #pending: Promise<void> | undefined;

  constructor(source: AsyncIterator<string>) {
    this.#source = source;
  }

  /** Waits for a piece; undefined when the text has ended before. @throws what the text throws. */
  async at(index: number): Promise<string | undefined> {
    while (index >= this.#dropped + this.#kept.length && !this.#ended) {
      if (this.#failure) throw this.#failure.error;
      this.#pending ??= this.#take();
      await this.#pending;
    }
    return this.#kept[index - this.#dropped];
  }

  /** There will be no other attempt: what was used is not kept any more. */
  commit(): void {
    this.#keep = false;
  }

  /** All pieces before this number were used. Only for whoever makes the present attempt: another may still need them. */
  used(before: number): void {
    if (this.#keep) return;
    const count = before - this.#dropped;
    if (count > 0) this.#dropped += this.#kept.splice(0, count).length;
  }

  async #take(): Promise<void> {
    try {
      for (;;) {
        const next = await this.#source.next();
        if (next.done) {
          this.#ended = true;
          return;
        }
        if (!speakable(next.value)) continue;
        this.#kept.push(next.value.trim());
        return;
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#pending = undefined;
    }
  }
}
