import { describe, expect, it } from "vitest";
import { TurnReader } from "./turn-reader.ts";

const turn = (event: string, transcript = "", more: object = {}): unknown => ({
  type: "TurnInfo",
  event,
  transcript,
  words: [],
  end_of_turn_confidence: 0.5,
  ...more,
});
const connected = { type: "Connected", request_id: "r", sequence_id: 0 };

function read(reader: TurnReader, ...messages: unknown[]): string[] {
  return messages
    .flatMap((message) => reader.read(message))
    .map((part) => {
      if ("text" in part) return `${part.type}:${part.text}`;
      return part.type === "turn-end" && part.eager ? "turn-end:eager" : part.type;
    });
}

describe("TurnReader", () => {
  it("makes a turn of its messages: partials, then one final and the end", () => {
    expect(
      read(
        new TurnReader(),
        connected,
        turn("Update"),
        turn("StartOfTurn", "I"),
        turn("Update", "I want"),
        turn("Update", "I want"),
        turn("EndOfTurn", "I want tea."),
        turn("StartOfTurn", "Now"),
        turn("EndOfTurn", "Now."),
      ),
    ).toEqual([
      "turn-start",
      "partial:I",
      "partial:I want",
      "final:I want tea.",
      "turn-end",
      "turn-start",
      "partial:Now",
      "final:Now.",
      "turn-end",
    ]);
  });

  it("says early that a turn may have ended, and takes it back", () => {
    expect(
      read(
        new TurnReader(),
        turn("StartOfTurn", "so"),
        turn("EagerEndOfTurn", "so what"),
        turn("TurnResumed", "so what now"),
        turn("EagerEndOfTurn", "so what now"),
        turn("EndOfTurn", "so what now?"),
      ),
    ).toEqual([
      "turn-start",
      "partial:so",
      "partial:so what",
      "turn-end:eager",
      "turn-resumed",
      "partial:so what now",
      "turn-end:eager",
      "final:so what now?",
      "turn-end",
    ]);
  });

  it("hears no words outside of a turn", () => {
    const reader = new TurnReader();
    expect(read(reader, connected, turn("Update", "hm"), turn("StartOfTurn", "I"), turn("EndOfTurn", "I."))).toEqual([
      "turn-start",
      "partial:I",
      "final:I.",
      "turn-end",
    ]);
    expect(read(reader, turn("Update", "I."), turn("Update", "I. And"))).toEqual([]);
    expect(reader.end()).toEqual([]);
  });

  it("begins turns whose beginning got lost", () => {
    expect(read(new TurnReader(), turn("EagerEndOfTurn", "a"), turn("EndOfTurn", "a"))).toEqual([
      "turn-start",
      "partial:a",
      "turn-end:eager",
      "final:a",
      "turn-end",
    ]);
    expect(read(new TurnReader(), turn("TurnResumed", "a"))).toEqual(["turn-start", "partial:a"]);
    expect(read(new TurnReader(), turn("EndOfTurn", "a"))).toEqual(["turn-start", "final:a", "turn-end"]);
  });

  it("takes the last it heard of a turn that was cut off for final", () => {
    const reader = new TurnReader();
    expect(reader.end()).toBeUndefined();
    read(reader, connected, turn("StartOfTurn", "one"), turn("Update", "one two"));
    expect(reader.done).toBe(false);
    expect(reader.end()).toEqual([{ type: "final", text: "one two" }]);
    expect(reader.end()).toEqual([]);
  });

  it("says how sure it is, and which language it was", () => {
    const words = [
      { word: "ja", confidence: 0.8 },
      { word: "gern", confidence: 0.6 },
    ];
    const end = turn("EndOfTurn", "ja gern", { words, languages: ["de", "nl"], end_of_turn_confidence: 0.95 });
    expect(new TurnReader().read(end)).toEqual([
      { type: "turn-start" },
      { type: "final", text: "ja gern", confidence: expect.closeTo(0.7, 9), language: "de" },
      { type: "turn-end", eager: false, confidence: 0.95 },
    ]);
  });

  it("passes over what it does not know, and fails for an error", () => {
    expect(read(new TurnReader(), { type: "ConfigureSuccess" }, turn("Prophecy", "x"), {})).toEqual([]);
    const error = { type: "Error", code: "INTERNAL_SERVER_ERROR", description: "made up" };
    expect(() => new TurnReader().read(error)).toThrow(
      expect.objectContaining({ kind: "server", vendorCode: "INTERNAL_SERVER_ERROR" }),
    );
    const ours = { type: "Error", code: "UNPARSABLE_CLIENT_MESSAGE", description: "made up" };
    expect(() => new TurnReader().read(ours)).toThrow(expect.objectContaining({ kind: "invalid_request" }));
  });
});
