import { inSequence, quiet, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { asTruth, cells, foundIn, score, truthOf } from "./vad-score.ts";

const rate = 16_000;
const start = (timestamp: number, known: number) => ({ event: { type: "speech-start", timestamp } as const, known });
const end = (timestamp: number, known: number) => ({
  event: { type: "speech-end", timestamp, durationMs: 0 } as const,
  known,
});

describe("the truth about a stream", () => {
  it("is what is not 30 dB below the loudest, in utterances with pauses of less than a second", () => {
    const [word, murmur, breath] = [3_000, 200, 50].map((level) => tone(rate, 200, 200, level)) as [
      Int16Array,
      Int16Array,
      Int16Array,
    ];
    const clip = inSequence(quiet(rate, 100), word, quiet(rate, 300), murmur, quiet(rate, 1_000), word, breath);
    const truth = asTruth(truthOf(clip, rate, 500), 3_000);
    expect(truth.utterances).toEqual([
      { from: 600, to: 1_300 },
      { from: 2_300, to: 2_500 },
    ]);
    expect(truth.speech).toHaveLength(300);
    expect(truth.speech.filter(Boolean)).toHaveLength(60);
    expect([59, 60, 79, 80, 109, 110, 129, 130].map((i) => truth.speech[i])).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      true,
      false,
    ]);
    expect(truthOf(quiet(rate, 100), rate, 0)).toEqual([]);
  });
});

describe("a detector's score", () => {
  const pieces = (from: number, to: number) =>
    Array.from({ length: (to - from) / 10 }, (_, i) => ({ from: from + 10 * i, to: from + 10 * (i + 1) }));
  // 1 s of speech in each of two utterances, 3 s outside of them.
  const truth = asTruth([...pieces(1_000, 2_000), ...pieces(4_000, 5_000)], 5_000);

  it("is what it missed, what it made up, and how late it knew", () => {
    const found = foundIn([start(1_100, 1_160), end(2_300, 2_700), start(4_000, 4_100)]);
    expect(found[1]).toEqual({
      from: 4_000,
      to: Number.POSITIVE_INFINITY,
      startKnown: 4_100,
      endKnown: found[1]?.endKnown,
    });
    expect(score(truth, found)).toEqual({
      missed: 0.05,
      falseAlarms: 0.1,
      lost: 0,
      utterances: 2,
      onsets: [160, 100],
      offsets: [700],
    });
  });

  it("has no onset where speech was known already, and no offset where it is not until the next begins", () => {
    const { onsets, offsets, falseAlarms, missed } = score(truth, foundIn([start(500, 600), end(4_500, 5_000)]));
    expect([onsets, offsets]).toEqual([[], [0]]);
    expect(falseAlarms).toBeCloseTo(2_500 / 3_000);
    expect(missed).toBe(0.25);
  });

  it("counts utterances in which nothing was found, and writes what is not there as nothing", () => {
    const none = score(truth, foundIn([start(2_500, 2_600), end(2_600, 3_000)]));
    expect(none).toMatchObject({ missed: 1, lost: 2, onsets: [], offsets: [] });
    expect(cells(none)).toEqual(["100.0", "3.3", "2", "-", "-"]);
    expect(cells({ ...none, onsets: [10, 20, 90], offsets: [500, -20] })).toEqual([
      "100.0",
      "3.3",
      "2",
      "20 / 90",
      "-20 / 500",
    ]);
  });
});
