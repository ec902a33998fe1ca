import { expect, it } from "vitest";
import { portions } from "./portions.ts";

it("cuts after sentences, else words, else where it must, and loses nothing", () => {
  expect(portions("One. Two.", 100)).toEqual(["One. Two."]);
  expect(portions("Aaaa bbbb. Cccc dddd.", 12)).toEqual(["Aaaa bbbb.", "Cccc dddd."]);
  expect(portions("一二三。四五六。", 5)).toEqual(["一二三。", "四五六。"]);
  expect(portions("aaaa bbbb cccc", 10)).toEqual(["aaaa bbbb", "cccc"]);
  expect(portions("a".repeat(25), 10).map((part) => part.length)).toEqual([10, 10, 5]);
  const emoji = portions("😀a".repeat(7), 10);
  expect(emoji.join("")).toBe("😀a".repeat(7));
  // Half a character would come back as another one.
  expect(emoji.map((part) => Buffer.from(part).toString())).toEqual(emoji);
});

it("leaves out what cannot be said or sent", () => {
  expect(["", " ", "…!", "—"].flatMap((text) => portions(text))).toEqual([]);
  expect(portions("a\u0000b\ud800c")).toEqual(["abc"]);
  const long = "word ".repeat(8_000);
  expect(portions(long).join(" ")).toBe(long.trim());
});
