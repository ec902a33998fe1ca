import { describe, expect, it } from "vitest";
import { SentenceSplitter, splitSentences } from "./sentences.ts";

/** Every way of chopping the text must give the same pieces. */
function pieces(text: string, options = {}): string[] {
  const results = [1, 3, 7, text.length].map((size) => {
    const splitter = new SentenceSplitter(options);
    const out: string[] = [];
    for (let i = 0; i < text.length; i += size) out.push(...splitter.push(text.slice(i, i + size)));
    return [...out, ...splitter.flush()];
  });
  for (const other of results) expect(other).toEqual(results[0]);
  return results[0] as string[];
}

describe("sentences", () => {
  it.each([
    ["Hello there. How are you?", ["Hello there.", "How are you?"]],
    ["It opens at 5 p.m. Then we eat.", ["It opens at 5 p.m.", "Then we eat."]],
    ["It opens at 5 p.m. on Friday.", ["It opens at 5 p.m. on Friday."]],
    ["Dr. Smith is in. Wait here.", ["Dr. Smith is in.", "Wait here."]],
    ["Pi is 3.14 or so. Yes.", ["Pi is 3.14 or so.", "Yes."]],
    ['Really?! "Yes." Good...', ["Really?!", '"Yes."', "Good..."]],
    ["One line\nand another", ["One line", "and another"]],
    ["1. First point. 2. Second point.", ["1. First point.", "2. Second point."]],
    ["今日は。元気ですか？はい", ["今日は。", "元気ですか？", "はい"]],
    ["no terminator at all", ["no terminator at all"]],
    ["  \n \n ", []],
  ])("%j", (text, expected) => {
    expect(pieces(text)).toEqual(expected);
  });

  it("lets the first piece end at a clause, so that speech begins early, and only the first", () => {
    expect(pieces("Well, that is a good question to ask, and the answer, I think, is yes.")).toEqual([
      "Well, that is a good question to ask,",
      "and the answer, I think, is yes.",
    ]);
  });

  it("never makes a piece longer than allowed, and cuts between words", () => {
    const long = `${"word ".repeat(100)}end.`;
    const out = pieces(long, { maxChars: 60 });
    expect(Math.max(...out.map((piece) => piece.length))).toBeLessThanOrEqual(60);
    expect(out.join(" ")).toBe(long);
    expect(pieces("x".repeat(500), { maxChars: 100 }).every((piece) => piece.length <= 100)).toBe(true);
  });

  it("reads a stream", async () => {
    async function* deltas() {
      yield "One. T";
      yield "wo. Thr";
      yield "ee.";
    }
    const out: string[] = [];
    for await (const piece of splitSentences(deltas())) out.push(piece);
    expect(out).toEqual(["One.", "Two.", "Three."]);
  });
});
