import { inSequence, quiet, speechLike, whiteNoise } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { AudioBuffer } from "./audio-buffer.ts";

const RATE = 16_000;
const ms = (samples: number): number => samples / 16;

function filled(...parts: Int16Array[]): AudioBuffer {
  const buffer = new AudioBuffer();
  const all = inSequence(...parts);
  // In pieces that do not fit the blocks.
  for (let at = 0; at < all.length; at += 333) buffer.push(all.slice(at, at + 333));
  return buffer;
}
/** Speech over the noise of a room. */
function inRoom(level: number, ...parts: Int16Array[]): Int16Array {
  const all = inSequence(...parts);
  const noise = whiteNoise(RATE, ms(all.length), level);
  return all.map((sample, i) => sample + (noise[i] as number));
}

describe("the audio of a stream", () => {
  it("is given back as it came", () => {
    const samples = whiteNoise(RATE, 2_345, 1_000);
    const buffer = filled(samples);
    expect([buffer.start, buffer.end]).toEqual([0, samples.length]);
    expect(buffer.slice({ from: 0, to: samples.length })).toEqual(samples);
    expect(buffer.slice({ from: 100, to: 200 })).toEqual(samples.slice(100, 200));
  });

  it("forgets what is settled, to the block", () => {
    const samples = whiteNoise(RATE, 3_000, 1_000);
    const buffer = filled(samples);
    buffer.drop(16_100);
    expect([buffer.start, buffer.end]).toEqual([16_000, 48_000]);
    expect(buffer.slice({ from: 0, to: 99_999 })).toEqual(samples.slice(16_000));
    buffer.push(samples.slice(0, 500));
    expect(buffer.slice({ from: 48_000, to: 48_500 })).toEqual(samples.slice(0, 500));
    buffer.drop(5);
    expect(buffer.start).toBe(16_000);
    buffer.drop(1e9);
    expect(buffer.end - buffer.start).toBeLessThan(320);
  });
});

describe("speech in it", () => {
  it("is nowhere in silence, in faint noise or in nothing", () => {
    expect(new AudioBuffer().speech()).toBeUndefined();
    expect(filled(quiet(RATE, 3_000)).speech()).toBeUndefined();
    expect(filled(whiteNoise(RATE, 3_000, 15)).speech()).toBeUndefined();
    expect(filled(quiet(RATE, 3_000)).quiet()).toBe(0);
  });

  it.each([0, 20, 100])("is found with room around it, over noise of level %d", (level) => {
    const buffer = filled(inRoom(level, quiet(RATE, 1_000), speechLike(RATE, 2_000, 3_000), quiet(RATE, 1_000)));
    const { from, to } = buffer.speech() ?? { from: 0, to: 0 };
    expect(ms(from)).toBeGreaterThan(650);
    expect(ms(from)).toBeLessThan(760);
    expect(ms(to)).toBeGreaterThan(3_100);
    expect(ms(to)).toBeLessThan(3_300);
    expect(ms(buffer.quiet())).toBeGreaterThan(800);
  });

  it("is all there is where no pause tells speech from background", () => {
    const buffer = filled(whiteNoise(RATE, 4_000, 2_000));
    expect(buffer.speech()).toEqual({ from: 0, to: 64_000 });
    expect(ms(buffer.quiet())).toBeLessThan(100);
  });

  it("is not cut off when it gets soft, nor after a bang", () => {
    const soft = speechLike(RATE, 1_500, 400, 2);
    const fading = filled(inRoom(10, quiet(RATE, 300), speechLike(RATE, 2_000, 3_000), quiet(RATE, 200), soft));
    expect(ms(fading.speech()?.to ?? 0)).toBeGreaterThan(3_900);
    const bang = filled(inRoom(10, whiteNoise(RATE, 60, 25_000), quiet(RATE, 300), soft, soft, quiet(RATE, 500)));
    expect(ms(bang.speech()?.to ?? 0)).toBeGreaterThan(3_300);
  });

  it("is followed by quiet, and that is how long", () => {
    const speech = inSequence(quiet(RATE, 300), speechLike(RATE, 1_000, 3_000));
    const after = (...more: Int16Array[]): number => ms(filled(speech, ...more).quiet());
    const before = after();
    expect(before).toBeLessThan(150);
    expect(after(quiet(RATE, 100))).toBeCloseTo(before + 100, -2);
    expect(after(quiet(RATE, 600))).toBeCloseTo(before + 600, -2);
    expect(after(quiet(RATE, 600), speechLike(RATE, 300, 3_000))).toBeLessThan(150);
  });

  it("is covered by a span that saw its end", () => {
    const buffer = filled(quiet(RATE, 300), speechLike(RATE, 1_000, 3_000), quiet(RATE, 600));
    const span = buffer.speech() ?? { from: 0, to: 0 };
    expect(buffer.covers(span)).toBe(true);
    expect(buffer.covers({ from: span.from, to: span.to - 6_400 })).toBe(false);
    expect(buffer.covers({ from: 14_000, to: span.to })).toBe(false);
    buffer.push(quiet(RATE, 400));
    expect(buffer.covers(span)).toBe(true);
    buffer.push(speechLike(RATE, 300, 3_000));
    expect(buffer.covers(span)).toBe(false);
  });
});

describe("the place to cut", () => {
  it("is the quietest stretch, of equals the last one", () => {
    const speech = speechLike(RATE, 2_000, 3_000);
    const buffer = filled(inRoom(20, speech, quiet(RATE, 300), speech, quiet(RATE, 300), speech));
    const cut = ms(buffer.quietest({ from: 0, to: 16 * 3_500 }));
    expect(cut).toBeGreaterThan(2_050);
    expect(cut).toBeLessThan(2_280);
    const even = filled(whiteNoise(RATE, 3_000, 1_000).fill(1_000));
    expect(ms(even.quietest({ from: 0, to: 48_000 }))).toBe(2_900);
  });
});
