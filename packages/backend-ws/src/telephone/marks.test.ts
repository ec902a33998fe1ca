import { describe, expect, it } from "vitest";
import { Marks } from "./marks.ts";

/** Sends `ms` of an utterance in 20 ms frames; the names of its marks. */
function send(marks: Marks, number: number, ms: number, from = 0, end = true): string[] {
  const names: string[] = [];
  for (let at = from; at < from + ms; at += 20) {
    const last = at + 20 >= from + ms;
    const frame = { utterance: `u${number}`, number, offset: at * 8, samples: new Int16Array(160), end: end && last };
    const name = marks.after(frame);
    if (name !== undefined) names.push(name);
  }
  return names;
}

const played = (marks: Marks, name: string): [number, number][] =>
  marks.returned(name).map(({ utterance, samples }) => [utterance, samples / 8]);

describe("marks", () => {
  it("are put every 200 ms of an utterance and at its end, once", () => {
    const marks = new Marks(1_600);
    const names = send(marks, 1, 500);
    expect(names).toHaveLength(3);
    expect(names.map((name) => played(marks, name))).toEqual([[[1, 200]], [[1, 400]], [[1, 500]]]);
    // An end told after its audio.
    expect(send(marks, 2, 100, 0, false)).toEqual([]);
    const end = marks.after({ utterance: "u2", number: 2, offset: 800, samples: new Int16Array(0), end: true });
    expect(played(marks, end ?? "")).toEqual([[2, 100]]);
    expect(
      marks.after({ utterance: "u2", number: 2, offset: 800, samples: new Int16Array(0), end: true }),
    ).toBeUndefined();
    expect(
      marks.after({ utterance: "u3", number: 3, offset: 0, samples: new Int16Array(0), end: true }),
    ).toBeUndefined();
    expect(new Set([...names, end]).size).toBe(4);
  });

  it("say what the table says", () => {
    const marks = new Marks(1_600);
    const [a1 = "", a2 = "", a3 = ""] = send(marks, 1, 600);
    const [b1 = "", b2 = ""] = send(marks, 2, 400);
    expect(played(marks, "made up")).toEqual([]);
    expect(played(marks, a1)).toEqual([[1, 200]]);
    expect(played(marks, a1)).toEqual([]);
    // One of the next utterance is there before those of this.
    expect(played(marks, b1)).toEqual([
      [1, 600],
      [2, 200],
    ]);
    expect([a2, a3].map((name) => played(marks, name))).toEqual([[], []]);
    marks.clear();
    expect([played(marks, b2), marks.outstanding]).toEqual([[], 0]);
    const [c1 = ""] = send(marks, 3, 200);
    expect([b2, a1].map((name) => played(marks, name))).toEqual([[], []]);
    expect(played(marks, c1)).toEqual([[3, 200]]);
  });

  it("are bounded, and what was forgotten is told by a later one", () => {
    const marks = new Marks(1_600);
    const names = send(marks, 1, 60_000);
    expect([names.length, marks.outstanding]).toEqual([300, 64]);
    expect(played(marks, names[0] ?? "")).toEqual([]);
    expect(played(marks, names.at(-1) ?? "")).toEqual([[1, 60_000]]);
    expect(marks.outstanding).toBe(0);
  });

  it("never let the count of an utterance fall, whatever order they come back in", () => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    for (let round = 0; round < 50; round++) {
      const marks = new Marks(1_600);
      const heard = new Map<number, number>();
      const names: string[] = [];
      for (let number = 1; number <= 6; number++) {
        names.push(...send(marks, number, 100 + Math.floor(random() * 40) * 20));
        if (random() < 0.2) marks.clear();
        for (let i = 0; i < 4; i++) {
          for (const { utterance, samples } of marks.returned(names[Math.floor(random() * names.length)] ?? "")) {
            expect(samples).toBeGreaterThan(heard.get(utterance) ?? 0);
            heard.set(utterance, samples);
          }
        }
      }
    }
  });
});
