import { expect, it } from "vitest";
import { keepNewest } from "./keep-newest.ts";

it.each([
  [3, ["a", "b", "c"]],
  [2, ["b", "c"]],
  [0, []],
])("keeps the newest %i", (most, kept) => {
  const map = new Map([..."abc"].map((key) => [key, 1]));
  const set = new Set("abc");
  keepNewest(map, most);
  keepNewest(set, most);
  expect([[...map.keys()], [...set]]).toEqual([kept, kept]);
});

it("takes what was put in again as new, once it was taken out", () => {
  const map = new Map([..."abc"].map((key) => [key, 1]));
  map.delete("a");
  map.set("a", 2);
  keepNewest(map, 2);
  expect([...map.keys()]).toEqual(["c", "a"]);
});
