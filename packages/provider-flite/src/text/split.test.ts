import { describe, expect, it } from "vitest";
import { splitLong } from "./split.ts";

describe("splitting", () => {
  it("leaves what is short enough", () => {
    expect(splitLong(" One. Two. ", 40)).toEqual(["One. Two."]);
    expect(splitLong("   ", 40)).toEqual([]);
  });

  it("cuts at a sentence's end, else at a clause's, else between words", () => {
    expect(splitLong("It is late now. We should go, I think, and soon.", 30)).toEqual([
      "It is late now.",
      "We should go, I think,",
      "and soon.",
    ]);
    expect(splitLong("one two three four five", 12)).toEqual(["one two", "three four", "five"]);
  });

  it("cuts inside a word only when there is no other place, and never inside a character", () => {
    expect(splitLong("a".repeat(25), 10)).toEqual(["a".repeat(10), "a".repeat(10), "a".repeat(5)]);
    for (const part of splitLong("𝒳".repeat(20), 7)) expect(part).not.toMatch(/\p{Surrogate}/u);
  });

  it("loses no word", () => {
    const text = Array.from(
      { length: 300 },
      (_, i) => `word${i}${i % 7 === 0 ? "," : ""}${i % 23 === 0 ? "." : ""}`,
    ).join(" ");
    const parts = splitLong(text, 200);
    expect(parts.join(" ")).toBe(text);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(200);
    expect(Math.min(...parts.slice(0, -1).map((part) => part.length))).toBeGreaterThan(60);
  });
});
