import { expect, it } from "vitest";
import { OwnWords } from "./own-words.ts";

function after(...texts: string[]): OwnWords {
  const own = new OwnWords();
  for (const text of texts) own.said(text);
  return own;
}

const answer = "The capital of Germany is Berlin, and about three and a half million people live there.";

it.each([
  "the capital of Germany is Berlin",
  "Germany is Berlin and about three and a half",
  "capital of germany is berlin uh about three",
  "germany is berlin and about three and a calf million people",
  "half million people live there",
])("%s is what it said itself", (heard) => {
  expect(after("Hello.", answer).isEcho(heard)).toBe(true);
});

it.each([
  "",
  "Berlin",
  "is Berlin",
  "what is the capital of France",
  "what is the capital of Germany",
  "stop please I have another question",
  "and how many people live in Munich",
  "live there people million half",
])("%s is not", (heard) => {
  expect(after("Hello.", answer).isEcho(heard)).toBe(false);
});

it('three of them are enough where an echo is suspected: elsewhere "the large one" is an answer', () => {
  const own = after("The small one or the large one?");
  expect(own.isEcho("the large one")).toBe(false);
  own.suspect();
  expect(own.isEcho("the large one")).toBe(true);
});

it("words of several sentences are known, and of scripts without spaces", () => {
  expect(after("Well, hello there.", "How may I help?").isEcho("hello there how may I")).toBe(true);
  expect(after("今日の天気は晴れで、気温は二十度です。").isEcho("天気は晴れで気温は")).toBe(true);
});

it("remembers the newest words only, and takes no longer for long texts", () => {
  const own = after(
    "one two three four",
    ..."x"
      .repeat(300)
      .split("")
      .map((_, i) => `word${i}`),
  );
  own.suspect();
  expect(own.isEcho("one two three four")).toBe(false);
  expect(own.isEcho(Array.from({ length: 10_000 }, (_, i) => `word${i + 200}`).join(" "))).toBe(true);
});
