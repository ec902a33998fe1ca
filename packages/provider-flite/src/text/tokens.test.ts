import { describe, expect, it } from "vitest";
import { sanitize } from "./sanitize.ts";
import { spokenText, tokenize } from "./tokens.ts";

const say = (text: string): string => spokenText(tokenize(sanitize(text)));
const written = (text: string): string =>
  tokenize(sanitize(text))
    .map((token) => token.written)
    .join(" ");

describe("what is said for what is written", () => {
  it.each([
    ["$42.50", "forty two dollars fifty cents"],
    ["$1", "one dollar"],
    ["$0.99", "ninety nine cents"],
    ["£1,234.56", "one thousand two hundred thirty four pounds fifty six pence"],
    ["$5M", "five million dollars"],
    ["$2.5 million", "two point five million dollars"],
    ["-$3", "minus three dollars"],
    ["20€", "twenty euros"],
    ["7:30 pm", "seven thirty P M"],
    ["7:05am", "seven oh five A M"],
    ["It's 7:00.", "It's seven o'clock."],
    ["7:00 am", "seven A M"],
    ["19:00", "nineteen hundred"],
    ["10 a.m. sharp", "ten A M sharp"],
    ["3rd", "third"],
    ["the 21st, 12th and 100th", "the twenty first, twelfth and one hundredth"],
    ["1999", "nineteen ninety nine"],
    ["1905 and 1900", "nineteen oh five and nineteen hundred"],
    ["2008 and 2025", "two thousand eight and twenty twenty five"],
    ["the 1990s", "the nineteen nineties"],
    ["2024-03-15", "March fifteenth, twenty twenty four"],
    ["12/25/2024", "December twenty fifth, twenty twenty four"],
    ["2024-99-99", "twenty twenty four ninety nine ninety nine"],
    ["50%", "fifty percent"],
    ["3.14", "three point one four"],
    ["1,000,000", "one million"],
    ["0", "zero"],
    ["007", "zero zero seven"],
    ["1234567", "one two three four five six seven"],
    [
      "12345678901234567890",
      "one two three four five six seven eight nine zero one two three four five six seven eight nine zero",
    ],
    ["-5", "minus five"],
    ["3/4", "three quarters"],
    ["2½ cups", "two and a half cups"],
    ["10-20 minutes", "ten to twenty minutes"],
    ["555-0199", "five five five, zero one nine nine"],
    ["(415) 555-0199", "four one five, five five five, zero one nine nine"],
    ["1.2.3", "one point two point three"],
    ["#5", "number five"],
    ["5 km", "five kilometers"],
    ["1 kg", "one kilogram"],
    ["16GB", "sixteen gigabytes"],
    ["20°C", "twenty degrees Celsius"],
    ["100k", "one hundred thousand"],
    ["5x3", "five by three"],
  ])("%s", (text, spoken) => {
    expect(say(text)).toBe(spoken);
  });

  it.each([
    ["Dr. Smith of 5 Elm Dr.", "doctor Smith of five Elm drive."],
    ["Mr. and Mrs. Jones vs. St. John", "mister and missus Jones versus saint John"],
    ["e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."],
    ["No. 5", "number five"],
    ["the U.S. team", "the U S team"],
    ["Use our AI, the URLs", "Use our A I, the U R Ls"],
    ["OpenAI on an iPhone", "Open A I on an i Phone"],
    ["bob@example.com", "bob at example dot com"],
    ["https://www.example.com/a-b?x=1", "example dot com slash a dash b"],
    ["this & that = both", "this and that equals both"],
    ["naïve café, Straße", "naive cafe, Strasse"],
    ["“It’s fine,” he said", "It's fine, he said"],
    ["hmm", "hum"],
    ["yes—no... maybe…", "yes, no, maybe."],
    ["Really?! Yes!", "Really? Yes!"],
  ])("%s", (text, spoken) => {
    expect(say(text)).toBe(spoken);
  });

  it("keeps the words as they are written, so that they can be found in the text", () => {
    expect(written("He paid “$42.50” (cash), at 7:30 pm — naïve!")).toBe("He paid $42.50 cash at 7:30 pm naïve");
  });

  it("finds every word again, in order", () => {
    const text =
      "Dr. O'Neil's 3rd e-mail, to bob@example.com: **bold** and _more_, 50% off for $5 million — [click](http://x.y)!";
    let from = 0;
    for (const { written: word } of tokenize(sanitize(text))) {
      const at = text.indexOf(word, from);
      expect(at, word).toBeGreaterThanOrEqual(0);
      from = at + word.length;
    }
  });
});

describe("what is not said", () => {
  it.each([
    ["emoji", "hi 🙂👍🏽 there 🇩🇪 1️⃣", "hi there one"],
    [
      "Markdown",
      "## **Bold** and _it_ and `code` and [link](http://x.y)\n- item",
      "Bold and it and code and link, item",
    ],
    ["tags", "<b>hi</b> you", "hi you"],
    ["control characters", "a\u0000b\u001b[31mc\u200bd\u202e", "a b cd"],
    ["other scripts", "привет world 日本語", "world"],
  ])("%s", (_what, text, spoken) => {
    expect(say(text).replace(/[[\]]/g, "")).toBe(spoken);
  });

  it.each(["", "   ", "🙂", "…", "—", "***", "日本語", "\u0000", "-- --"])("nothing at all in %j", (text) => {
    expect(tokenize(sanitize(text))).toEqual([]);
  });
});

describe("what the engine is given", () => {
  it.each([
    "--help",
    "-o /etc/passwd",
    "-voice kal -t x",
    "a\0b",
    'x" -f y; rm -rf /',
    "$(id) `id` $HOME",
    "%s%n\\x00",
    "<speak>ssml</speak>",
    "\ud800 lone \udc00",
  ])("holds nothing but words for %j", (text) => {
    expect(say(text)).toMatch(/^(?:[A-Za-z][A-Za-z',;:.!? ]*)?$/);
  });

  it("is bounded for hostile pieces", () => {
    for (const text of [
      "[".repeat(20_000),
      "*a ".repeat(6_000),
      "9".repeat(20_000),
      "a.".repeat(10_000),
      "<a ".repeat(6_000),
    ]) {
      const started = process.cpuUsage();
      say(text);
      const { user } = process.cpuUsage(started);
      // Quadratic patterns would take minutes; this catches them without timing anything finely.
      expect(user / 1000).toBeLessThan(5_000);
    }
  });
});
