import { describe, expect, it } from "vitest";
import { samplesMaker } from "./samples-maker.ts";

describe("samplesMaker", () => {
  it("makes arrays of silence that are nobody's else, of any length", () => {
    const makers = [samplesMaker(), samplesMaker()] as const;
    const made: { readonly samples: Int16Array; readonly mark: number }[] = [];
    for (let i = 0; i < 600; i++) {
      const length = i % 50 === 0 ? 5_000 : (i * 37) % 700;
      const samples = makers[i % 2 === 0 ? 0 : 1](length);
      expect(samples.length).toBe(length);
      expect(samples.every((sample) => sample === 0)).toBe(true);
      made.push({ samples: samples.fill(i + 1), mark: i + 1 });
    }
    for (const { samples, mark } of made) expect(samples.every((sample) => sample === mark)).toBe(true);
  });

  it("shares no memory with another stream, and keeps little more alive than what is used of it", () => {
    const [one, other] = [samplesMaker(), samplesMaker()];
    const buffers = Array.from({ length: 40 }, () => [one(320).buffer, other(320).buffer] as const);
    const others = new Set(buffers.map(([, buffer]) => buffer));
    for (const [buffer] of buffers) {
      expect(others.has(buffer)).toBe(false);
      expect(buffer.byteLength).toBeLessThanOrEqual(2 * 640);
    }
  });
});
