import { describe, expect, it } from "vitest";
import { concat, noise, sine, toneDb } from "../audio.fixture.ts";
import { Resampler } from "./resampler.ts";

const pairs = [
  [48_000, 16_000],
  [44_100, 16_000],
  [48_000, 8_000],
  [24_000, 48_000],
  [24_000, 44_100],
  [16_000, 48_000],
  [8_000, 44_100],
  [44_101, 16_000],
] as const;

function convert(input: Float32Array, from: number, to: number, blocks: number[] = [input.length]): Float32Array {
  const resampler = new Resampler(from, to);
  const parts: Float32Array[] = [];
  let at = 0;
  for (let i = 0; at < input.length; i++) {
    const size = blocks[i % blocks.length] as number;
    parts.push(resampler.process(input.subarray(at, at + size)));
    at += size;
  }
  parts.push(resampler.flush());
  return concat(parts);
}

describe.each(pairs)("%d Hz to %d Hz", (from, to) => {
  it("keeps the duration to the sample", () => {
    for (const length of [1, 127, from, from + 1]) {
      expect(convert(sine(440, from, length), from, to)).toHaveLength(Math.ceil((length * to) / from));
    }
  });

  it("keeps a tone's level, place in time and purity", () => {
    const output = convert(sine(1_000, from, from), from, to);
    const expected = sine(1_000, to, output.length);
    let worst = 0;
    // Away from the edges, where the tone begins and ends abruptly.
    for (let i = to / 10; i < to * 0.9; i++) {
      worst = Math.max(worst, Math.abs((output[Math.round(i)] as number) - (expected[Math.round(i)] as number)));
    }
    expect(worst).toBeLessThan(0.002);
  });

  it("gives the same whatever the blocks", () => {
    const input = noise(from / 4);
    const whole = convert(input, from, to);
    expect(convert(input, from, to, [128])).toEqual(whole);
    expect(convert(input, from, to, [1, 500, 3, 47])).toEqual(whole);
  });

  it("keeps what the lower rate cannot hold 70 dB down", () => {
    const lower = Math.min(from, to);
    const forbidden = from > to ? lower * 0.55 : lower - 1_000;
    const output = convert(sine(from > to ? forbidden : 1_000, from, from), from, to);
    const middle = output.subarray(Math.round(to * 0.2), Math.round(to * 0.8));
    const image = from > to ? Math.abs(lower - forbidden) : forbidden;
    expect(toneDb(middle, image, to)).toBeLessThan(-70);
  });
});

describe("Resampler", () => {
  it("passes equal rates through", () => {
    const input = noise(1_000);
    expect(convert(input, 16_000, 16_000, [128])).toEqual(input);
  });

  it("starts afresh after flush", () => {
    const resampler = new Resampler(48_000, 16_000);
    const input = noise(4_800);
    const first = concat([resampler.process(input), resampler.flush()]);
    expect(concat([resampler.process(input), resampler.flush()])).toEqual(first);
  });

  it("stays exact over a long call", () => {
    const resampler = new Resampler(44_100, 16_000);
    // A tone that fits a block a whole number of times: every block is the same, and so is every tenth of a second of output.
    const block = sine(1_000, 44_100, 4_410);
    let produced = 0;
    let last = new Float32Array(0);
    for (let i = 0; i < 400; i++) {
      last = resampler.process(block).slice();
      produced += last.length;
    }
    const expected = sine(1_000, 16_000, last.length + 16);
    const shift = (produced - last.length) % 16;
    last.forEach((value, i) => {
      expect(Math.abs(value - (expected[i + shift] as number))).toBeLessThan(0.002);
    });
    expect(produced + resampler.flush().length).toBe(400 * 1_600);
  });

  it.each([0, 999, 44_100.5, Number.NaN])("refuses %d Hz", (rate) => {
    expect(() => new Resampler(rate, 16_000)).toThrow(RangeError);
    expect(() => new Resampler(16_000, rate)).toThrow(RangeError);
  });
});
