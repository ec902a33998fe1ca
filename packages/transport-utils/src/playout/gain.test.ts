import { expect, it } from "vitest";
import { PlayoutGain } from "./gain.ts";

const loud = new Int16Array(160).fill(10_000);

/** The next frame, which goes out. */
function next(gain: PlayoutGain): Int16Array {
  const frame = gain.apply(loud);
  gain.taken();
  return frame;
}

it("changes nothing as long as nobody asks for it", () => {
  expect(next(new PlayoutGain())).toBe(loud);
});

it("goes down and up again within a frame each, without a jump", () => {
  const gain = new PlayoutGain();
  gain.set(-20);
  const down = next(gain);
  expect(next(gain)[80]).toBe(1_000);
  gain.set(0);
  const up = next(gain);
  expect(next(gain)).toBe(loud);
  for (const frame of [down, up])
    for (let i = 1; i < frame.length; i++)
      expect(Math.abs((frame[i] as number) - (frame[i - 1] as number))).toBeLessThan(60);
  expect([down.at(-1), up.at(-1)]).toEqual([1_000, 10_000]);
});

it.each([
  ["down, refused, taken", [-20], [-20]],
  ["down, refused, further down, taken", [-20, -40], [-40]],
  ["down, refused, up again, taken", [-20, 0], [0]],
])("%s: what is refused changes nothing", (_order, refused, taken) => {
  const gain = new PlayoutGain();
  for (const db of refused) {
    gain.set(db);
    for (let i = 0; i < 3; i++) gain.apply(loud);
  }
  for (const db of taken) gain.set(db);
  const frame = next(gain);
  expect(frame[0]).toBeGreaterThan(9_900);
  expect(frame.at(-1)).toBe(Math.round(10_000 * 10 ** ((taken.at(-1) as number) / 20)));
});

it.each([Number.NaN, 6, Number.POSITIVE_INFINITY])("never makes anything louder (%d)", (db) => {
  const gain = new PlayoutGain();
  gain.set(db);
  expect(next(gain)).toBe(loud);
});

it("is silent at no end of decibels", () => {
  const gain = new PlayoutGain();
  gain.set(Number.NEGATIVE_INFINITY);
  next(gain);
  expect(next(gain).every((sample) => sample === 0)).toBe(true);
});
