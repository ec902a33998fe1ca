import { describe, expect, it } from "vitest";
import { readAttending, whoSaid, whoTalks } from "./attending.ts";

describe("a call that is attended", () => {
  it("is read from what the server says", () => {
    const payload = { mode: "talk", talking: ["ann", 7, null, "bob"], call: "session_1" };
    expect(readAttending(payload)).toEqual({ mode: "talk", talking: ["ann", "bob"] });
    const many = Array.from({ length: 40 }, (_, i) => `p${i}`);
    expect(readAttending({ mode: "listen", talking: many })?.talking.length).toBe(8);
  });

  it.each([
    null,
    7,
    "talk",
    [],
    {},
    { mode: "talk" },
    { mode: "shout", talking: [] },
    { mode: "talk", talking: "ann" },
  ])("is none when that is %j", (payload) => expect(readAttending(payload)).toBeUndefined());

  it.each([
    ["talk", ["ann"], "The caller hears you. The assistant is silent."],
    ["listen", [], "To a call. What you write is for the assistant alone."],
    ["listen", ["bob"], "bob speaks with the caller."],
    ["listen", ["bob", "carl", "dora"], "bob, carl and dora speak with the caller."],
  ] as const)("mode %s with %j talking: who has the caller", (mode, talking, words) => {
    expect(whoTalks({ mode, talking })).toBe(words);
  });

  it("names whose words a line has", () => {
    const attending = { mode: "listen", talking: [] } as const;
    const lines = [
      { role: "user" },
      { role: "user", typed: true },
      { role: "user", speaker: "Carla" },
      { role: "assistant" },
      { role: "assistant", speaker: "Ann" },
    ] as const;
    expect(lines.map((line) => whoSaid(line, undefined))).toEqual(["You", "You, typed", "You", "Assistant", "Ann"]);
    expect(lines.map((line) => whoSaid(line, attending))).toEqual([
      ...["Caller", "You, to the assistant", "Carla", "Assistant", "Ann"],
    ]);
  });
});
