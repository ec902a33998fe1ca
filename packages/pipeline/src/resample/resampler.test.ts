import { inSequence } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { designFilter } from "./filter.ts";
import { scriptKernel } from "./kernel.ts";
import { wasmKernel } from "./kernel-wasm.ts";
import { createFloatResampler, createResampler, PolyphaseResampler } from "./resampler.ts";

const seconds = 0.12;
const rates = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const pairs = rates.flatMap((from) => rates.filter((to) => to !== from).map((to) => [from, to] as const));

const db = (ratio: number): number => 20 * Math.log10(ratio + 1e-20);

function tone(hz: number, rate: number, seconds: number, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate),
  );
}

/** A fixed pseudo-random sequence in [-1, 1). */
function noise(length: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}

/** Amplitude and phase of the sine of `hz` in the middle of `samples` (least squares), and the RMS of everything else there. */
function fit(samples: Float32Array, hz: number, rate: number): { amplitude: number; phase: number; rest: number } {
  const [begin, end] = [Math.floor(samples.length * 0.2), Math.floor(samples.length * 0.8)];
  let [ss, cc, sc, ys, yc] = [0, 0, 0, 0, 0];
  const at = (i: number): [number, number, number] => {
    const w = (2 * Math.PI * hz * i) / rate;
    return [Math.sin(w), Math.cos(w), samples[i] as number];
  };
  for (let i = begin; i < end; i++) {
    const [s, c, y] = at(i);
    ss += s * s;
    cc += c * c;
    sc += s * c;
    ys += y * s;
    yc += y * c;
  }
  const determinant = ss * cc - sc * sc;
  const a = (ys * cc - yc * sc) / determinant;
  const b = (yc * ss - ys * sc) / determinant;
  let rest = 0;
  for (let i = begin; i < end; i++) {
    const [s, c, y] = at(i);
    rest += (y - a * s - b * c) ** 2;
  }
  return { amplitude: Math.hypot(a, b), phase: Math.atan2(b, a), rest: Math.sqrt(rest / (end - begin)) };
}

function rms(samples: Float32Array): number {
  const [begin, end] = [Math.floor(samples.length * 0.2), Math.floor(samples.length * 0.8)];
  let sum = 0;
  for (let i = begin; i < end; i++) sum += (samples[i] as number) ** 2;
  return Math.sqrt(sum / (end - begin));
}

/** The whole stream in pieces of the given lengths, over and over. */
function inPieces(samples: Int16Array, from: number, to: number, lengths: number[]): Int16Array {
  const resampler = createResampler(from, to);
  const parts: Int16Array[] = [];
  for (let at = 0, n = 0; at < samples.length; n++) {
    const length = lengths[n % lengths.length] as number;
    parts.push(resampler.process(samples.subarray(at, at + length)));
    at += length;
  }
  return inSequence(...parts, resampler.flush());
}

const toInt16 = (floats: Float32Array): Int16Array => Int16Array.from(floats, (x) => Math.round(x * 32_767));

describe.each(pairs)("%d to %d Hz", (from, to) => {
  const low = Math.min(from, to);

  it("passes speech flat, in time, and free of images and aliases", () => {
    for (const share of [0.03, 0.1, 0.21, 0.33, 0.4, 0.425]) {
      const hz = share * low;
      const { amplitude, phase, rest } = fit(createFloatResampler(from, to).process(tone(hz, from, seconds)), hz, to);
      expect(Math.abs(db(amplitude / 0.5)), `gain at ${hz} Hz`).toBeLessThan(0.1);
      // Shifted by less than a microsecond.
      expect(Math.abs(phase) / (2 * Math.PI * hz), `delay at ${hz} Hz`).toBeLessThan(1e-6);
      expect(db(rest / (amplitude / Math.SQRT2)), `rest at ${hz} Hz`).toBeLessThan(-80);
    }
  });

  it("gives the same however the stream is cut, and all of it", () => {
    const samples = toInt16(noise(Math.round(from * seconds) + 1));
    const whole = inPieces(samples, from, to, [samples.length]);
    expect(whole).toHaveLength(Math.ceil((samples.length * to) / from));
    expect(inPieces(samples, from, to, [from / 50].map(Math.round))).toEqual(whole);
    expect(inPieces(samples, from, to, [1, 0, 7, 333, 64, 2, 1_023])).toEqual(whole);
  });

  it("computes the same with and without WebAssembly", () => {
    const samples = toInt16(noise(Math.round(from * 0.05)));
    const outputs = [scriptKernel, wasmKernel].map((kernel) => {
      const resampler = new PolyphaseResampler<Int16Array>(
        from,
        to,
        (length) => new Int16Array(length),
        (ratio) => {
          const filter = designFilter(ratio);
          const made = kernel(filter);
          if (made === undefined) throw new Error("this runtime has WebAssembly SIMD");
          return { filter, kernel: made };
        },
      );
      return inSequence(resampler.process(samples), resampler.flush());
    });
    const [script, wasm] = outputs as [Int16Array, Int16Array];
    expect(wasm).toHaveLength(script.length);
    expect(Math.max(...script.map((x, i) => Math.abs(x - (wasm[i] as number))))).toBeLessThanOrEqual(1);
  });
});

describe.each(pairs.filter(([from, to]) => from > to))("%d down to %d Hz", (from, to) => {
  it("stops what the lower rate cannot carry", () => {
    for (const share of [0.5, 0.503, 0.52, 0.55, 0.6, 0.7, 0.85, 1, 1.3, 1.9, 2.6]) {
      const hz = share * to;
      if (hz > from / 2) break;
      const level = rms(createFloatResampler(from, to).process(tone(hz * 0.9999 + 1, from, seconds)));
      expect(db(level / (0.5 / Math.SQRT2)), `alias of ${hz} Hz`).toBeLessThan(-80);
    }
  });
});

describe("resampler", () => {
  it("holds back what its group delay says, no more", () => {
    for (const [from, to, ms] of [
      [48_000, 16_000, 2],
      [16_000, 24_000, 2],
      [24_000, 48_000, 1.33],
      [48_000, 8_000, 4],
    ] as const) {
      const resampler = createResampler(from, to);
      expect(resampler.groupDelayMs).toBeGreaterThan(ms - 0.05);
      expect(resampler.groupDelayMs).toBeLessThanOrEqual(ms + 0.01);
      const out = resampler.process(new Int16Array(from / 50));
      expect(Math.abs(20 - (out.length / to) * 1000 - ms)).toBeLessThan(1000 / to + 0.05);
      // From then on every frame comes out as long as it went in.
      for (let i = 0; i < 5; i++) expect(resampler.process(new Int16Array(from / 50))).toHaveLength(to / 50);
    }
  });

  it("saturates instead of wrapping round", () => {
    const square = Int16Array.from({ length: 4_800 }, (_, i) => (i % 96 < 48 ? 32_767 : -32_768));
    const exact = createFloatResampler(48_000, 16_000).process(Float32Array.from(square));
    const out = createResampler(48_000, 16_000).process(square);
    expect(Math.max(...exact)).toBeGreaterThan(33_000);
    const expected = Int16Array.from(exact, (x) => Math.max(-32_768, Math.min(32_767, Math.round(x))));
    expect(Math.max(...out.map((x, i) => Math.abs(x - (expected[i] as number))))).toBeLessThanOrEqual(1);
    expect([Math.max(...out), Math.min(...out)]).toEqual([32_767, -32_768]);
  });

  it("keeps a constant constant and silence silent", () => {
    for (const [from, to] of pairs) {
      const level = createResampler(from, to).process(new Int16Array(from / 5).fill(12_345));
      expect(new Set(level.subarray(Math.floor(level.length / 2)))).toEqual(new Set([12_345]));
      expect(new Set(createResampler(from, to).process(new Int16Array(from / 5)))).toEqual(new Set([0]));
    }
  });

  it("begins anew after flush and reset", () => {
    const samples = toInt16(noise(4_410));
    const resampler = createResampler(44_100, 16_000);
    const first = inSequence(resampler.process(samples), resampler.flush());
    expect(resampler.flush()).toHaveLength(0);
    resampler.process(toInt16(noise(999, 7)));
    resampler.reset();
    expect(inSequence(resampler.process(samples), resampler.flush())).toEqual(first);
  });

  it("lets two streams of one ratio alone", () => {
    const [a, b] = [toInt16(noise(2_400, 3)), toInt16(noise(2_400, 4))];
    const alone = createResampler(24_000, 16_000).process(a);
    const [one, two] = [createResampler(24_000, 16_000), createResampler(24_000, 16_000)];
    const parts: Int16Array[] = [];
    for (let at = 0; at < a.length; at += 100) {
      parts.push(one.process(a.subarray(at, at + 100)));
      two.process(b.subarray(at, at + 100));
    }
    expect(inSequence(...parts)).toEqual(alone);
  });

  it("hands equal rates through", () => {
    const samples = toInt16(noise(160));
    const resampler = createResampler(16_000, 16_000);
    expect(resampler.groupDelayMs).toBe(0);
    expect(resampler.process(samples)).toBe(samples);
    expect(resampler.flush()).toHaveLength(0);
  });

  it("takes a minute in one piece", () => {
    const samples = new Int16Array(60 * 8_000).fill(1_000);
    const out = createResampler(8_000, 48_000).process(samples);
    expect(out.length).toBeGreaterThan(60 * 48_000 - 200);
    expect(new Set(out.subarray(1_000))).toEqual(new Set([1_000]));
  });

  it("refuses rates it has no filter for", () => {
    for (const [from, to] of [
      [44_100, 44_101],
      [7_999, 16_000],
      [16_000, 192_001],
      [16_000.5, 16_000],
      [Number.NaN, 16_000],
    ] as const) {
      expect(() => createResampler(from, to)).toThrowError(expect.objectContaining({ code: "unsupported_format" }));
    }
  });

  it("keeps working when many ratios have been asked for", () => {
    const first = createResampler(48_000, 16_000).process(toInt16(noise(960)));
    for (let rate = 8_000; rate < 20_000; rate += 250) createResampler(rate, 48_000);
    expect(createResampler(48_000, 16_000).process(toInt16(noise(960)))).toEqual(first);
  });
});
