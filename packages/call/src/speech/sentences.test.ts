import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { partitions } from "./partitions.fixture.ts";
import { type SentenceOptions, SentenceSplitter, splitSentences } from "./sentences.ts";

function cut(deltas: readonly string[], options: SentenceOptions): string[] {
  const splitter = new SentenceSplitter(options);
  return [...deltas.flatMap((delta) => splitter.push(delta)), ...splitter.flush()];
}

/** Every way of chopping the text must give the same pieces. */
function pieces(text: string, options: SentenceOptions = {}): string[] {
  const whole = cut([text], options);
  for (const deltas of partitions(text)) expect(cut(deltas, options)).toEqual(whole);
  return whole;
}

/** Without the early first clause, which is shown apart. */
const sentences = (text: string): string[] => pieces(text, { firstClauseChars: 1_000 });

describe("sentences", () => {
  it.each([
    ["Hello there. How are you?", ["Hello there.", "How are you?"]],
    ["It opens at 5 p.m. Then we eat.", ["It opens at 5 p.m.", "Then we eat."]],
    ["It opens at 5 p.m. on Friday.", ["It opens at 5 p.m. on Friday."]],
    ["Dr. Smith is in. Wait here.", ["Dr. Smith is in.", "Wait here."]],
    ["Pi is 3.14 or so. Yes.", ["Pi is 3.14 or so.", "Yes."]],
    ['"Really?" he said. "Yes." 𝒜h.', ['"Really?" he said.', '"Yes."', "𝒜h."]],
    ["« Oui. » dit-il. Bien.", ["« Oui. » dit-il.", "Bien."]],
    ["Vive en EE. UU. con ella.", ["Vive en EE. UU. con ella."]],
    ['Really?! "Yes." Good...', ["Really?!", '"Yes."', "Good..."]],
    ["One line\nand another", ["One line", "and another"]],
    ["One line\r\nand another\u2028and more", ["One line", "and another", "and more"]],
    ["1. First point. 2. Second point.", ["1. First point.", "2. Second point."]],
    ["今日は。元気ですか？はい", ["今日は。", "元気ですか？", "はい"]],
    ["no terminator at all", ["no terminator at all"]],
    ["  \n \n ", []],
  ])("%j", (text, expected) => {
    expect(pieces(text)).toEqual(expected);
  });

  it.each([
    // Each mark of another script.
    ["यह एक है। वह दो है॥ और?", ["यह एक है।", "वह दो है॥", "और?"]],
    ["यह एक है।वह दो है।", ["यह एक है।", "वह दो है।"]],
    ["كيف حالك؟ أنا بخير.", ["كيف حالك؟", "أنا بخير."]],
    ["آپ کیسے ہیں۔ میں ٹھیک ہوں۔", ["آپ کیسے ہیں۔", "میں ٹھیک ہوں۔"]],
    ["Բարեւ։ Ինչպես ես։", ["Բարեւ։", "Ինչպես ես։"]],
    ["ሰላም። እንዴት ነህ፧ ደህና።", ["ሰላም።", "እንዴት ነህ፧", "ደህና።"]],
    ["សួស្តី។ សុខសប្បាយ។", ["សួស្តី។", "សុខសប្បាយ។"]],
    ["မင်္ဂလာပါ။ နေကောင်းလား။", ["မင်္ဂလာပါ။", "နေကောင်းလား။"]],
    ["བཀྲ་ཤིས།བདེ་ལེགས།", ["བཀྲ་ཤིས།", "བདེ་ལེགས།"]],
    ["ｱﾘｶﾞﾄｳ｡ﾊｲ｡", ["ｱﾘｶﾞﾄｳ｡", "ﾊｲ｡"]],
    ["Τι κάνεις; Καλά.", ["Τι κάνεις;", "Καλά."]],
    ["One; two; three.", ["One; two; three."]],
    ["Well… I think so. 我……不知道。", ["Well…", "I think so.", "我……不知道。"]],
    ["好的！OK!你好。", ["好的！", "OK!", "你好。"]],
    // Closers belong to the end before them.
    ["彼は「はい。」と言った。", ["彼は「はい。」", "と言った。"]],
    ["（はい。）『え！？』いいえ。", ["（はい。）", "『え！？』", "いいえ。"]],
    ["他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]],
    ['他说："好。"然后走了。', ['他说："好。"', "然后走了。"]],
    ["他走了。“好”他说。", ["他走了。", "“好”他说。"]],
    [
      "« Oui. » Il part. «\u00a0Non\u00a0!\u00a0» Ah. « Si.",
      ["« Oui. »", "Il part.", "«\u00a0Non\u00a0!\u00a0»", "Ah.", "« Si."],
    ],
    ["Er sagte: „Ja.“ Dann ging er.", ["Er sagte: „Ja.“", "Dann ging er."]],
    ["**Important.** Then *this.* (And that.) End", ["**Important.**", "Then *this.*", "(And that.)", "End"]],
    // Abbreviations.
    ["Wir treffen uns am 3. Oktober. Gut.", ["Wir treffen uns am 3. Oktober.", "Gut."]],
    ["Der 2. Weltkrieg, im 19. Jahrhundert. Ja.", ["Der 2. Weltkrieg, im 19. Jahrhundert.", "Ja."]],
    ["Es war der 1. FC Köln. Er gewann.", ["Es war der 1. FC Köln.", "Er gewann."]],
    ["Vi ses den 17. maj. Fint.", ["Vi ses den 17. maj.", "Fint."]],
    ["Ludwig XIV. war König. Ja.", ["Ludwig XIV. war König.", "Ja."]],
    ["It costs 3. Then I paid.", ["It costs 3.", "Then I paid."]],
    ["I am 3. You are 5.", ["I am 3.", "You are 5."]],
    ["In 2020. We left.", ["In 2020.", "We left."]],
    ["The U.S. Army is here. It left.", ["The U.S. Army is here.", "It left."]],
    ["I live in the U.S. The weather is fine.", ["I live in the U.S.", "The weather is fine."]],
    ["On Jan. 5 and Sept. 11 we met. Fine.", ["On Jan. 5 and Sept. 11 we met.", "Fine."]],
    ["Gen. Smith met Lt. Col. Jones. They left.", ["Gen. Smith met Lt. Col. Jones.", "They left."]],
    ["She has a Ph.D. from MIT. Yes.", ["She has a Ph.D. from MIT.", "Yes."]],
    ["She has a Ph.D. She teaches.", ["She has a Ph.D.", "She teaches."]],
    ["J. R. R. Tolkien and John F. Kennedy. Yes.", ["J. R. R. Tolkien and John F. Kennedy.", "Yes."]],
    ["So do I. Then we left.", ["So do I.", "Then we left."]],
    ["Use plan B. Call me.", ["Use plan B.", "Call me."]],
    ["Obst, z.B. Äpfel, d.h. z. B. Birnen. Ja.", ["Obst, z.B. Äpfel, d.h. z. B. Birnen.", "Ja."]],
    ["Fruit, e.g. Apples, i.e. Pears vs. Plums. Yes.", ["Fruit, e.g. Apples, i.e. Pears vs. Plums.", "Yes."]],
    ["M. Dupont et Mme. Curie. Il part.", ["M. Dupont et Mme. Curie.", "Il part."]],
    ["El Sr. García y la Dra. Ruiz. Pero no.", ["El Sr. García y la Dra. Ruiz.", "Pero no."]],
    ["No. 5 is alive. No. I do not.", ["No. 5 is alive.", "No.", "I do not."]],
    ["Yes. No. Maybe.", ["Yes.", "No.", "Maybe."]],
    ["Apples, pears, etc. They rot.", ["Apples, pears, etc.", "They rot."]],
    ["Apples, pears, etc. and so on.", ["Apples, pears, etc. and so on."]],
    ["Äpfel usw. Danach gehen wir.", ["Äpfel usw.", "Danach gehen wir."]],
    ["Smith et al. Found it? Acme Inc. Then.", ["Smith et al. Found it?", "Acme Inc.", "Then."]],
    // Words that look like one.
    ["Give it to me. Peter waits. Come in. Sit.", ["Give it to me.", "Peter waits.", "Come in.", "Sit."]],
    [
      "Never mind. Look at the sun. It set. Peter sat. Well.",
      ["Never mind.", "Look at the sun.", "It set.", "Peter sat.", "Well."],
    ],
    // Stops inside.
    ["Version 1.2.3 at 12.30 on example.com/a.b. Yes.", ["Version 1.2.3 at 12.30 on example.com/a.b.", "Yes."]],
    ["Write to a.b@example.com. Now.", ["Write to a.b@example.com.", "Now."]],
    ["It is $3.50. Pay.", ["It is $3.50.", "Pay."]],
  ])("%j", (text, expected) => {
    expect(sentences(text)).toEqual(expected);
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

  it.each(["😀", "👨‍👩‍👧‍👦", "🇩🇪", "e\u0301", "1️⃣", "𠮷", "กำ", "क्षि"])("never halves %s where it must cut", (one) => {
    for (let shift = 0; shift < 12; shift++) {
      const text = "x".repeat(shift) + one.repeat(60);
      const out = pieces(text, { maxChars: 50 });
      expect(out.join("")).toBe(text);
      for (const piece of out) expect(piece.replace(/^x+/, "").split(one).join("")).toBe("");
    }
  });

  it("does not cut a Latin word in the middle of Japanese", () => {
    const out = pieces("これは長い文章でTypeScriptという言葉が出てきます".repeat(10), { maxChars: 40 });
    expect(out.join("")).toBe("これは長い文章でTypeScriptという言葉が出てきます".repeat(10));
    expect(out.join("|").match(/TypeScript/g)).toHaveLength(10);
  });

  it("gives the same pieces however the text comes", () => {
    const random = seededRandom(7);
    const parts = [
      "Dr.",
      "No.",
      "5",
      "etc.",
      "U.S.",
      "I",
      "B.",
      "z.B.",
      "3.",
      "Oktober",
      "The",
      "army",
      "。",
      "」",
      "「",
      "?!",
      "…",
      "...",
      '"',
      ")",
      "**",
      "\n",
      "\n\n",
      " ",
      "  ",
      ",",
      ";",
      "😀",
      "👩‍🚀",
      "日本",
      "ไทย",
      "।",
      "x".repeat(40),
      "word word word",
      "e\u0301",
    ];
    for (let round = 0; round < 60; round++) {
      let text = "";
      for (let i = 0; i < 40; i++) text += `${parts[Math.floor(random() * parts.length)]}${random() < 0.6 ? " " : ""}`;
      const out = pieces(text, { maxChars: 30 + Math.floor(random() * 60) });
      expect(out.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
    }
  });

  it.each(["x", "x ", "! x", ".", "e\u0301", "「", "\u0301", "Dr. ", " ", "。」", "I. "])(
    "takes 100 kB of %j in steps bounded by its length",
    (one) => {
      const text = one.repeat(100_000 / one.length);
      const splitter = new SentenceSplitter();
      let kept = 0;
      let out = 0;
      for (let at = 0; at < text.length; at += 997) {
        kept += Math.min(997, text.length - at);
        for (const { piece, end } of splitter.pushEnds(text.slice(at, at + 997))) {
          expect(piece.length).toBeLessThanOrEqual(240);
          out = end;
        }
        // What is not given out yet is one piece and a look ahead; white space alone is let go.
        if (one.trim() !== "") expect(kept - out).toBeLessThan(240 + 997 + 64);
      }
      expect(splitter.flush().join("").length).toBeLessThan(700);
    },
  );

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
