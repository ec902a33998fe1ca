import { expect, it } from "vitest";
import { PlayoutGain } from "./gain.ts";

const loud = new Int16Array(160).fill(10_000);

it("changes nothing as long as nobody asks for it", () => {
  expect(new PlayoutGain().apply(loud)).toBe(loud);
});

it("goes down and up again within a frame each, without a jump", () => {
  const gain = new PlayoutGain();
  gain.set(-20);
  const down = gain.apply(loud);
  expect(gain.apply(loud)[80]).toBe(1_000);
  gain.set(0);
  const up = gain.apply(loud);
  expect(gain.apply(loud)).toBe(loud);
  for (const frame of [down, up])
    for (let i = 1; i < frame.length; i++)
      expect(Math.abs((frame[i] as number) - (frame[i - 1] as number))).toBeLessThan(60);
  expect([down.at(-1), up.at(-1)]).toEqual([1_000, 10_000]);
});

it.each([Number.NaN, 6, Number.POSITIVE_INFINITY])("never makes anything louder (%d)", (db) => {
  const gain = new PlayoutGain();
  gain.set(db);
  expect(gain.apply(loud)).toBe(loud);
});

it("is silent at no end of decibels", () => {
  const gain = new PlayoutGain();
  gain.set(Number.NEGATIVE_INFINITY);
  gain.apply(loud);
  expect(gain.apply(loud).every((sample) => sample === 0)).toBe(true);
});
