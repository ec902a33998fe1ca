import { describe, expect, it } from "vitest";
import { farFrom, lettersOf, spellings } from "./nearness.ts";

describe("spellings", () => {
  it.each<[pattern: string, words: string[]]>([
    ["right", ["right"]],
    ["yea+h*", ["yeah", "yea"]],
    ["o+k(?:ay)?", ["okay", "ok"]],
    ["o\\.k\\.", ["ok"]],
    ["u+[\\s-]?h+(?:[\\s-]?h+)?", ["uhh", "uh"]],
    ["wait a (?:second|minute)|no", ["waitasecond", "waitaminute", "no"]],
    ["d'accord", ["daccord"]],
    ["そう(?:です(?:か|ね)?)?", ["そうですか", "そうですね", "そうです", "そう"]],
    ["へ[えー]+", ["へえ"]],
  ])("of %s", (pattern, words) => {
    expect(spellings(pattern)).toEqual(words);
  });
});

describe("how far a text is from words", () => {
  const words = ["right", "okay", "ok", "yeah"];

  it.each<[text: string, far: number]>([
    ["right", 0],
    ["Right, okay!", 0],
    ["okok", 0],
    ["bright", 1 / 6],
    ["Bright okay.", 1 / 10],
    ["Oh, Kay, right.", 1 / 10],
    ["ryght", 1 / 5],
    ["what time is it", 1],
    ["", 1],
    ["?!", 1],
  ])("%s: %d", (text, far) => {
    expect(farFrom(words, text)).toBeCloseTo(far, 6);
  });

  it("does not compare what is too long to be any of them", () => {
    expect(farFrom(words, "okay ".repeat(6))).toBe(0);
    expect(farFrom(words, "okay ".repeat(7))).toBe(1);
    expect(farFrom([], "okay")).toBe(1);
  });

  it("takes letters and digits alone", () => {
    expect(lettersOf("  D’accord, 2 x! ")).toBe("daccord2x");
  });
});
