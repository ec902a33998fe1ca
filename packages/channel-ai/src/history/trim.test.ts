import type { AIMessage } from "@roomkit/core";
import { expect, it } from "vitest";
import { trimMessages } from "./trim.ts";

const user = (content: string): AIMessage => ({ role: "user", content });
const calls: AIMessage = { role: "assistant", content: "", toolCalls: [{ id: "a", name: "t", arguments: {} }] };
const result: AIMessage = { role: "tool", toolCallId: "a", toolName: "t", content: "0123456789" };

it("keeps everything that fits", () => {
  const messages = [user("12345"), user("12345")];
  expect(trimMessages(messages, 10)).toEqual(messages);
});

it("drops the oldest first", () => {
  expect(trimMessages([user("12345"), user("67"), user("89")], 5)).toEqual([user("67"), user("89")]);
});

it("never parts calls from their results", () => {
  const messages = [user("q"), calls, result, user("now")];
  // The result would fit, its call would not: both go.
  expect(trimMessages(messages, 20)).toEqual([user("now")]);
  expect(trimMessages(messages, 1_000)).toEqual(messages);
});

it("keeps the end of a last message that is too long alone", () => {
  expect(trimMessages([user("old"), user("0123456789")], 4)).toEqual([user("6789")]);
});
