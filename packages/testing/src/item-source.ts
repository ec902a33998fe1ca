/** A source for whoever reads streams, and how it was read. */
export interface ItemSource<T> {
  readonly iterable: AsyncIterable<T>;
  readonly state: {
    /** Items asked for. */
    asked: number;
    /** How often it was told that no more is wanted. */
    returned: number;
  };
}

/** Gives items, then waits for ever, ends or fails. */
export function itemSource<T>(items: readonly T[], then: "wait" | "end" | Error): ItemSource<T> {
  const state = { asked: 0, returned: 0 };
  const left = items.values();
  const over = { value: undefined, done: true } as const;
  const iterable: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        state.asked++;
        const next = left.next();
        if (!next.done) return next;
        if (then === "wait") await new Promise(() => {});
        if (then instanceof Error) throw then;
        return over;
      },
      return: async () => {
        state.returned++;
        return over;
      },
    }),
  };
  return { iterable, state };
}
