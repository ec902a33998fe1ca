import { describe, expect, it } from "vitest";
import { wordErrorRate, wordErrors, wordsOf } from "./word-errors.ts";

describe("counting word errors", () => {
  it("compares words, not spelling", () => {
    expect(wordsOf("It’s 42, Mr. Smith — cold-hearted!")).toEqual(
      "it's forty two mister smith cold hearted".split(" "),
    );
    expect(wordErrors("one two three", "one two three")).toEqual({ errors: 0, words: 3 });
    expect(wordErrors("one two three", "one too three four")).toEqual({ errors: 2, words: 3 });
    expect(wordErrors("one two", "")).toEqual({ errors: 2, words: 2 });
    expect(
      wordErrorRate([
        ["a b", "a"],
        ["c d", "c d"],
      ]),
    ).toBe(0.25);
  });
});
