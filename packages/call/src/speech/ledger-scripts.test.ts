import { graphemeStart, graphemeStartByRule, HeardLedger, pieceOf, plainPiece, type SpokenPiece } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { speakable } from "./filter/speakable.ts";
import { withSpoken, withWritten } from "./respeak.ts";
import { speechPieces } from "./speech-pieces.ts";

/** The ledger of one text whose audio is there. */
function spoken(text: string | SpokenPiece, ms: number): HeardLedger {
  const ledger = new HeardLedger();
  ledger.addText(text);
  ledger.beginSegment();
  ledger.addAudio(ms);
  ledger.finish();
  return ledger;
}

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
const graphemes = (text: string): string =>
  [...segmenter.segment(text)]
    .map(({ segment }) => segment)
    .filter((one) => one.trim() !== "")
    .join("|");

/** At every moment: together the whole text, never less than before, never half a character. */
function checked(ledger: HeardLedger, ms: number): string[] {
  const heards: string[] = [];
  const whole = ledger.text.replace(/\s/g, "");
  const characters = graphemes(ledger.text);
  for (let at = 0; at <= ms + 500; at += ms / 97) {
    const { heard, unheard } = ledger.heardAt(at);
    expect(`${heard}${unheard}`.replace(/\s/g, "")).toBe(whole);
    expect(ledger.text.trimStart().startsWith(heard)).toBe(true);
    expect(heard.length).toBeGreaterThanOrEqual(heards.at(-1)?.length ?? 0);
    expect([graphemes(heard), graphemes(unheard)].filter((part) => part !== "").join("|")).toBe(characters);
    heards.push(heard);
  }
  return heards;
}

describe("scripts without spaces", () => {
  it.each([
    ["Japanese", "今日はとても良い天気なので公園まで歩いて行こうと思いますがあなたも一緒に来ますか"],
    ["Chinese", "今天天气非常好所以我想走路去公园你也一起来吗我们可以在那里吃午饭"],
    ["Thai", "วันนี้อากาศดีมากฉันอยากเดินไปสวนสาธารณะคุณจะมาด้วยกันไหม"],
    ["Lao", "ມື້ນີ້ອາກາດດີຫຼາຍຂ້ອຍຢາກຍ່າງໄປສວນສາທາລະນະ"],
    ["Khmer", "ថ្ងៃនេះអាកាសធាតុល្អណាស់ខ្ញុំចង់ដើរទៅសួនច្បារ"],
    ["Burmese", "ဒီနေ့ရာသီဥတုအရမ်းကောင်းတယ်ပန်းခြံကိုလမ်းလျှောက်သွားချင်တယ်"],
    ["Japanese with Latin", "このプログラムはTypeScriptで書かれていてNode上で動きますので試してみてください"],
    ["rare signs", "𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家"],
  ])("%s is heard in proportion", (_, text) => {
    const ledger = spoken(text, 20_000);
    checked(ledger, 20_000);
    for (const share of [0.25, 0.5, 0.95]) {
      const { heard } = ledger.heardAt(20_000 * share);
      expect(heard.length / text.length).toBeGreaterThan(share - 0.25);
      expect(heard.length / text.length).toBeLessThanOrEqual(share);
    }
    expect(ledger.heardAt(19_000).heard.length / text.length).toBeGreaterThan(0.85);
    expect(ledger.heardAt(19_000).unheard).not.toBe("");
    expect(ledger.heardAt(20_000)).toEqual({ heard: text, unheard: "" });
  });

  it("does not halve a Latin word among them", () => {
    for (const heard of checked(spoken("これはTypeScriptとJavaScriptです", 3_000), 3_000)) {
      expect(heard).toMatch(/^(?:これ?は?|これはTypeScriptと?(?:JavaScript(?:で|です)?)?)?$/);
    }
  });

  it.each([
    ["by the character", (text: string) => [...text]],
    ["by the word", (text: string) => text.match(/..?/gu) ?? []],
    [
      "with other punctuation",
      (text: string) => (text.match(/[^，。]+[，。]/gu) ?? []).map((part) => part.replace("，", ",")),
    ],
  ])("take word timings %s", (_, cut) => {
    const text = "今天天气很好，我们去公园。";
    const ledger = spoken(text, 2_600);
    const parts = cut(text);
    let at = 0;
    const words = parts.map((part) => {
      const startMs = at;
      at += part.length * 200;
      return { text: part.replace(/[，。]$/, ""), startMs, endMs: at };
    });
    ledger.addWords(words);
    const heards = checked(ledger, 2_600);
    expect(ledger.heardAt(150).heard.length).toBeLessThan(3);
    expect(new Set(heards).size).toBeGreaterThanOrEqual(parts.length / 2);
    expect(ledger.heardAt(2_600).heard).toBe(text);
  });

  it("are not joined with spaces, others are", () => {
    const ledger = new HeardLedger();
    for (const piece of ["你好。", "再见！", "Bye.", "Now."]) ledger.addText(piece);
    expect(ledger.text).toBe("你好。再见！Bye. Now.");
  });

  it("as long as they are being made, are not taken for shorter than they can be said", () => {
    const ledger = new HeardLedger();
    ledger.addText("今天天气非常好所以我想走路去公园你也一起来吗");
    ledger.beginSegment();
    ledger.addAudio(400);
    expect(ledger.heardAt(400).heard.length).toBeLessThan(5);
  });
});

it("word timings and estimates together never go back", () => {
  const random = seededRandom(11);
  const texts = ["One two three four five six seven.", "你好，世界 hello 世界。", "Ja 👩‍🚀 und ไทย é."];
  for (let round = 0; round < 40; round++) {
    const ledger = new HeardLedger();
    let ms = 0;
    for (const text of texts) {
      ledger.addText(text);
      if (random() < 0.8) ledger.beginSegment();
      const length = 500 + random() * 3_000;
      const parts = text.match(/\p{L}+/gu) ?? [];
      if (random() < 0.6) {
        const known = parts.slice(0, Math.floor(random() * (parts.length + 1)));
        ledger.addWords(
          known.map((word, i) => ({
            text: word,
            startMs: ms + random() * length,
            endMs: ms + length * (i / parts.length),
          })),
        );
      }
      ledger.addAudio(length);
      ms += length;
    }
    if (random() < 0.5) ledger.finish();
    checked(ledger, ms);
  }
});

describe("what is said in other words", () => {
  const link = pieceOf([
    { written: "See ", spoken: "See " },
    { written: "https://example.com/a-b", spoken: "a link" },
    { written: " now.", spoken: " now." },
  ]);

  it("is heard whole or not at all", () => {
    expect(new Set(checked(spoken(link, 1_500), 1_500))).toEqual(
      new Set(["", "See", "See https://example.com/a-b", "See https://example.com/a-b now."]),
    );
  });

  it("is followed by the voice's words", () => {
    const ledger = spoken(link, 1_500);
    ledger.addWords(["See", "a", "link", "now"].map((text, i) => ({ text, startMs: i * 300, endMs: i * 300 + 300 })));
    expect([200, 500, 800, 1_100].map((ms) => ledger.heardAt(ms).heard)).toEqual([
      "See",
      "See",
      "See https://example.com/a-b",
      "See https://example.com/a-b now.",
    ]);
  });

  it("by a hook, keeps its place", () => {
    const said = withSpoken(plainPiece("Use SQL and C++ or so."), "Use sequel and see plus plus or so.");
    expect(said.written).toBe("Use SQL and C++ or so.");
    const heards = new Set(checked(spoken(said, 3_500), 3_500));
    expect(heards).toContain("Use SQL");
    expect(heards).toContain("Use SQL and C++");
    expect(heards).toContain("Use SQL and C++ or");
  });

  it("altogether, is followed in proportion", () => {
    const said = withSpoken(plainPiece("Eins zwei drei vier fünf."), "One two three four five!");
    expect(spoken(said, 1_000).heardAt(450).heard).toBe("Eins zwei");
  });

  it("and written in other words, is that alone", () => {
    const said = withWritten(
      withSpoken(plainPiece(" Your pin 1234 is safe."), "Your pin [number] is safe."),
      "Your pin [number] is safe.",
    );
    expect(said).toMatchObject({ written: " Your pin [number] is safe.", spoken: "Your pin [number] is safe." });
    expect(spoken(said, 1_000).heardAt(500).heard).toBe("Your pin");
  });

  it.each([
    ["", ""],
    ["A b.", "A b."],
    ["A b.", "Well, a b c!"],
    ["", "something"],
    ["something", ""],
    ["x ".repeat(600), "y ".repeat(600)],
    ["同じ 文", "別の文です"],
  ])("%j said as %j: nothing is lost", (text, other) => {
    for (const piece of [plainPiece(text), pieceOf([{ written: `**${text}`, spoken: text }])]) {
      const said = withSpoken(piece, other);
      expect(said.written).toBe(piece.written);
      expect(said.spoken).toBe(other.trim());
      expect(withWritten(piece, other).written.trim()).toBe(other.trim());
    }
  });

  it("of a whole text, is all of it in the end", async () => {
    const text = "**Now.** See [this, that](https://a.b/(c)) and `x`:\n\n```\ncode\n```\n\n- 你好 👍🏽。**再见**\n";
    const ledger = new HeardLedger();
    async function* source() {
      for (const char of text) yield char;
    }
    for await (const piece of speechPieces(source(), { filter: speakable })) {
      ledger.addText(piece);
      if (piece.spoken === "") continue;
      ledger.beginSegment(piece.spoken);
      ledger.addAudio(1_000);
    }
    ledger.finish();
    expect(ledger.text).toBe(text);
    for (const heard of checked(ledger, 5_000)) expect(heard).not.toMatch(/\]\($|\]\([^)]*$|https:$/);
  });
});

it.each(["👨‍👩‍👧‍👦🇩🇪🇫🇷é한국क्षि1️⃣𠮷", "abc", "🇩🇪🇫🇷🇮🇹", "\r\na", ""])(
  "%j has the same characters without Intl.Segmenter",
  (text) => {
    for (let at = 0; at <= text.length; at++) {
      const byRule = graphemeStartByRule(text, at);
      expect(byRule).toBeLessThanOrEqual(at);
      if (!/क्ष/.test(text)) expect(byRule).toBe(graphemeStart(text, at));
    }
  },
);
