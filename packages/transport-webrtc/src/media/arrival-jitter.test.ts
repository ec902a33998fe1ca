import { seededRandom } from "@roomkit/testing";
import { expect, it } from "vitest";
import { ArrivalJitter } from "./arrival-jitter.ts";

const RATE = 48_000;

/** Packets of 20 ms, each as late as told. */
function jitterOf(late: readonly number[], first = 0): number {
  const jitter = new ArrivalJitter();
  for (const [i, ms] of late.entries()) jitter.add((first + i * 960) >>> 0, RATE, i * 20 + ms);
  return jitter.ms;
}

it("is nothing where packets come as they were sent, also across the end of the timestamps", () => {
  expect(jitterOf(new Array(100).fill(7))).toBe(0);
  expect(jitterOf(new Array(100).fill(7), 0xffff_ffff - 960 * 50)).toBe(0);
});

it("nears the mean difference between neighbours, a sixteenth at a time", () => {
  expect(jitterOf([0, 16])).toBe(1);
  expect(jitterOf(Array.from({ length: 400 }, (_, i) => (i % 2) * 10))).toBeCloseTo(10, 3);
  const random = seededRandom(7);
  const jitter = jitterOf(Array.from({ length: 2_000 }, () => random() * 30));
  // Two numbers from 0 to 30 are 10 apart on average.
  expect(jitter).toBeGreaterThan(5);
  expect(jitter).toBeLessThan(15);
});

it("takes silence that was left out, and another source, for what they are", () => {
  const jitter = new ArrivalJitter();
  jitter.add(0, RATE, 0);
  jitter.add(RATE, RATE, 1_000);
  expect(jitter.ms).toBe(0);
  jitter.restart();
  jitter.add(123_456_789, RATE, 1_020);
  jitter.add(123_456_789 + 960, RATE, 1_040);
  expect(jitter.ms).toBe(0);
});
