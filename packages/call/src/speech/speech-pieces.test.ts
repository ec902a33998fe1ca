import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { speakable } from "./filter/speakable.ts";
import { partitions } from "./partitions.fixture.ts";
import { type SpeechPieceOptions, speechPieces } from "./speech-pieces.ts";

async function pieces(deltas: readonly string[], options: SpeechPieceOptions): Promise<[string, string][]> {
  async function* source(): AsyncGenerator<string> {
    yield* deltas;
  }
  const all: [string, string][] = [];
  for await (const { spoken, written } of speechPieces(source(), options)) all.push([spoken, written]);
  return all;
}

/** The same pieces however the text comes; together they are all that was written. */
async function cut(text: string): Promise<[string, string][]> {
  const plainly = await pieces([text], {});
  expect(plainly.map(([, written]) => written).join("")).toBe(text);
  const whole = await pieces([text], { filter: speakable });
  expect(whole.map(([, written]) => written).join("")).toBe(text);
  for (const deltas of partitions(text)) {
    expect(await pieces(deltas, { filter: speakable }), JSON.stringify(deltas)).toEqual(whole);
    expect(await pieces(deltas, {}), JSON.stringify(deltas)).toEqual(plainly);
  }
  return whole;
}

const parts = [
  ...[
    "One.",
    "Two three",
    "**Bold. Still.**",
    "*a*",
    "`x. y.`",
    "[the guide, second](https://a.b/c_(d)) ",
    "https://a.b.",
  ],
  ...[
    "\n---\n",
    "\n```js\nx. y.\n```\n",
    "# Title\n",
    "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "- item\n",
    "> said\n",
    "\n\n\n",
  ],
  ...[
    "<br>",
    "&amp;",
    "$x^2$",
    "👍🏽",
    "はい。",
    "「そう。」",
    "Dr. ",
    "z.B. ",
    " ",
    "\n",
    '"Really?" ',
    "(Yes.) ",
    "~~no~~",
    "1. ",
  ],
];

describe("the pieces of a text", () => {
  it.each([
    [
      "One.\n---\nTwo.",
      [
        ["One.", "One."],
        ["Two.", "\n---\nTwo."],
      ],
    ],
    [
      "# T\n```\nx",
      [
        ["T", "# T\n"],
        ["", "```\nx"],
      ],
    ],
    [
      "**It matters. Much.** So.",
      [
        ["It matters.", "**It matters."],
        ["Much.", " Much.**"],
        ["So.", " So."],
      ],
    ],
    [
      "Here:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nDone.",
      [
        ["Here:", "Here:\n"],
        ["a, b", "\n| a | b |\n"],
        ["1, 2", "|---|---|\n| 1 | 2 |\n"],
        ["Done.", "\nDone."],
      ],
    ],
  ])("of %j are these", async (text, expected) => {
    expect(await cut(text)).toEqual(expected);
  });

  it.each(Array.from({ length: 150 }, (_, i) => i + 1))("do not depend on how it comes (%i)", async (seed) => {
    const random = seededRandom(seed);
    const length = 2 + Math.floor(random() * 8);
    await cut(Array.from({ length }, () => parts[Math.floor(random() * parts.length)]).join(""));
  });
});
