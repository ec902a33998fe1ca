import { describe, expect, it } from "vitest";
import type { AudioFrame } from "./frame.ts";
import { Framer } from "./framer.ts";

const rate = 8_000;
const frame = (from: number, length: number, timestamp = (from / rate) * 1000): AudioFrame => ({
  samples: Int16Array.from({ length }, (_, i) => from + i),
  sampleRate: rate,
  channels: 1,
  timestamp,
});

function windows(framer: Framer, frames: AudioFrame[]): { first: number; samples: number[]; timestamp: number }[] {
  const found: { first: number; samples: number[]; timestamp: number }[] = [];
  for (const each of frames) {
    framer.push(each, (window, timestamp) => {
      found.push({ first: window[0] as number, samples: [...window], timestamp });
    });
  }
  return found;
}

describe("Framer", () => {
  it("gives the same windows at the same times however the stream is cut", () => {
    for (const lengths of [[1_000], [80], [1], [7, 81, 3, 320], [79, 1], [160]]) {
      const frames: AudioFrame[] = [];
      for (let at = 0, n = 0; at < 1_000; n++) {
        const length = Math.min(lengths[n % lengths.length] as number, 1_000 - at);
        frames.push(frame(at, length));
        at += length;
      }
      const found = windows(new Framer(80, rate), frames);
      expect(found).toHaveLength(12);
      found.forEach((window, i) => {
        expect(window.samples).toEqual(Array.from({ length: 80 }, (_, k) => 80 * i + k));
        expect(window.timestamp).toBeCloseTo(10 * i, 9);
      });
    }
  });

  it("begins a new window after a gap and after reset", () => {
    const framer = new Framer(80, rate);
    expect(windows(framer, [frame(0, 50), frame(500, 80, 1_000)])).toMatchObject([{ first: 500, timestamp: 1_000 }]);
    expect(windows(framer, [frame(600, 30, 1_010)])).toEqual([]);
    framer.reset();
    expect(windows(framer, [frame(700, 80, 1_014)])).toMatchObject([{ first: 700, timestamp: 1_014 }]);
  });

  it("overlooks timestamps that jitter by less than a window", () => {
    const found = windows(new Framer(80, rate), [frame(0, 50, 3), frame(50, 50, 12), frame(100, 60, 14)]);
    expect(found.map((window) => window.first)).toEqual([0, 80]);
  });

  it("refuses another format and an empty window", () => {
    const framer = new Framer(80, rate);
    for (const other of [{ sampleRate: 16_000 }, { channels: 2 as const }]) {
      expect(() => framer.push({ ...frame(0, 80), ...other }, () => {})).toThrowError(
        expect.objectContaining({ code: "unsupported_format" }),
      );
    }
    expect(() => new Framer(0, rate)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
  });
});
