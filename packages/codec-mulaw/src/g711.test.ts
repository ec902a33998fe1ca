import { type AudioCodec, RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { alaw, decodeAlaw, encodeAlaw } from "./alaw.ts";
import { alawLaw, mulawLaw } from "./g711.ts";
import { decodeMulaw, encodeMulaw, mulaw } from "./mulaw.ts";

/**
 * The reference, written from the tables of Recommendation G.711: decision values and quantized values per interval, found by
 * search. It shares neither arithmetic nor bit tricks with the codec. Mu-law's decision values are those of table 2a (14-bit
 * units: 16 intervals of 2 after the first of 1, then 16 each of 4, 8, ... 256), A-law's those of table 1a (12-bit units:
 * 32 intervals of 1, then 16 each of 2, 4, ... 64). Reconstruction is the middle of the interval.
 */
interface Reference {
  readonly encode: (sample: number) => number;
  readonly decode: (code: number) => number;
}

function reference(options: {
  decisions: number[];
  unit: number;
  levels: number[];
  character: (interval: number, positive: boolean) => number;
}): Reference {
  const { decisions, unit, levels, character } = options;
  const byCode = new Map<number, number>();
  for (const positive of [true, false]) {
    levels.forEach((level, interval) => {
      byCode.set(character(interval, positive), (positive ? level : -level) || 0);
    });
  }
  return {
    encode(sample) {
      // The bits below the law's precision are cut off; a negative value is mirrored bit by bit (ones' complement).
      const positive = sample >= 0;
      const magnitude = Math.floor((positive ? sample : -sample - 1) / unit);
      let interval = 127;
      while (interval > 0 && magnitude < (decisions[interval] as number)) interval--;
      return character(interval, positive);
    },
    decode: (code) => byCode.get(code) as number,
  };
}

function muLawReference(): Reference {
  const decisions = [0];
  let at = 1;
  for (const step of [2, 4, 8, 16, 32, 64, 128, 256]) {
    for (let i = 0; i < (step === 2 ? 15 : 16); i++, at += step) decisions.push(at);
  }
  expect(decisions.slice(0, 19)).toEqual([0, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 35, 39]);
  expect([decisions[32], decisions[48], decisions[112], decisions[127]]).toEqual([95, 223, 4063, 7903]);
  expect(at).toBe(8159);
  const levels = decisions.map((low, i) => (i === 0 ? 0 : ((low + (decisions[i + 1] ?? 8159)) / 2) * 4));
  // Character signals of table 2a: 255 for the first positive interval, counting down; negative ones without the sign bit.
  return reference({ decisions, unit: 4, levels, character: (n, positive) => (positive ? 255 - n : 127 - n) });
}

function aLawReference(): Reference {
  const decisions: number[] = [];
  let at = 0;
  for (const [count, step] of [[32, 1], ...[2, 4, 8, 16, 32, 64].map((s) => [16, s])] as [number, number][]) {
    for (let i = 0; i < count; i++, at += step) decisions.push(at);
  }
  expect(at).toBe(2048);
  const levels = decisions.map((low, i) => ((low + (decisions[i + 1] ?? 2048)) / 2) * 16);
  // Character signals of table 1a: counting up, then every even bit inverted.
  return reference({
    decisions,
    unit: 16,
    levels,
    character: (n, positive) => ((positive ? 128 : 0) + n) ^ 0b01010101,
  });
}

const every16Bit = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const everyCode = Uint8Array.from({ length: 256 }, (_, i) => i);

const laws = [
  { name: "mulaw", make: mulaw, encode: encodeMulaw, decode: decodeMulaw, reference: muLawReference, steps: 4 },
  { name: "alaw", make: alaw, encode: encodeAlaw, decode: decodeAlaw, reference: aLawReference, steps: 16 },
] as const;

describe.each(laws)("$name", ({ name, make, encode, decode, reference: makeReference, steps }) => {
  it("codes all 65,536 samples as the reference does", () => {
    const expected = Uint8Array.from(every16Bit, makeReference().encode);
    const actual = encode(every16Bit);
    const wrong = every16Bit.filter((_, i) => actual[i] !== expected[i]);
    expect([...wrong]).toEqual([]);
    expect(new Set(actual).size).toBe(256);
  });

  it("decodes all 256 codes as the reference does", () => {
    expect([...decode(everyCode)]).toEqual([...everyCode].map(makeReference().decode));
  });

  it("gives every decoded sample its code back", () => {
    const again = encode(decode(everyCode));
    // Mu-law has two zeros, and 0 is the positive one.
    const expected = [...everyCode].map((code) => (name === "mulaw" && code === 0x7f ? 0xff : code));
    expect([...again]).toEqual(expected);
  });

  it("errs by at most half a step of the segment", () => {
    const decoded = decode(encode(every16Bit));
    const tooFar = every16Bit.filter((sample, i) => {
      // Above the largest decision value there is nothing but the largest level.
      if (name === "mulaw" && Math.abs(sample) > 8159 * 4) return false;
      const allowed = Math.max(steps * 2, (Math.abs(sample) + 132) / 32 + steps);
      return Math.abs((decoded[i] as number) - sample) > allowed;
    });
    expect([...tooFar]).toEqual([]);
  });

  it("keeps polarity and level of a sine, at every volume", () => {
    for (const amplitude of [32_000, 8_000, 1_000, 300]) {
      const sine = Int16Array.from({ length: 8_000 }, (_, i) => amplitude * Math.sin((2 * Math.PI * 437 * i) / 8_000));
      const decoded = decode(encode(sine));
      let same = 0;
      let energy = 0;
      let error = 0;
      for (let i = 0; i < sine.length; i++) {
        const [a, b] = [sine[i] as number, decoded[i] as number];
        same += a * b;
        energy += a * a;
        error += (a - b) ** 2;
      }
      // The gain is that of the best fit: negative if the polarity were turned round.
      expect(20 * Math.log10(same / energy)).toBeCloseTo(0, 1);
      expect(10 * Math.log10(energy / error)).toBeGreaterThan(amplitude > 500 ? 33 : 25);
    }
  });

  it("reads and writes within the view it was given", () => {
    const samples = new Int16Array([111, 1_000, -1_000, 222]);
    const view = new Int16Array(samples.buffer, 2, 2);
    const bytes = new Uint8Array(6).fill(1);
    const written = encode(view, new Uint8Array(bytes.buffer, 3, 2));
    expect([...written]).toEqual([...encode(new Int16Array([1_000, -1_000]))]);
    expect([...bytes]).toEqual([1, 1, 1, ...written, 1]);

    const out = new Int16Array(5).fill(9);
    const decoded = decode(new Uint8Array(bytes.buffer, 3, 2), new Int16Array(out.buffer, 4, 2));
    expect(decoded.buffer).toBe(out.buffer);
    expect([...out]).toEqual([9, 9, ...decode(written), 9]);
  });

  it("uses the front of a larger output array and refuses a shorter one", () => {
    const out = new Uint8Array(4);
    const written = encode(new Int16Array([1, 2]), out);
    expect(written).toHaveLength(2);
    expect(written.buffer).toBe(out.buffer);
    expect(decode(written, new Int16Array(9))).toHaveLength(2);
    const shortEncode = (): unknown => encode(new Int16Array(3), new Uint8Array(2));
    const shortDecode = (): unknown => decode(new Uint8Array(3), new Int16Array(2));
    for (const act of [shortEncode, shortDecode]) {
      expect(act).toThrowError(expect.objectContaining({ code: "invalid_audio" }));
      expect(act).toThrowError(expect.toSatisfy(RoomKitError.is));
    }
  });

  it("is a codec of any rate, and takes nothing as nothing", () => {
    const codec: AudioCodec = make();
    expect(codec.name).toBe(name);
    expect(codec.sampleRate).toBeUndefined();
    expect([...codec.encode(every16Bit)]).toEqual([...encode(every16Bit)]);
    expect([...codec.decode(everyCode)]).toEqual([...decode(everyCode)]);
    expect(codec.encode(new Int16Array(0))).toHaveLength(0);
    expect(codec.decode(new Uint8Array(0))).toHaveLength(0);
  });

  it("is a codec that writes where it may, and into an array of its own where that has no room", () => {
    const codec: AudioCodec = make();
    const samples = new Int16Array(300).fill(7);
    const decoded = codec.decode(everyCode, samples);
    expect(decoded.buffer).toBe(samples.buffer);
    expect([...decoded]).toEqual([...decode(everyCode)]);
    expect([...samples.subarray(256)]).toEqual(new Array(44).fill(7));
    const short = new Int16Array(255).fill(7);
    expect([...codec.decode(everyCode, short)]).toEqual([...decode(everyCode)]);
    expect(short.every((sample) => sample === 7)).toBe(true);
    const bytes = new Uint8Array(4);
    expect(codec.encode(Int16Array.of(1, 2), bytes).buffer).toBe(bytes.buffer);
    expect(codec.encode(new Int16Array(5), bytes)).toHaveLength(5);
  });
});

describe("tables", () => {
  it("have one entry per value the law can tell apart", () => {
    expect(mulawLaw.encode).toHaveLength(16_384);
    expect(mulawLaw.decode).toHaveLength(256);
    expect(alawLaw.encode).toHaveLength(4_096);
    expect(alawLaw.decode).toHaveLength(256);
  });

  it("hold the values everybody knows", () => {
    expect([...encodeMulaw(new Int16Array([0, -1, 32_767, -32_768]))]).toEqual([0xff, 0x7f, 0x80, 0x00]);
    expect([...encodeAlaw(new Int16Array([0, -1, 32_767, -32_768]))]).toEqual([0xd5, 0x55, 0xaa, 0x2a]);
    expect([...decodeMulaw(Uint8Array.of(0x80, 0x00, 0xff))]).toEqual([32_124, -32_124, 0]);
    expect([...decodeAlaw(Uint8Array.of(0xaa, 0x2a, 0xd5))]).toEqual([32_256, -32_256, 8]);
  });
});
