import { expect, it } from "vitest";
import { joined, recordable, recordOf } from "../utterances/parts.ts";
import type { SpeakOptions } from "../utterances/speak-options.ts";
import type { SpokenUtterance, Utterance } from "../utterances/utterance.ts";

const signal = new AbortController().signal;
const utterance = (more: Partial<Utterance> = {}): Utterance =>
  ({
    ...{ id: "u2", revision: 3, taken: 4 },
    progress: { audible: true, text: "one", playedMs: 120, unheard: [[120, 0]] },
    ...more,
  }) as Utterance;
const before = { id: "u1", text: "Well,", revision: 2, playedMs: 300, confidence: "reported" } as const;
const read = (text: string, over: boolean) => ({ read: text, over }) as never;

it("tells how far a text is said, under the name of its first utterance", () => {
  const options: SpeakOptions = { signal, correlationId: "s:1", voice: "amy" };
  expect(recordOf({ utterance: utterance(), before, source: read("one two", true), options })).toEqual({
    ...{ utterance: "u2", id: "u1", revision: 5, before: "Well,", beforeMs: 300, confidence: "reported" },
    ...{ audible: true, text: "one", more: "two", over: true, playedMs: 120, unheard: [[120, 0]] },
    ...{ turnId: "s:1", voice: "amy" },
  });
});

it("of a text that waits unread, all that is known; and never more than fits", () => {
  const waiting = utterance({ taken: 0, progress: { audible: false, text: "", playedMs: 0, unheard: [] } } as never);
  const known = { text: "one two", over: true };
  expect(recordOf({ utterance: waiting, before, options: { signal, known } })).toMatchObject({
    ...{ audible: false, text: "", more: "one two", over: true },
  });
  const long = recordOf({ utterance: waiting, before, source: read("x".repeat(10_000), true), options: { signal } });
  expect([long.more.length, long.over]).toEqual([8_192, false]);
});

it("leaves out what no other process could say", () => {
  expect([recordable({ signal }), recordable({ signal, tones: true }), recordable({ signal, presses: [] })]).toEqual([
    true,
    false,
    false,
  ]);
});

it("is one text in two goes: what was heard, for how long, and how surely", () => {
  const record = { interrupted: true, unheard: "three", playedMs: 200, confidence: "reported" } as const;
  const then = { ...{ utterance: "u2", heard: "two", unheard: "three", text: "two three" }, record } as SpokenUtterance;
  expect(joined({ ...before, confidence: "estimated" }, then)).toMatchObject({
    ...{ utterance: "u1", heard: "Well, two", text: "Well, two three", unheard: "three", audible: true },
    record: { playedMs: 500, confidence: "estimated", interrupted: true },
  });
  expect(joined({ ...before, id: undefined }, then)).toBe(then);
});
