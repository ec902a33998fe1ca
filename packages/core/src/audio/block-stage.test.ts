import { describe, expect, it } from "vitest";
import { type BlockEngine, BlockStage, type BlockStageOptions } from "./block-stage.ts";
import type { AudioFrame } from "./frame.ts";

const sampleRate = 8_000;
const format = { sampleRate, channels: 1 } as const;
const SIZE = 80;

/** Gives each sample plus 1,000, `delay` samples late, and tells what became of it. */
class Late implements BlockEngine {
  readonly #past: number[];
  readonly times: number[] = [];
  closed = 0;

  constructor(delay: number) {
    this.#past = new Array<number>(delay).fill(0);
  }

  process(block: Int16Array, out: Int16Array, timestamp: number): void {
    this.times.push(timestamp);
    this.#past.push(...block.map((sample) => sample + 1_000));
    out.set(this.#past.splice(0, block.length));
  }

  close(): void {
    this.closed++;
  }
}

function opened(delay: number, options: Partial<BlockStageOptions> = {}): { stage: BlockStage; engines: Late[] } {
  const engines: Late[] = [];
  const open = (): Late => {
    const engine = new Late(delay);
    engines.push(engine);
    return engine;
  };
  return { engines, stage: new BlockStage(format, { name: "it", sampleRate, size: SIZE, delay, open, ...options }) };
}

const frame = (from: number, length: number): AudioFrame => ({
  ...format,
  samples: Int16Array.from({ length }, (_, i) => from + i),
  timestamp: 500 + (from / sampleRate) * 1000,
});

/** What comes out, as samples, and where each said to be. */
function through(stage: BlockStage, lengths: readonly number[], total = 800): { samples: number[]; places: number[] } {
  const samples: number[] = [];
  const places: number[] = [];
  for (let at = 0, n = 0; at < total; n++) {
    const length = Math.min(lengths[n % lengths.length] as number, total - at);
    const out = stage.process(frame(at, length));
    samples.push(...out.samples);
    places.push(...Array.from(out.samples, (_, i) => Math.round(((out.timestamp - 500) * sampleRate) / 1000) + i));
    at += length;
  }
  return { samples, places };
}

describe("BlockStage", () => {
  it.each([0, 30, 80, 100, 200])("gives each sample its place, however the audio is cut (delay %i)", (delay) => {
    for (const lengths of [[800], [160], [1], [7, 333, 2], [80]]) {
      const { samples, places } = through(opened(delay).stage, lengths);
      expect(samples).toEqual(Array.from({ length: 800 - delay }, (_, i) => 1_000 + i));
      expect(places).toEqual(Array.from({ length: 800 - delay }, (_, i) => i));
    }
  });

  it("mixes in what went in, as late as what comes out", () => {
    const { samples } = through(opened(30, { wet: 0.25 }).stage, [160]);
    expect(samples).toEqual(Array.from({ length: 770 }, (_, i) => 250 + i));
    expect(through(opened(100, { wet: 0 }).stage, [90]).samples).toEqual(Array.from({ length: 700 }, (_, i) => i));
  });

  it("tells the engine where each block is", () => {
    const { stage, engines } = opened(0);
    through(stage, [100], 400);
    expect(engines[0]?.times).toEqual([500, 510, 520, 530, 540]);
  });

  it("has a fresh engine after reset, and none after close", () => {
    const { stage, engines } = opened(30, { wet: 0.5 });
    const first = through(stage, [90]);
    stage.reset();
    expect(engines.map(({ closed }) => closed)).toEqual([1]);
    expect(through(stage, [90])).toEqual(first);
    stage.close();
    stage.close();
    stage.reset();
    expect(through(stage, [90]).samples).toEqual([]);
    expect(engines.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  it("takes one format only", () => {
    const { stage } = opened(0);
    const wrong = { ...frame(0, 80), sampleRate: 16_000 };
    expect(() => stage.process(wrong)).toThrow(expect.objectContaining({ code: "unsupported_format" }));
    const open = (): Late => new Late(0);
    for (const other of [{ ...format, channels: 2 } as const, { ...format, sampleRate: 16_000 }]) {
      expect(() => new BlockStage(other, { name: "it", sampleRate, size: SIZE, delay: 0, open })).toThrow(
        expect.objectContaining({ code: "unsupported_format" }),
      );
    }
  });

  it("lets an engine's failure through, and begins anew with the next frame", () => {
    let fails = true;
    let [engines, closed] = [0, 0];
    const stage = new BlockStage(format, {
      name: "it",
      sampleRate,
      size: SIZE,
      delay: 80,
      open: () => {
        engines++;
        return {
          process(block, out) {
            if (fails) throw new TypeError("no");
            out.set(block);
          },
          close() {
            closed++;
          },
        };
      },
    });
    expect(() => stage.process(frame(0, 80))).toThrow(TypeError);
    fails = false;
    expect(stage.process(frame(80, 160)).samples).toHaveLength(80);
    expect([engines, closed]).toEqual([2, 1]);
  });
});

describe("what a stage of blocks holds back", () => {
  it.each([
    [0, 1],
    [1, 160],
    [100, 37],
    [255, 320],
  ])("is given by flush, to the sample (delay %i, frames of %i)", (delay, length) => {
    const line: number[] = new Array(delay).fill(0);
    const stage = new BlockStage(
      { sampleRate: 16_000, channels: 1 },
      {
        ...{ name: "late", sampleRate: 16_000, size: 64, delay },
        open: () => ({
          process(block, out) {
            line.push(...block);
            out.set(line.splice(0, block.length));
          },
        }),
      },
    );
    const given = Int16Array.from({ length: 10 * length }, (_, i) => (i % 30_000) + 1);
    const out: number[] = [];
    for (let at = 0; at < given.length; at += length) {
      const samples = given.subarray(at, at + length);
      out.push(...stage.process({ samples, sampleRate: 16_000, channels: 1, timestamp: at / 16 }).samples);
    }
    const rest = stage.flush();
    expect(rest.timestamp).toBeCloseTo(out.length / 16, 6);
    expect([...out, ...rest.samples]).toEqual([...given]);
    expect(stage.flush().samples).toHaveLength(0);
    stage.close();
    expect(stage.flush().samples).toHaveLength(0);
  });
});
