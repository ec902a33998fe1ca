import { describe, expect, it } from "vitest";
import { HeardLedger } from "./ledger.ts";

function words(text: string, msPerWord: number, from = 0) {
  return text.split(" ").map((word, i) => ({
    text: word.replace(/[^\w']/g, ""),
    startMs: from + i * msPerWord,
    endMs: from + (i + 1) * msPerWord,
  }));
}

describe("with word timings", () => {
  const ledger = new HeardLedger();
  ledger.addText("One two three.");
  ledger.beginSegment();
  ledger.addWords(words("One two three.", 400));
  ledger.addAudio(1_200);
  ledger.addText("Four five six.");
  ledger.beginSegment();
  ledger.addWords(words("Four five six.", 400, 1_200));
  ledger.addAudio(1_200);

  it.each([
    [0, "", "One two three. Four five six."],
    [100, "", "One two three. Four five six."],
    [250, "One", "two three. Four five six."],
    [700, "One two", "three. Four five six."],
    [1_100, "One two three.", "Four five six."],
    [1_450, "One two three. Four", "five six."],
    [9_999, "One two three. Four five six.", ""],
  ])("after %i ms: %j was heard", (ms, heard, unheard) => {
    expect(ledger.heardAt(ms)).toEqual({ heard, unheard });
  });

  it("shows a piece once its audio has begun", () => {
    expect(ledger.begunText(0)).toBe("One two three.");
    expect(ledger.begunText(1_199)).toBe("One two three.");
    expect(ledger.begunText(1_200)).toBe("One two three. Four five six.");
  });

  it("passes over words the voice says differently", () => {
    const spoken = new HeardLedger();
    spoken.addText("It costs 42 euros today.");
    spoken.beginSegment();
    spoken.addWords(words("It costs forty two euros today", 300));
    spoken.addAudio(1_800);
    expect(spoken.heardAt(1_000).heard).toBe("It costs");
    expect(spoken.heardAt(1_400).heard).toBe("It costs 42 euros");
  });
});

describe("without word timings", () => {
  it("estimates by length and never cuts a word", () => {
    const ledger = new HeardLedger();
    ledger.addText("aaaa bbbb cccc dddd");
    ledger.beginSegment();
    ledger.addAudio(2_000);
    ledger.finish();
    expect(ledger.heardAt(900)).toEqual({ heard: "aaaa", unheard: "bbbb cccc dddd" });
    expect(ledger.heardAt(1_100)).toEqual({ heard: "aaaa bbbb", unheard: "cccc dddd" });
    expect(ledger.heardAt(2_000)).toEqual({ heard: "aaaa bbbb cccc dddd", unheard: "" });
  });

  it("does not take a piece that is still being synthesized for a short one", () => {
    const ledger = new HeardLedger();
    ledger.addText("This sentence takes about four seconds to say, and its audio has only just begun.");
    ledger.beginSegment();
    ledger.addAudio(400);
    const { heard } = ledger.heardAt(400);
    expect(heard.length).toBeLessThan(12);
  });

  it("counts text that never became audio as unheard", () => {
    const ledger = new HeardLedger();
    ledger.addText("First.");
    ledger.beginSegment();
    ledger.addAudio(500);
    ledger.addText("Second.");
    expect(ledger.heardAt(5_000)).toEqual({ heard: "First.", unheard: "Second." });
    expect(ledger.begunText(5_000)).toBe("First.");
  });

  it("works for a voice that does not say where its pieces begin", () => {
    const ledger = new HeardLedger();
    ledger.addText("One two three four.");
    ledger.addAudio(2_000);
    ledger.finish();
    expect(ledger.heardAt(1_000).heard).toBe("One two");
    expect(ledger.begunText(0)).toBe("One two three four.");
  });
});

it("heard and unheard together are always the whole text", () => {
  const ledger = new HeardLedger();
  const text = 'Well, Dr. Smith said "it\'s fine" - twice! Then (at 5 p.m.) he left...';
  ledger.addText(text);
  ledger.beginSegment();
  ledger.addWords(words(text, 250));
  ledger.addAudio(4_000);
  for (let ms = 0; ms <= 4_500; ms += 50) {
    const { heard, unheard } = ledger.heardAt(ms);
    expect(`${heard} ${unheard}`.trim().replace(/\s+/g, "")).toBe(text.replace(/\s+/g, ""));
  }
});

describe("row 61: word timings that cannot be", () => {
  const text = "One two three four five six.";
  it.each<[string, (i: number) => number]>([
    ["negative", (i) => -1_000 - i],
    ["no numbers", () => Number.NaN],
    ["never", () => Number.POSITIVE_INFINITY],
    ["long before", () => Number.NEGATIVE_INFINITY],
    ["backwards", (i) => 2_400 - 400 * i],
    ["all at once", () => 0],
    ["an hour late", (i) => 3_600_000 + i],
  ])("%s: nothing counts as heard before it is played, and no text is lost", (_, at) => {
    const ledger = new HeardLedger();
    ledger.addText(text);
    ledger.beginSegment();
    ledger.addWords(words(text, 400).map((word, i) => ({ ...word, startMs: at(i), endMs: at(i) })));
    ledger.addAudio(2_400);
    ledger.finish();
    let before = 0;
    for (let ms = 0; ms <= 2_400; ms += 20) {
      const { heard, unheard } = ledger.heardAt(ms);
      expect(`${heard} ${unheard}`.trim()).toBe(text);
      expect(heard.length).toBeGreaterThanOrEqual(before);
      before = heard.length;
    }
    expect(ledger.heardAt(0).heard).toBe("");
    if (at(0) < 0 || Number.isNaN(at(0))) expect(ledger.heardAt(400).heard.length).toBeLessThan(text.length / 2);
  });
});
