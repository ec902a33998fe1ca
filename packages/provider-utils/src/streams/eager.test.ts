import { collect, settle, itemSource as source } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { eager } from "./eager.ts";

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
