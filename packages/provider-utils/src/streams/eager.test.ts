import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { eager } from "./eager.ts";

/** Gives items, then waits for ever, ends or fails. */
function source(items: readonly number[], then: "wait" | "end" | Error) {
  const state = { asked: 0, returned: 0 };
  const left = [...items];
  const iterable: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        state.asked++;
        const value = left.shift();
        if (value !== undefined) return { value, done: false };
        if (then === "wait") await new Promise(() => {});
        if (then instanceof Error) throw then;
        return { value: undefined, done: true };
      },
      return: async () => {
        state.returned++;
        return { value: undefined, done: true };
      },
    }),
  };
  return { iterable, state };
}

async function collect<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of stream) into.push(item);
  return into;
}

describe("eager", () => {
  it("asks for the first item at once, and for no other", async () => {
    const { iterable, state } = source([1, 2], "end");
    const stream = eager(iterable);
    await settle();
    expect(state.asked).toBe(1);
    expect(await collect(stream)).toEqual([1, 2]);
  });

  it("keeps a failure for the reader, and passes on that it stops", async () => {
    const broken = eager(source([], new TypeError("broken")).iterable);
    await settle();
    await expect(collect(broken)).rejects.toThrow("broken");
    const { iterable, state } = source([1, 2], "wait");
    for await (const item of eager(iterable)) if (item === 1) break;
    expect(state.returned).toBe(1);
  });
});
