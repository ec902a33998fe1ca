import { pieceOf, type SpokenRun } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { partitions } from "../partitions.fixture.ts";
import { speakable, speakableWith } from "./speakable.ts";

function read(deltas: readonly string[]): readonly SpokenRun[] {
  const stream = speakable.stream?.();
  if (!stream) throw new Error("no stream");
  const runs = [...deltas.flatMap((delta) => stream.push(delta)), ...stream.flush()];
  return runs;
}

const spoken = (runs: readonly SpokenRun[]): string => runs.map((run) => run.spoken).join("");
const written = (runs: readonly SpokenRun[]): string => runs.map((run) => run.written).join("");

/** Every way of chopping the text gives the same; what was written is never lost. */
function said(text: string): string {
  const whole = read([text]);
  expect(written(whole)).toBe(text);
  for (const deltas of partitions(text)) {
    const runs = read(deltas);
    expect(written(runs)).toBe(text);
    expect(spoken(runs)).toBe(spoken(whole));
    expect(pieceOf(runs).spoken).toBe(pieceOf(whole).spoken);
  }
  expect(speakable(text)).toBe(spoken(whole).trim());
  return speakable(text);
}

describe("what is said of", () => {
  it.each([
    ["plain text: 5 people, #1, a * b.", "plain text: 5 people, #1, a * b."],
    // Emphasis.
    ["**Please note this carefully. It matters.** Ok", "Please note this carefully. It matters. Ok"],
    ["*a* _b_ __c__ ***d*** ~~e~~", "a b c d e"],
    ["x**2 + y**2, 2 * 3 * 4, 2*3*4, (a)*(b)", "x**2 + y**2, 2 * 3 * 4, 2*3*4, (a)*(b)"],
    ["snake_case_name and my_var", "snake_case_name and my_var"],
    ["**Total: 5**kg and un**frigging**real", "Total: 5kg and unfriggingreal"],
    ["这是**重点**内容。", "这是重点内容。"],
    ["*never closed and **neither", "never closed and neither"],
    ["\\*not\\* \\_it\\_ C:\\temp", "*not* _it_ C:\\temp"],
    ["about ~5 and ~/bin", "about ~5 and ~/bin"],
    // Code.
    ["Here:\n```js\nfoo(`a`);\n```\nDone.", "Here:\nDone."],
    ["Here:\n~~~\n``` not the end\n~~~~\nDone.", "Here:\nDone."],
    ["- item\n  ```\n  code\n  ```\nDone", "item\nDone"],
    ["A ```inline block``` here. ```one line```\nB", "A here. \nB"],
    ["Never closed:\n```py\nprint(1)\n\nmore", "Never closed:"],
    ["Use `x**2` and ``a`b``.", "Use x**2 and a`b."],
    ["An unclosed `tick ends with\nthe **line**.", "An unclosed tick ends with\nthe line."],
    // Links.
    ["See [the guide, second edition](https://a.b/c) now", "See the guide, second edition now"],
    ['[a](https://x(y)) [b](https://x_(y)_z "ti tle") [c](<a b>) [d](/p)', "a b c d"],
    ["[**bold** and `code`](x.md) [![alt](i.png)](u)", "bold and code alt"],
    ["![a picture](x.png) Wow! [1] a[0][1] [x][1] f[i](a b)", "a picture Wow! [1] a[0][1] x f[i](a b)"],
    ["note[^1] here\n[^1]: The note.\n[ref]: https://x.y 'T'\nend", "note here\nThe note.\nend"],
    ["[never closed", "[never closed"],
    ["[text](https://cut.o", "text"],
    ["Go to https://a.b/c, (https://a.b/c_(d)), HTTP://A.B. Then", "Go to a link, (a link), a link. Then"],
    ["**https://a.b/** and https://a.b/?q=1&r=2#x!", "a link and a link!"],
    ["見る https://a.b/cを開く。https://a.b。", "見る a linkを開く。a link。"],
    ["<https://a.b/c?d> <me@a.b> <mailto:me@a.b>", "a link me@a.b me@a.b"],
    [`https://a.b/${"x".repeat(5_000)} end`, "a link end"],
    // HTML and references.
    ["one<br>two<br/>three", "one\ntwo\nthree"],
    ['<p class="x">a</p> <b>b</b> <a href="u>v">c</a> <!-- d\n --> e', "a\nb c e"],
    [
      "5 < 6 and 7 > 3, a<b and c>d, Vec<String>, <your name>",
      "5 < 6 and 7 > 3, a<b and c>d, Vec<String>, <your name>",
    ],
    ["<script>alert('<b>')</script>Done", "Done"],
    ["A &amp; B &lt;b&gt; &#8364;5 &#x1F600;&nbsp;AT&T &nope; a && b", "A & B <b> €5  AT&T &nope; a && b"],
    // Formulas and money.
    ["$5 and $6, $5. US$7, $5M, $3.50/month, ($9)", "$5 and $6, $5. US$7, $5M, $3.50/month, ($9)"],
    ["$x^2$ and $$a+b$$ and \\(y\\) and $2 + 2 = 4$", "x^2 and a+b and y and 2 + 2 = 4"],
    ["$\\frac{1}{2}$ of $\\sqrt{x} \\times \\pi$", "1 over 2 of the square root of x times pi"],
    ["the $HOME of\nus", "the $HOME of\nus"],
    // Lines.
    [
      "# One\n## Two\n#three\n> four\n> > five\n- six\n* seven\n+ eight\n• nine\n1. ten",
      "One\nTwo\n#three\nfour\nfive\nsix\nseven\neight\nnine\n1. ten",
    ],
    ["- [ ] open\n- [x] done\n- [link](u)\n- **bold**", "open\ndone\nlink\nbold"],
    ["a\n\n---\n\nb\n***\nc\n- - -\nd\n===\ne", "a\n\n\nb\nc\nd\ne"],
    ["-5 degrees\n+1 555\n>5 people\n*it*", "-5 degrees\n+1 555\n>5 people\nit"],
    ["| a | b |\n|:--|--:|\n| 1 | **2** |\n| | x |\nend | here", "a, b\n1, 2\nx\nend | here"],
    ["a | b\n--- | ---\n1 | 2", "a | b\n1 | 2"],
    ["a\r\n- b\r\n\r\nc", "a\nb\n\nc"],
    // Pictograms.
    ["Hi 👋🏽 there 😀! ❤️ ☎︎", "Hi there ! "],
    ["🇩🇪 1️⃣ First *️⃣ #⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 England", "First England"],
    ["👩‍🚀👨‍👩‍👧‍👦 🏽 🏳️‍🌈🇩", ""],
    ["5 # * 12️⃣ ©️ ™ ® ℹ️ 20°", "5 # * 1 © ™ ® ℹ 20°"],
    ["क्‍ष می‌خواهم", "क्‍ष می‌خواهم"],
    ["(c) 2020 (tm)", "(c) 2020 (tm)"],
  ])("%j", (text, expected) => {
    expect(said(text)).toBe(expected.trim());
  });

  it("anything, the same however it comes", () => {
    const random = seededRandom(3);
    const parts = [
      "*",
      "**",
      "_",
      "~~",
      "`",
      "``",
      "```",
      "~~~",
      "[",
      "](",
      "](u)",
      "]",
      ")",
      "!",
      "![",
      "<",
      "<b>",
      "<br",
      ">",
      "<!--",
      "-->",
      "&amp;",
      "&am",
      ";",
      "$",
      "$5",
      "$$",
      "\\",
      "\\(",
      "\\)",
      "|",
      "\n",
      "\n\n",
      "\r\n",
      "# ",
      "- ",
      "> ",
      "---",
      "1",
      "2️⃣",
      "#",
      "👍🏽",
      "\u200d",
      "\ufe0f",
      "🇩",
      "https://",
      "http",
      "://",
      "a.b/c",
      "word",
      "x",
      "日本",
      "。",
      ".",
      ",",
      "[^1]",
      "]:",
      " ",
      "  ",
      "mailto:",
      "@",
      '="',
      "'",
    ];
    for (let round = 0; round < 100; round++) {
      let text = "";
      for (let i = 0; i < 16; i++) text += `${parts[Math.floor(random() * parts.length)]}${random() < 0.3 ? " " : ""}`;
      said(text);
    }
  });

  it("an address in other words", () => {
    expect(speakableWith({ link: "ein Link" })("Siehe https://a.b.")).toBe("Siehe ein Link.");
  });
});

it.each([
  "[",
  "<",
  "<a ",
  "$",
  "$x",
  "&a",
  "*",
  "`",
  "![",
  "[a](",
  "https://",
  "x",
  "|",
  "\\(",
  "#",
  "- ",
  "\n",
  "😀",
  "```",
  "~~~\n",
  "<!--",
  "<script>",
  "(",
  "[a",
])("never keeps more than a little of 100 kB of %j", (one) => {
  const stream = speakable.stream?.();
  let kept = 0;
  let most = 0;
  const text = one.repeat(100_000 / one.length);
  for (let at = 0; at < text.length; at += 64) {
    kept += Math.min(64, text.length - at);
    for (const run of stream?.push(text.slice(at, at + 64)) ?? []) kept -= run.written.length;
    most = Math.max(most, kept);
  }
  expect(most).toBeLessThan(2_500);
});
