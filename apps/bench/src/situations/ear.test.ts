import { describe, expect, it } from "vitest";
import { audible, endOf } from "./ear.ts";
import { said, type Told } from "./line.ts";

/** Levels of each 10 ms: so many ms of silence, so many of sound, and so on. */
const heard = (...ms: readonly number[]): number[] =>
  ms.flatMap((each, i) => new Array<number>(each / 10).fill(i % 2 === 0 ? -90 : -20));

describe("what a caller hears", () => {
  it("is what is loud enough, with short pauses in it", () => {
    const levels = heard(100, 200, 50, 100, 600, 300, 20);
    expect(audible(levels, 0, 500)).toEqual([
      { startMs: 100, endMs: 450 },
      { startMs: 1_050, endMs: 1_350 },
    ]);
    expect(audible(levels, 420, 500)[0]).toEqual({ startMs: 420, endMs: 450 });
    expect(audible(levels, 0, 50)).toHaveLength(3);
    expect(audible([], 0, 50)).toEqual([]);
  });

  it.each([
    ["goes on for a little", heard(100, 800, 500, 300), 500, 900],
    ["pauses between two words", heard(100, 600, 100, 300, 400), 650, 1_100],
    ["has ended already", heard(100, 600, 300, 100), 900, 700],
    ["has not begun", heard(100, 600), 50, 0],
  ])("%s", (_, levels, atMs, ms) => {
    expect(endOf(levels, atMs)).toBe(ms);
  });
});

describe("what was said", () => {
  const told = (...messages: readonly Record<string, unknown>[]): Told[] =>
    messages.map((message, i) => ({ atMs: i, message }));

  it("is each final once, in the order in which it began, as it was heard", () => {
    const transcript = (id: string, role: string, text: string, more = {}): Record<string, unknown> => ({
      type: "transcript",
      id,
      role,
      text,
      final: true,
      ...more,
    });
    expect(
      said(
        told(
          transcript("a", "user", "Count", { final: false }),
          transcript("a", "user", "Count."),
          transcript("b", "assistant", "One, two."),
          transcript("c", "user", "Stop."),
          transcript("b", "assistant", "One, two.", { heard: "One," }),
          transcript("d", "user", " "),
        ),
      ),
    ).toEqual([
      { role: "user", text: "Count." },
      { role: "assistant", text: "One," },
      { role: "user", text: "Stop." },
    ]);
  });

  it("is in compat told once", () => {
    const line = { role: "user", text: "Hello." };
    const messages = told(
      { type: "transcription", data: line },
      { type: "pong" },
      { type: "transcription", data: line },
    );
    expect(said(messages)).toEqual([line, line]);
  });
});
