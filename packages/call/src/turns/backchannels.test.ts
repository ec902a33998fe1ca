import { describe, expect, it } from "vitest";
import { backchannelsOf, isBackchannel } from "./backchannels.ts";

describe("words that want no floor", () => {
  it.each<[string, string[]]>([
    [
      "en",
      [
        "mhm",
        "Mm-hmm.",
        "yeah",
        "Yeah, right.",
        "okay okay",
        "Right, okay.",
        "uh-huh",
        "I see",
        "hmm...",
        "um",
        "uh",
        "OK!",
        "yeaah",
      ],
    ],
    ["de", ["ja", "Ja, genau.", "okay", "äh", "ähm", "ach so", "mhm", "verstehe"]],
    ["fr", ["d'accord", "Ouais, ouais.", "euh", "je vois"]],
    ["es", ["vale", "claro, claro", "ajá", "eh"]],
    ["it", ["certo", "va bene", "ehm"]],
    ["pt", ["tá bom", "entendi", "pois é"]],
    ["nl", ["ja", "oké, precies", "eh"]],
    ["ja", ["うん", "はい、はい", "そうですね", "なるほど。", "えっと"]],
    ["zh", ["嗯", "嗯嗯，对", "好的", "是的。", "原来如此"]],
    ["en-GB", ["yeah"]],
    ["fi", ["mhm", "hmm"]],
  ])("in %s", (language, words) => {
    for (const word of words) expect([word, isBackchannel(word, language)]).toEqual([word, true]);
  });

  it.each<[string | undefined, string[]]>([
    [
      "en",
      [
        "",
        "...",
        "yes",
        "no",
        "stop",
        "wait",
        "yeah but what about Paris",
        "okay stop",
        "right now",
        "rights",
        "okayish",
        "so what",
      ],
    ],
    ["en", ["I see a problem", "well done is how I want it", "mhm no", "like I said", "genau"]],
    ["de", ["nein", "jahr", "ja aber warum", "Moment", "genau das nicht", "warte"]],
    ["ja", ["はいやめて", "ちょっと待って"]],
    ["zh", ["不对", "好的但是", "停"]],
    ["fi", ["yeah"]],
    [undefined, ["stop", "what is that", "halt", "yes"]],
  ])("is nothing else (%s)", (language, words) => {
    for (const word of words) expect([word, isBackchannel(word, language)]).toEqual([word, false]);
  });

  it("of any language where nobody says which", () => {
    for (const word of ["yeah", "genau", "嗯", "d'accord, okay"]) expect(isBackchannel(word)).toBe(true);
  });

  it("takes any text in little time", () => {
    expect(isBackchannel("mhm ".repeat(15), "en")).toBe(true);
    expect(isBackchannel("mhm ".repeat(10_000), "en")).toBe(false);
    expect(isBackchannel(`${"hm".repeat(29)}!x`, "en")).toBe(false);
    expect(isBackchannel(`${"m".repeat(58)}x`)).toBe(false);
  });
});

describe("words a recogniser is not sure of", () => {
  const heard = (confidence: number | undefined, speechMs?: number) => ({ confidence, speechMs });

  it.each<[text: string, confidence: number | undefined, speechMs: number | undefined, listens: boolean]>([
    // What sounds like signs of listening is one, unless it is certain.
    ["Bright, okay.", 0.5, 900, true],
    ["Bright, okay.", undefined, 900, false],
    ["Bright, okay.", 0.6, 900, false],
    ["Oh, Kay, right.", 0.55, undefined, true],
    // More of it differs.
    ["The course.", 0.45, 700, false],
    ["You are okay.", 0.45, 700, false],
    // Little was said, and with little certainty: no more than a sound.
    ["Good.", 0.24, 250, true],
    ["Then?", 0.28, 180, true],
    ["Good.", 0.24, 450, false],
    ["Good.", 0.24, undefined, false],
    ["Good.", 0.4, 250, false],
    // Commands, and what sounds like one, are none.
    ["No.", 0.2, 200, false],
    ["Stop.", 0.2, 200, false],
    ["Step.", 0.24, 280, false],
    // Nor is there a certain word that is: "eight" is no "right".
    ["Eight.", 0.63, 310, false],
    ["Four.", 0.45, 250, false],
  ])("%s, sure %d, %d ms: %s", (text, confidence, speechMs, listens) => {
    expect(isBackchannel(text, "en", heard(confidence, speechMs))).toBe(listens);
  });

  it("are judged in each language, and in none that is known", () => {
    expect(isBackchannel("Jawohl, gestern", "de", heard(0.5))).toBe(false);
    expect(isBackchannel("Genaut, ja", "de", heard(0.5))).toBe(true);
    expect(isBackchannel("Genaut, ja", "en", heard(0.5))).toBe(false);
    expect(isBackchannel("genaut, ja", undefined, heard(0.5))).toBe(true);
    expect(isBackchannel("なるほとね", "ja", heard(0.5))).toBe(true);
  });
});

describe("an application's own judgement", () => {
  it("counts, and is given what there is", () => {
    const given: unknown[] = [];
    const own = (...all: unknown[]): boolean => given.push(all) > 0;
    expect(backchannelsOf(own, "de", () => {})({ text: "stop", confidence: 0.4, speechMs: 300 })).toBe(true);
    expect(given).toEqual([["stop", "de", { confidence: 0.4, speechMs: 300 }]]);
  });

  it.each<[string, () => unknown]>([
    ["throws", () => (undefined as unknown as string).length],
    ["gives a promise", async () => true],
    ["gives a promise that fails", () => Promise.reject(new Error("no list"))],
    ["gives nothing", () => undefined],
  ])("that %s is told of, and costs its advice only", (_, own) => {
    const errors: unknown[] = [];
    const judge = backchannelsOf(own, "en", (error) => errors.push(error));
    expect([judge({ text: "mhm" }), judge({ text: "stop" })]).toEqual([true, false]);
    expect(errors).toHaveLength(2);
  });
});
