import { describe, expect, it } from "vitest";
import { ResultsReader } from "./results-reader.ts";

/** A message about these words, each half a second long, from `start` in s. */
function results(text: string, flags: object = {}, start = 0, more: object = {}): unknown {
  const words = text.split(" ").filter((word) => word !== "");
  return {
    type: "Results",
    is_final: false,
    speech_final: false,
    ...flags,
    channel: {
      alternatives: [
        {
          transcript: text,
          confidence: 0.5,
          words: words.map((word, i) => ({
            word: word.toLowerCase(),
            punctuated_word: word,
            start: start + i / 2,
            end: start + i / 2 + 0.25,
          })),
          ...more,
        },
      ],
    },
  };
}
const final = { is_final: true };
const spoken = { is_final: true, speech_final: true };

/** What comes of messages, each as `type:text`. */
function read(reader: ResultsReader, ...messages: unknown[]): string[] {
  return messages
    .flatMap((message) => reader.read(message))
    .map((part) => ("text" in part ? `${part.type}:${part.text}` : part.type));
}

describe("ResultsReader", () => {
  it("joins finals until the speech ends, and shows them in partials until then", () => {
    const reader = new ResultsReader();
    expect(
      read(
        reader,
        results("I"),
        results("I want"),
        results("I want two", final),
        results("tickets"),
        results("tickets please.", spoken),
        results("Thanks", spoken),
      ),
    ).toEqual([
      "partial:I",
      "partial:I want",
      "partial:I want two",
      "partial:I want two tickets",
      "final:I want two tickets please.",
      "final:Thanks",
    ]);
  });

  it("gives all words of a final their times, in ms since the stream began, and their confidence", () => {
    const reader = new ResultsReader();
    reader.read(results("Hello,", final, 1, { confidence: 0.9 }));
    expect(reader.read(results("dear friend.", spoken, 2, { confidence: 0.6, languages: ["en", "de"] }))).toEqual([
      {
        type: "final",
        text: "Hello, dear friend.",
        confidence: expect.closeTo(0.7, 9),
        language: "en",
        words: [
          { text: "Hello,", startMs: 1_000, endMs: 1_250 },
          { text: "dear", startMs: 2_000, endMs: 2_250 },
          { text: "friend.", startMs: 2_500, endMs: 2_750 },
        ],
      },
    ]);
  });

  it("takes UtteranceEnd for the end of the speech, and says nothing when it is one too many", () => {
    const reader = new ResultsReader();
    expect(read(reader, results("well", final), { type: "UtteranceEnd", last_word_end: 1 })).toEqual([
      "partial:well",
      "final:well",
    ]);
    expect(read(reader, { type: "UtteranceEnd", last_word_end: 1 })).toEqual([]);
  });

  it("takes a guess back that came to nothing, and says nothing of silence", () => {
    const reader = new ResultsReader();
    expect(read(reader, results(""), results("", spoken))).toEqual([]);
    expect(read(reader, results("hm"), results("hm"), results("", spoken))).toEqual(["partial:hm", "partial:"]);
  });

  it("is done with the answer to Finalize, or with Metadata, and loses nothing that was guessed", () => {
    const finalized = new ResultsReader();
    expect(read(finalized, results("one", final))).toEqual(["partial:one"]);
    expect(finalized.done).toBe(false);
    expect(finalized.end()).toBeUndefined();
    expect(read(finalized, results("two", { ...final, from_finalize: true }))).toEqual(["final:one two"]);
    expect(finalized.done).toBe(true);

    const closed = new ResultsReader();
    read(closed, results("one", final), results("two"));
    expect(read(closed, { type: "Metadata" })).toEqual(["final:one two"]);
    expect(closed.done).toBe(true);
    expect(closed.end()).toEqual([]);
  });

  it("keeps a guess that reaches beyond the end of an utterance", () => {
    const reader = new ResultsReader();
    read(reader, results("yes", final), results("and"));
    expect(read(reader, { type: "UtteranceEnd" }, results("and now", spoken))).toEqual([
      "final:yes",
      "partial:and",
      "final:and now",
    ]);
  });

  it("passes over what it does not know or what is incomplete", () => {
    const reader = new ResultsReader();
    expect(
      read(
        reader,
        {},
        { type: "SpeechStarted" },
        { type: "Results" },
        { type: "Results", channel: { alternatives: [] } },
      ),
    ).toEqual([]);
    const odd = {
      type: "Results",
      is_final: true,
      speech_final: true,
      channel: { alternatives: [{ transcript: " a " }] },
    };
    expect(reader.read(odd)).toEqual([{ type: "final", text: "a" }]);
  });

  it("fails with the vendor's own words for an error", () => {
    const error = { type: "Error", description: "no capacity", variant: "SERVICE_UNAVAILABLE" };
    expect(() => new ResultsReader().read(error)).toThrow(
      expect.objectContaining({ kind: "overloaded", vendorCode: "SERVICE_UNAVAILABLE" }),
    );
  });
});
