import { describe, expect, it } from "vitest";
import { pcm16ToSamples, samplesToPcm16 } from "./pcm16.ts";

describe("pcm16", () => {
  it("is little-endian and reads unaligned bytes", () => {
    const samples = Int16Array.of(1, -2, 32_767, -32_768);
    const bytes = samplesToPcm16(samples);
    expect([...bytes]).toEqual([1, 0, 0xfe, 0xff, 0xff, 0x7f, 0, 0x80]);
    const shifted = new Uint8Array(9);
    shifted.set(bytes, 1);
    expect(pcm16ToSamples(shifted.subarray(1))).toEqual(samples);
  });

  it("copies, so that a reused receive buffer changes nothing", () => {
    const bytes = Uint8Array.of(1, 0);
    const samples = pcm16ToSamples(bytes);
    bytes[0] = 9;
    expect(samples).toEqual(Int16Array.of(1));
  });

  it("refuses half a sample", () => {
    expect(pcm16ToSamples(new Uint8Array(3))).toBeUndefined();
  });
});
