import { describe, expect, it } from "vitest";
import { folders, humanBackchannels, humanInterruptions } from "./people.ts";
import { backchannels, interruptions } from "./phrases.ts";

describe("what is judged", () => {
  it("is sixty interruptions, and thirty backchannels by two voices each", () => {
    expect([interruptions.length, 2 * backchannels.length]).toEqual([60, 60]);
    expect([humanInterruptions.length, humanBackchannels.length]).toEqual([60, 40]);
    for (const texts of [interruptions, backchannels]) expect(new Set(texts).size).toBe(texts.length);
  });

  it("is cut out of recordings whose place is known, with a beginning before its end", () => {
    for (const { text, cuts } of [...humanBackchannels, ...humanInterruptions]) {
      expect(text).not.toBe("");
      for (const [file, from = 0, to = Number.POSITIVE_INFINITY] of cuts) {
        expect(folders[file.slice(0, file.indexOf(":") + 1)], file).toBeDefined();
        expect(to - from, file).toBeGreaterThan(100);
      }
    }
  });
});
