import { beforeAll, describe, expect, it } from "vitest";
import { Flite } from "../engine/flite.ts";
import { spokenText, type Token, tokenize } from "../text/tokens.ts";
import { alignWords, proportional } from "./align.ts";
import { type Phone, parsePhones } from "./phones.ts";

const PRINTED =
  "pau:0.195 dh:0.234 ae:0.365 t:0.396 ih:0.448 z:0.522 f:0.646 ao:0.728 r:0.770 t:0.814 iy:0.938 t:1.034 uw:1.199 d:1.256 aa:1.409 l:1.580 er:1.628 z:1.700 pau:1.900 \n";

describe("phones", () => {
  it("are read as they are printed", () => {
    const phones = parsePhones(PRINTED);
    expect(phones).toHaveLength(19);
    expect(phones[0]).toEqual({ name: "pau", endMs: 195 });
    expect(phones[4]).toEqual({ name: "ih", endMs: 448 });
    expect(parsePhones("")).toEqual([]);
  });
});

describe("alignment", () => {
  const tokens = tokenize("That is $42");

  it("gives each word its phones, a number all of its own", () => {
    const words = alignWords(tokens, parsePhones(PRINTED), 1_900);
    expect(words.map(({ text, startMs, endMs }) => [text, Math.round(startMs), Math.round(endMs)])).toEqual([
      ["That", 195, 396],
      ["is", 396, 522],
      ["$42", 522, 1_700],
    ]);
  });

  it("follows the audio where the engine's clock runs differently", () => {
    const words = alignWords(tokens, parsePhones(PRINTED), 950);
    expect(words[1]?.endMs).toBeCloseTo(261, 5);
  });

  it("shares the time out by length where letters and phones do not line up", () => {
    const words = alignWords(
      tokenize("Xylophone rhythm"),
      parsePhones("pau:0.1 aa:0.2 aa:0.3 aa:0.4 aa:1.1 pau:1.2"),
      1_200,
    );
    expect(words.map(({ text }) => text)).toEqual(["Xylophone", "rhythm"]);
    expect(words[0]?.startMs).toBeCloseTo(100, 5);
    expect(words[1]?.startMs).toBeCloseTo(100 + (1_000 * 10) / 17, 5);
    expect(words[1]?.endMs).toBeCloseTo(1_100, 5);
  });

  it("holds for no words and for no phones", () => {
    expect(alignWords([], parsePhones(PRINTED), 1_900)).toEqual([]);
    expect(alignWords(tokens, [], 600).map(({ text }) => text)).toEqual(["That", "is", "$42"]);
    expect(proportional(tokens, 0, 100).at(-1)?.endMs).toBeCloseTo(100, 9);
  });
});

describe("alignment with the real engine", { timeout: 60_000 }, () => {
  const sentences = [
    "Hello, how can I help you today?",
    "I would like to book a table for four people tomorrow evening.",
    "That is $42.50, at 7:30 pm on the 3rd.",
    "Dr. Smith's API costs $5M; knights exchange boxes through Worcester's queue.",
    "The quick brown fox jumps over the lazy dog.",
    "Please call me back at 555-0199, or send an e-mail to bob@example.com.",
  ];
  let flite: Flite;
  beforeAll(async () => {
    flite = await Flite.load();
  });
  const sounds = (phones: readonly Phone[]): Phone[] => phones.filter(({ name }) => name !== "pau");
  /** How many phones each word has when it is spoken alone. */
  const counts = (tokens: readonly Token[]): number[] =>
    tokens.map(({ spoken }) => {
      const alone = flite.speak({ text: spoken.replaceAll(",", ""), voice: "kal16", speed: 1 });
      return sounds(alone.phones).length;
    });

  it.each(["slt", "rms", "awb", "kal16"])("finds where the words of %s end", (voice) => {
    const errors: number[] = [];
    for (const sentence of sentences) {
      const tokens = tokenize(sentence);
      const { samples, sampleRate, phones } = flite.speak({ text: spokenText(tokens), voice, speed: 1 });
      const lengthMs = (samples.length / sampleRate) * 1000;
      const words = alignWords(tokens, phones, lengthMs);
      const scale = lengthMs / (phones.at(-1) as Phone).endMs;
      const real = sounds(phones);
      let at = 0;
      counts(tokens).forEach((count, i) => {
        at += count;
        errors.push(Math.abs((real[at - 1] as Phone).endMs * scale - (words[i]?.endMs ?? 0)));
      });
      expect(at).toBe(real.length);
    }
    const exact = errors.filter((error) => error < 2).length;
    expect(exact / errors.length).toBeGreaterThan(0.95);
    expect(Math.max(...errors)).toBeLessThan(200);
  });
});
