import { expect, it } from "vitest";
import { dismissal } from "./dismissal.ts";

it.each([
  ["backchannel", false, "You were only listening: the assistant went on"],
  ["no_words", true, "A sound without words: the assistant stopped, and went on"],
  ["new_one", false, "new_one: the assistant went on"],
])("says why a sound did not count (%s)", (cause, resumed, expected) => {
  expect(dismissal(cause, resumed)).toBe(expected);
});
