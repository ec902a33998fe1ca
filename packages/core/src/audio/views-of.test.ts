import { describe, expect, it } from "vitest";
import { viewsOf } from "./views-of.ts";

describe("viewsOf", () => {
  it("gives the part that is asked for, in any order, the same view for the same part", () => {
    const array = Int16Array.from({ length: 100 }, (_, i) => i);
    const part = viewsOf(array);
    const asked = [
      [0, 0],
      [0, 20],
      [0, 20],
      [20, 40],
      [0, 40],
      [5, 5],
      [5, 25],
      [90, 120],
      [90, 120],
    ] as const;
    for (const [from, to] of asked) expect([...part(from, to)]).toEqual([...array.subarray(from, to)]);
    expect(part(3, 30)).toBe(part(3, 30));
    array[3] = -1;
    expect(part(3, 30)[0]).toBe(-1);
  });
});
