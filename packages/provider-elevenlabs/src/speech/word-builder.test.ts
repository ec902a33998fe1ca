import type { WordTiming } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { type Alignment, WordBuilder } from "./word-builder.ts";

/** Characters of 10 ms each, from `at` ms. */
const aligned = (text: string, at = 0): Alignment => ({
  chars: [...text],
  startMs: [...text].map((_, i) => at + i * 10),
  durationMs: [...text].map(() => 10),
});
const told = (words: readonly WordTiming[]): string[] =>
  words.map(({ text, startMs, endMs }) => `${text} ${startMs}-${endMs}`);

describe("WordBuilder", () => {
  it("makes words of characters, with their marks, and gives the last when it is asked for", () => {
    const builder = new WordBuilder();
    expect(told(builder.add(aligned(" Yes, of course."), 0))).toEqual(["Yes, 10-50", "of 60-80"]);
    expect(told(builder.flush())).toEqual(["course. 90-160"]);
    expect(builder.flush()).toEqual([]);
  });

  it("puts words together that lie in several messages, which count from their own beginning", () => {
    const builder = new WordBuilder();
    expect(builder.add(aligned("tick"), 100)).toEqual([]);
    expect(told(builder.add(aligned("ets "), 250))).toEqual(["tickets 100-280"]);
  });

  it("takes each character for a word where writing has no spaces", () => {
    const builder = new WordBuilder();
    const words = [...builder.add(aligned("你好，RoomKit。"), 0), ...builder.flush()];
    expect(words.map(({ text }) => text)).toEqual(["你", "好，", "RoomKit。"]);
  });

  it("bears lists that are too short, and empty characters", () => {
    const builder = new WordBuilder();
    const words = [...builder.add({ chars: ["", "a", "b"], startMs: [0, 5], durationMs: [] }, 20), ...builder.flush()];
    expect(told(words)).toEqual(["ab 25-25"]);
  });
});
