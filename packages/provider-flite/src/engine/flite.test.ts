import { levelDb, RoomKitError } from "@roomkit/core";
import { beforeAll, describe, expect, it } from "vitest";
import { VOICES } from "../voices.ts";
import { Flite, parseWav } from "./flite.ts";
import { shape } from "./shape.ts";
import { runProgram } from "./wasi.ts";

describe("Flite", { timeout: 60_000 }, () => {
  let flite: Flite;
  beforeAll(async () => {
    flite = await Flite.load();
  });
  const speak = (text: string, more: { voice?: string; speed?: number; pitchHz?: number } = {}) =>
    flite.speak({ text, voice: "slt", speed: 1, ...more });

  it("speaks the same each time, in a fresh instance", () => {
    const first = speak("Hello world.");
    expect(speak("Hello world.").samples).toEqual(first.samples);
    expect(first.sampleRate).toBe(16_000);
    expect(first.phones.map(({ name }) => name)).toEqual("pau hh ax l ow w er l d pau".split(" "));
  });

  it("takes a text that looks like options for text", () => {
    const { phones } = speak("-voice --help");
    expect(phones.map(({ name }) => name)).toContain("v");
  });

  it("speaks faster and slower", () => {
    const length = (speed: number): number => speak("One, two, three, four.", { speed }).samples.length;
    expect(length(2) / length(1)).toBeCloseTo(0.5, 1);
    expect(length(0.5) / length(1)).toBeCloseTo(2, 1);
  });

  it.each(["slt", "awb", "kal16"])("speaks higher and lower: %s", (voice) => {
    const pitch = (pitchHz: number): number => pitchOf(speak("One two three four five.", { voice, pitchHz }).samples);
    expect(pitch(110)).toBeGreaterThan(100);
    expect(pitch(110)).toBeLessThan(130);
    expect(pitch(200)).toBeGreaterThan(180);
    expect(pitch(200)).toBeLessThan(220);
  });

  it("says that it failed, and with which voice", () => {
    // An unknown voice makes the program fall back on a built-in one, so callers are refused before; what fails here is a path.
    expect(() => parseWav(new Uint8Array(100))).toThrow(expect.objectContaining({ code: "engine_failed" }));
  });

  it.each(Object.entries(VOICES))("is at -20 dBFS as %s", (voice, { gainDb }) => {
    const { samples } = speak("The weather will be sunny with a light breeze in the afternoon.", { voice });
    const shaped = shape(samples, 16_000, gainDb, { from: 0, to: samples.length / 16 }).samples;
    expect(activeLevel(shaped)).toBeGreaterThan(-22.5);
    expect(activeLevel(shaped)).toBeLessThan(-17.5);
    expect(Math.max(...shaped.map(Math.abs))).toBeLessThanOrEqual(32_768 * 10 ** (-1 / 20));
  });
});

describe("shaping", () => {
  it("cuts the silence and says how much of it was before", () => {
    const samples = new Int16Array(16_000);
    samples.fill(1_000, 3_200, 9_600);
    const { samples: shaped, cutMs } = shape(samples, 16_000, 0, { from: 200, to: 600 });
    expect(cutMs).toBe(175);
    expect(shaped.length).toBe(450 * 16);
    expect(shaped[400 + 10]).toBe(1_000);
    expect(shaped[0]).toBe(0);
  });

  it("turns a whole piece down rather than clip it", () => {
    const samples = Int16Array.from({ length: 1_600 }, (_, i) => 20_000 * Math.sin(i / 5));
    const { samples: shaped } = shape(samples, 16_000, 20, { from: 0, to: 100 });
    const gain = (shaped[800] as number) / (samples[800] as number);
    expect(gain).toBeCloseTo((32_768 * 10 ** (-1 / 20)) / 20_000, 1);
    expect((shaped[801] as number) / (samples[801] as number)).toBeCloseTo(gain, 2);
  });

  it("keeps its bounds for odd positions", () => {
    expect(shape(new Int16Array(0), 16_000, 0, { from: 0, to: 0 }).samples).toHaveLength(0);
    expect(shape(new Int16Array(10), 16_000, 0, { from: 900, to: 10 }).samples).toHaveLength(0);
  });
});

describe("the WASI of Flite", () => {
  it("is given to no other program", () => {
    // (module (import "wasi_snapshot_preview1" "sock_send" (func)))
    const foreign = new WebAssembly.Module(
      Uint8Array.from([
        0,
        97,
        115,
        109,
        1,
        0,
        0,
        0,
        1,
        4,
        1,
        96,
        0,
        0,
        2,
        36,
        1,
        22,
        ...Buffer.from("wasi_snapshot_preview1"),
        9,
        ...Buffer.from("sock_send"),
        0,
        0,
      ]),
    );
    expect(() => runProgram(foreign, [])).toThrow(expect.objectContaining({ code: "engine_failed" }));
  });

  it("turns a trap into an error of ours", async () => {
    // (module (memory (export "memory") 1) (func (export "_start") unreachable))
    const trap = new WebAssembly.Module(
      Uint8Array.from([
        0,
        97,
        115,
        109,
        1,
        0,
        0,
        0,
        1,
        4,
        1,
        96,
        0,
        0,
        3,
        2,
        1,
        0,
        5,
        3,
        1,
        0,
        1,
        7,
        19,
        2,
        6,
        ...Buffer.from("memory"),
        2,
        0,
        6,
        ...Buffer.from("_start"),
        0,
        0,
        10,
        5,
        1,
        3,
        0,
        0,
        11,
      ]),
    );
    let thrown: unknown;
    try {
      runProgram(trap, []);
    } catch (error) {
      thrown = error;
    }
    expect(RoomKitError.is(thrown, "engine_failed")).toBe(true);
    expect((thrown as Error).cause).toBeInstanceOf(WebAssembly.RuntimeError);
  });
});

/** Level of the 20 ms stretches that are no pause, in dBFS. */
function activeLevel(samples: Int16Array): number {
  const loud: number[] = [];
  for (let at = 0; at + 320 <= samples.length; at += 320) {
    const stretch = samples.subarray(at, at + 320);
    if (levelDb(stretch) > -50) loud.push(...stretch);
  }
  return levelDb(Int16Array.from(loud));
}

/** Median fundamental frequency by autocorrelation, 65 to 400 Hz. */
function pitchOf(samples: Int16Array): number {
  const found: number[] = [];
  for (let at = 0; at + 1_280 <= samples.length; at += 320) {
    const energy = correlation(samples, at, 0);
    if (energy < 640 * 300 ** 2) continue;
    let best = 0;
    let lag = 0;
    for (let l = 40; l < 246; l++) {
      const c = correlation(samples, at, l);
      if (c > best * 1.02) [best, lag] = [c, l];
    }
    if (best > 0.4 * energy) found.push(16_000 / lag);
  }
  return found.sort((a, b) => a - b)[found.length >> 1] ?? 0;
}

function correlation(samples: Int16Array, at: number, lag: number): number {
  let sum = 0;
  for (let i = at; i < at + 640; i++) sum += (samples[i] as number) * (samples[i + lag] as number);
  return sum;
}
