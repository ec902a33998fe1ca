import { expect, it } from "vitest";
import { speakerChanges } from "./speaker-changes.ts";

const at = (timestamp: number, speaker: string, renames?: string) => ({ speaker, confidence: 1, timestamp, renames });

it("tells of another voice and of another label, and not twice of one", () => {
  const changed = speakerChanges();
  expect(
    [
      at(0, "speaker-1"),
      at(1_000, "speaker-1"),
      at(2_000, "speaker-2"),
      at(3_000, "speaker-1"),
      at(4_000, "Anna", "speaker-1"),
      at(5_000, "Anna"),
    ].map(changed),
  ).toEqual([true, false, true, true, true, false]);
});

it("takes what is late for what it is", () => {
  const changed = speakerChanges();
  expect(
    [
      at(2_000, "a"),
      at(1_000, "b"),
      at(3_000, "a"),
      at(1_500, "Anna", "a"),
      at(4_000, "Anna"),
      at(1_000, "x", "y"),
    ].map(changed),
  ).toEqual([true, false, false, true, false, false]);
});
