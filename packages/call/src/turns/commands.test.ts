import { describe, expect, it } from "vitest";
import { isBackchannel } from "./backchannels.ts";
import { isCommand } from "./commands.ts";

it.each([
  ["Stop.", "en"],
  ["Stop, stop!", "en-US"],
  ["Okay, stop please.", "en"],
  ["Wait a minute", undefined],
  ["What?", "en"],
  ["Halt!", "de-DE"],
  ["Moment mal", "de"],
  ["Arrêtez", "fr"],
  ["¡Espere!", "es"],
  ["Basta.", "it"],
  ["Pare", "pt-BR"],
  ["Wacht even", "nl"],
  ["ちょっと待って", "ja"],
  ["停一下。", "zh-CN"],
  ["stop", "pl"],
])("%s (%s) wants the floor", (text, language) => {
  expect(isCommand(text, language)).toBe(true);
  expect(isBackchannel(text, language)).toBe(false);
});

it.each([
  ["", "en"],
  ["okay", "en"],
  ["please", "en"],
  ["Okay, okay.", "en"],
  ["oh please", undefined],
  ["Yeah, right.", "en"],
  ["the", "en"],
  ["stopwatch", "en"],
  ["I thought so", "en"],
  ["a stop at the station", "en"],
  ["..", undefined],
  [`${"stop ".repeat(10_000)}`, "en"],
])("%j (%s) is not sure to", (text, language) => {
  expect(isCommand(text, language)).toBe(false);
});

describe("words a recogniser is not sure of", () => {
  it.each<[text: string, confidence: number | undefined, is: boolean]>([
    ["Step.", 0.3, true],
    ["Step.", 0.6, false],
    ["Step.", undefined, false],
    ["Stop.", 0.1, true],
    ["Weight.", 0.3, false],
    ["Pardan?", 0.5, true],
    ["Munich.", 0.3, false],
    ["What time is it?", 0.3, false],
  ])("%s, sure %d: %s", (text, confidence, is) => {
    expect(isCommand(text, "en", { confidence })).toBe(is);
  });
});
