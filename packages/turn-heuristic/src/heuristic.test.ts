import type { TurnContext, TurnDecision } from "@roomkit/core";
import { inFrames, inSequence, quiet, seededRandom, turnDetectorConformance } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type HeuristicTurnsOptions, heuristicTurns, type TurnReason } from "./index.ts";

describe("heuristicTurns", () => {
  for (const { name, run } of turnDetectorConformance({ create: () => heuristicTurns() })) it(name, run);
});

function judge(
  transcript: string,
  { asked, options, ...more }: Partial<TurnContext> & { asked?: string; options?: HeuristicTurnsOptions } = {},
): Promise<TurnDecision> {
  const history = asked === undefined ? [] : [{ role: "assistant" as const, text: asked }];
  const context = { transcript, history, silenceMs: 200, audio: [], language: "en", ...more };
  return heuristicTurns(options).evaluate(context, { signal: new AbortController().signal });
}

describe("what is over", () => {
  it.each<[text: string, reason: TurnReason, asked?: string]>([
    ["What is the capital of France?", "question"],
    ["hello there what time is it now", "question"],
    ["Yes.", "answer"],
    ["no thanks", "answer"],
    ["Germany", "answer", "Which country is that?"],
    ["Yes I can", "answer", "Can you hear me?"],
    ["We are", "answer", "Are you coming?"],
    ["Yes it was", "answer"],
    ["Good morning", "answer"],
    ["stop", "answer"],
    ["Thank you very much", "answer"],
    ["I would like that one please", "closing"],
    ["John Smith", "name", "May I have your name?"],
    ["four nine one seven six two", "digits", "Please give me your six digit code."],
    ["491762", "digits", "Please give me your six-digit code."],
    ["4 9 1 7", "digits", "What is your four digit pin?"],
    ["john dot smith at example dot com", "email", "What is your email address?"],
    ["it's john@example.org", "email"],
    ["Main Street 5 Springfield 12345", "address", "What is your address?"],
  ])("%s: %s", async (text, reason, asked) => {
    expect(await judge(text, asked === undefined ? {} : { asked })).toMatchObject({ complete: true, reason });
  });
});

describe("what is not", () => {
  it.each<[text: string, reason: TurnReason, asked?: string]>([
    ["I would like to know", "opening"],
    ["I would like to know the capital of", "preposition"],
    // Local recognisers write a full stop after each piece.
    ["I would like to know. The capital of.", "preposition"],
    ["I was there and", "conjunction"],
    ["That is because", "conjunction"],
    ["Can you tell me whether the", "article"],
    ["I forgot my", "possessive"],
    ["The train has been", "auxiliary"],
    ["so um", "filler"],
    ["how do I", "opening"],
    ["Please repeat after me", "opening"],
    ["what should we", "opening"],
    ["should we", "opening"],
    ["can you", "opening"],
    ["my number is five five five", "digits"],
    ["five five five one two", "digits", "What is your phone number?"],
    ["555 12", "digits", "What is your phone number?"],
    ["four nine", "digits", "Please give me your six digit code."],
    ["b as in bravo", "spelling"],
    ["S M I", "spelling", "Could you spell that?"],
    ["s-m-i", "spelling"],
    ["john dot smith at", "email", "What is your email address?"],
    ["twelve Baker Street", "address", "What is your address?"],
  ])("%s: %s", async (text, reason, asked) => {
    const decision = await judge(text, asked === undefined ? {} : { asked });
    expect(decision).toMatchObject({ complete: false, reason });
    expect(decision.confidence).toBeLessThan(0.2);
    expect(decision.waitMs).toBeGreaterThan(1_200);
    expect(decision.waitMs).toBeLessThanOrEqual(2_500);
  });

  it.each<[text: string, reason: TurnReason, asked?: string]>([
    ["I need a taxi", "statement"],
    ["I called you yesterday", "closing"],
    ["If it rains tomorrow", "clause"],
    ["He said that", "either"],
    ["There were two", "either"],
    ["What are you looking for", "question"],
    ["How old are you", "question"],
    ["I would like to know what time it is", "question"],
    ["I would like to know. What time it is?", "question"],
    ["Tell me who you are", "question"],
    // A recogniser makes anything of a "stop".
    ["Stock what time is it?", "question"],
    ["What did she say", "question"],
    ["It's broken", "statement"],
    ["front", "fragment"],
    ["Play some music", "command"],
    ["John", "name", "May I have your full name?"],
  ])("%s may be: %s", async (text, reason, asked) => {
    const decision = await judge(text, asked === undefined ? {} : { asked });
    expect(decision).toMatchObject({ complete: false, reason });
    expect(decision.waitMs).toBeGreaterThan(100);
    expect(decision.waitMs).toBeLessThan(1_200);
  });

  it.each(["I need a table for two", "around seven thirty", "it was in nineteen ninety nine"])(
    "a number that is no list: %s",
    async (text) => {
      expect((await judge(text)).reason).not.toBe("digits");
    },
  );

  it("knows who has none to give", async () => {
    expect(await judge("I don't have one", { asked: "What is your phone number?" })).toMatchObject({ complete: true });
  });
});

/** A second of a voice whose pitch goes from one value to another in its last 300 ms, with the pause after it. */
function voice(fromHz: number, toHz: number, fade: boolean, noise = 0): TurnContext["audio"] {
  const rate = 16_000;
  const random = seededRandom(3);
  let phase = 0;
  const spoken = Int16Array.from({ length: 1.2 * rate }, (_, i) => {
    const t = i / rate;
    const late = Math.max(0, (t - 0.9) / 0.3);
    phase += (2 * Math.PI * (fromHz + (toHz - fromHz) * late)) / rate;
    const syllable = t % 0.2 < 0.16 ? 1 : 0.02;
    const loud = 6_000 * syllable * (fade ? 1 - 0.85 * late : 1);
    return loud * (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(3 * phase)) + noise * (random() - 0.5);
  });
  return inFrames(inSequence(spoken, quiet(rate, 200)), { sampleRate: rate, channels: 1 });
}

describe("by ear", () => {
  const confidence = async (audio: TurnContext["audio"], text = ""): Promise<number> =>
    (await judge(text, { audio })).confidence;

  it("a voice that falls and fades has finished, one that stays up has not", async () => {
    expect(await confidence(voice(150, 90, true))).toBeGreaterThan(0.7);
    expect(await confidence(voice(150, 150, false))).toBeLessThan(0.5);
    expect(await confidence(voice(150, 210, false))).toBeLessThan(0.4);
  });

  it("noise does not change that, and too much of it makes no difference at all", async () => {
    expect(await confidence(voice(150, 90, true, 600))).toBeGreaterThan(0.65);
    expect(await confidence(voice(150, 150, false, 600))).toBeLessThan(0.5);
    expect(await judge("", { audio: voice(150, 90, true, 60_000) })).toMatchObject({
      confidence: 0.5,
      reason: "prosody",
    });
  });

  it("leans a statement, and does not undo what is plain", async () => {
    const [over, on] = [voice(150, 90, true), voice(150, 210, false)];
    expect(await confidence(over, "The card was declined")).toBeGreaterThan(0.8);
    expect(await confidence(on, "The card was declined")).toBeLessThan(0.7);
    expect(await confidence(over, "The capital of")).toBeLessThan(0.2);
  });

  it("can be told not to listen", async () => {
    const decision = await judge("", { audio: voice(150, 90, true), options: { prosody: false } });
    expect(decision.confidence).toBe(0.5);
  });
});

describe("languages", () => {
  const german = {
    unfinished: { conjunction: ["und", "weil"] },
    questions: ["wann"],
    answers: ["ja"],
    numbers: { sieben: 1 },
  };

  it("without words go by ear, numerals and question marks", async () => {
    expect(await judge("das ist der", { language: "de-AT" })).toMatchObject({ reason: "prosody", complete: false });
    expect(await judge("4 9 1 7", { language: "de" })).toMatchObject({ reason: "digits", complete: false });
  });

  it("take words, and English takes more", async () => {
    const options = { lexicons: { de: german, en: { answers: ["aye"] } } };
    const german1 = (text: string) => judge(text, { language: "de", options });
    expect(await german1("ich war da und")).toMatchObject({ reason: "conjunction", complete: false });
    expect(await german1("wann kommt der nächste Zug")).toMatchObject({ reason: "question", complete: true });
    expect(await german1("Ja.")).toMatchObject({ reason: "answer", complete: true });
    expect(await judge("aye", { options })).toMatchObject({ reason: "answer" });
    expect(await judge("yes", { options })).toMatchObject({ reason: "answer" });
    expect(await judge("ja", { options: { ...options, language: "de" }, language: undefined })).toMatchObject({
      reason: "answer",
    });
  });

  it.each([
    { en: 5 },
    { en: null },
    { de: { answers: "ja" } },
    { de: { answers: [5] } },
    { de: { numbers: { sieben: "one" } } },
    { de: { lengths: { pin: [4, "x"] } } },
    { de: { unfinished: { conjunction: "und" } } },
    { de: { asks: { digits: [null] } } },
  ])("refuse %o", (lexicons) => {
    expect(() => heuristicTurns({ lexicons: lexicons as never })).toThrowError(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("lexicons.") }),
    );
  });
});

it("waits by the speaker's pauses", async () => {
  const wait = async (pauses: number[]): Promise<number> => (await judge("I need a taxi", { pauses })).waitMs ?? -1;
  expect(await wait([1_300, 1_200, 1_400])).toBeGreaterThan((await wait([])) + 100);
  expect(await wait([250, 240, 260])).toBeLessThan(await wait([]));
});
