import { describe, expect, it } from "vitest";
import { contract } from "./contract.ts";
import { readExpression } from "./expression.ts";
import { distance, findPhrase, soundsLike } from "./fuzzy.ts";
import { normalize, wordsOf } from "./normalize.ts";
import { readNumber, readNumbers } from "./read-number.ts";
import { sayCount, sayNumber, sayOrdinal, sayYear } from "./say-number.ts";
import { sayDate, sayTime, wallTime } from "./say-time.ts";
import { firstSentences, speakable } from "./speakable.ts";

describe("normalize", () => {
  it.each([
    ["What's UP, Doc?!", "what is up doc"],
    ["I\u2019m not sure \u2014 don\u2019t ask", "i am not sure do not ask"],
    ["[BLANK_AUDIO] (wind blowing) hello *coughs*", "hello"],
    ["12*7 and 3.5 x 2, 20%", "12 times 7 and 3.5 times 2 20 percent"],
    ["1,200 + 34 = ?", "1200 plus 34 equals"],
    ["21\u00B0C, -5", "21 degrees celsius minus 5"],
    ["um, uh, what what is the the time", "what is the time"],
    ["bye bye", "bye bye"],
    ["Jos\u00E9", "jose"],
    ["what is 7:30 a.m.", "what is 7:30 a m"],
    ["whats the whether in rome", "what is the weather in rome"],
    ["rome kit", "roomkit"],
  ])("%j", (raw, text) => {
    expect(normalize(raw)).toBe(text);
  });

  it.each([
    ["hey Kit, tell me a joke", "tell me a joke"],
    ["Kit what time is it", "what time is it"],
    ["hello Kit", "hello"],
    ["is your name Kit", "is your name kit"],
    ["thank you, Kit!", "thank you"],
  ])("does not mind being addressed: %j", (raw, text) => {
    expect(normalize(raw, "Kit")).toBe(text);
  });
});

describe("numbers", () => {
  it("are read as they are said, all from 0 to 3,000 and a sample of the larger ones", () => {
    const values = [
      ...Array.from({ length: 3_001 }, (_, index) => index),
      9_999,
      10_000,
      65_536,
      100_001,
      999_999,
      1_000_000,
      7_654_321,
      2_000_000_005,
      4e12,
    ];
    for (const value of values) {
      const words = wordsOf(sayNumber(value));
      expect(readNumber(words), words.join(" ")).toEqual({ value, next: words.length });
    }
  });

  it.each([
    ["twelve", 12],
    ["a hundred and five", 105],
    ["one hundred five", 105],
    ["minus seven", -7],
    ["negative two", -2],
    ["three point one four", 3.14],
    ["zero point oh five", 0.05],
    ["3.5", 3.5],
    ["3 million", 3_000_000],
    ["two and a half", 2.5],
    ["half", 0.5],
    ["a dozen", 12],
    ["one thousand and one", 1_001],
    ["two million three hundred thousand", 2_300_000],
  ])("%j", (words, value) => {
    expect(readNumber(wordsOf(words))).toEqual({ value, next: wordsOf(words).length });
  });

  it("stop where the next one begins", () => {
    expect(readNumbers(wordsOf("four six and eight"))).toEqual([4, 6, 8]);
    expect(readNumbers(wordsOf("between one and ten"))).toEqual([1, 10]);
    expect(readNumber(wordsOf("banana"))).toBeUndefined();
    expect(readNumber([])).toBeUndefined();
  });

  it.each([
    [0, "zero"],
    [-3, "minus three"],
    [0.5, "zero point five"],
    [16.09344, "sixteen point zero nine three four"],
    [1_024, "one thousand and twenty four"],
    [1e15, "about one times ten to the power of fifteen"],
    [-0.00001, "zero"],
    [Number.NaN, "not a number"],
    [Number.POSITIVE_INFINITY, "infinity"],
  ])("%d is said", (value, words) => {
    expect(sayNumber(value)).toBe(words);
  });

  it("have ordinals, years and counts", () => {
    expect([1, 2, 3, 5, 8, 9, 12, 20, 22, 31].map(sayOrdinal)).toEqual([
      "first",
      "second",
      "third",
      "fifth",
      "eighth",
      "ninth",
      "twelfth",
      "twentieth",
      "twenty second",
      "thirty first",
    ]);
    expect([1969, 1900, 1905, 2000, 2005, 2026].map(sayYear)).toEqual([
      "nineteen sixty nine",
      "nineteen hundred",
      "nineteen oh five",
      "two thousand",
      "two thousand and five",
      "twenty twenty six",
    ]);
    expect([sayCount(1, "day"), sayCount(2, "day"), sayCount(2, "foot", "feet")]).toEqual([
      "one day",
      "two days",
      "two feet",
    ]);
  });
});

describe("expressions", () => {
  it.each([
    ["two plus three times four", 14],
    ["two times three plus four", 10],
    ["ten minus four minus three", 3],
    ["two to the power of three to the power of one", 8],
    ["square root of sixteen plus nine", 13],
    ["twenty percent of fifty plus one", 11],
    ["that times two", 20],
    ["five squared plus one please", undefined],
    ["five squared plus one thanks", 26],
    ["five", 5],
    ["five bananas", undefined],
    ["plus", undefined],
    ["five plus", undefined],
  ])("%j", (words, value) => {
    expect(readExpression(wordsOf(words), 0, 10)?.value).toBe(value);
  });
});

describe("times and dates", () => {
  it.each([
    [0, 0, "midnight"],
    [12, 0, "noon"],
    [9, 5, "nine oh five in the morning"],
    [18, 0, "six o'clock in the evening"],
    [12, 30, "twelve thirty in the afternoon"],
    [0, 15, "twelve fifteen at night"],
    [23, 59, "eleven fifty nine at night"],
  ])("%d:%d", (hour, minute, words) => {
    expect(sayTime({ hour, minute })).toBe(words);
  });

  it("are those of the zone", () => {
    const at = Date.UTC(2026, 0, 1, 0, 30);
    expect(wallTime(at, "America/New_York")).toEqual({
      year: 2025,
      month: 12,
      day: 31,
      weekday: "Wednesday",
      hour: 19,
      minute: 30,
    });
    expect(sayDate(wallTime(at, "UTC"))).toBe("January the first, twenty twenty six");
  });
});

describe("speakable", () => {
  it.each([
    ["# Title\n- one\n- two", "Title. one. two"],
    ["`code` and **bold**", "code and bold"],
    ["Rain 20%, wind 12 km/h", "Rain twenty percent, wind twelve kilometers per hour"],
    ["at 14:05", "at two oh five in the afternoon"],
    ["call 5551234567", "call five five five one two three four five six seven"],
    ["a \u2014 b; c", "a, b, c"],
    ["\u{1F600} hi \u{1F389}", "hi"],
    ["-5 degrees", "minus five degrees"],
    ["A4 paper", "A four paper"],
  ])("%j", (text, spoken) => {
    expect(speakable(text)).toBe(spoken);
  });

  it("counts sentences", () => {
    expect(firstSentences("One. Two! Three? Four.", 2)).toBe("One. Two!");
  });
});

describe("contract", () => {
  it("shortens what people shorten, and nothing at the end of a clause", () => {
    expect(contract("I am here. It is what it is. I do not know, let us see. Heads it is.")).toBe(
      "I'm here. It's what it is. I don't know, let's see. Heads it is.",
    );
  });
});

describe("fuzzy words", () => {
  it("forgives more in longer words", () => {
    expect([distance("kitten", "kitten", 2), distance("kitten", "ktiten", 2), distance("abc", "xyz", 2)]).toEqual([
      0, 1, 3,
    ]);
    expect([
      soundsLike("germny", "germany"),
      soundsLike("per", "peru"),
      soundsLike("bermany", "germany"),
      soundsLike("swizerlnd", "switzerland"),
    ]).toEqual([true, false, false, true]);
  });

  it("prefers the longer phrase, then the exact one", () => {
    const entries = [
      ["guinea", 1],
      ["new guinea", 2],
      ["austria", 3],
      ["australia", 4],
    ] as const;
    expect(findPhrase(wordsOf("papua new guinea"), entries)).toBe(2);
    expect(findPhrase(wordsOf("in austria"), entries)).toBe(3);
    expect(findPhrase(wordsOf("nothing"), entries)).toBeUndefined();
  });
});
