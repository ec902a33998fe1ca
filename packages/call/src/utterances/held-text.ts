/**
 * The text of an utterance, as it is made, for readers that follow each other: one that stops leaves the rest to the next. Whoever held it
 * releases it; no reader ends its source.
 */
export class HeldText implements AsyncIterable<string> {
  readonly #source: AsyncIterator<string>;
  #pending: Promise<IteratorResult<string>> | undefined;
  #read = "";
  #over = false;

  constructor(text: AsyncIterable<string>) {
    this.#source = text[Symbol.asyncIterator]();
  }

  /** All that was read of it. */
  get read(): string {
    return this.#read;
  }

  /** It was read to its end. */
  get over(): boolean {
    return this.#over;
  }

  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    let reading = true;
    return {
      next: async () => {
        if (!reading || this.#over) return { done: true, value: undefined };
        this.#pending ??= this.#source.next();
        const pending = this.#pending;
        try {
          const { done, value } = await pending;
          // Somebody else reads on: it is theirs.
          if (!reading) return { done: true, value: undefined };
          this.#pending = undefined;
          this.#over = done === true;
          if (done) return { done, value: undefined };
          this.#read += value;
          return { value };
        } catch (error) {
          this.#over = true;
          throw error;
        }
      },
      return: async () => {
        reading = false;
        return { done: true, value: undefined };
      },
    };
  }

  /** Resolves when there is something to read, or nothing any more. @throws what its source throws, as a reader will. */
  async peek(): Promise<void> {
    if (this.#over) return;
    this.#pending ??= this.#source.next();
    await this.#pending;
  }

  /** Nobody reads on. Not waited for: a source may be stuck. */
  release(): void {
    if (!this.#over) this.#source.return?.().catch(() => {});
    this.#over = true;
  }
}
