import { describe, expect, it } from "vitest";
import { decodeMulaw, encodeMulaw } from "./mulaw.ts";

const encode = (sample: number): number => encodeMulaw(Int16Array.of(sample))[0] as number;
const decode = (byte: number): number => decodeMulaw(Uint8Array.of(byte))[0] as number;

describe("mu-law", () => {
  it("has the values of G.711", () => {
    // ITU-T G.711 table 2a/2b (scaled to 16 bit): positive has the high bit set on the wire.
    expect([0xff, 0x80, 0x00, 0x7f, 0x8f, 0xf0].map(decode)).toEqual([0, 32_124, -32_124, 0, 16_764, 120]);
    expect([0, 32_767, -32_768, 8_000, -8_000].map(encode)).toEqual([0xff, 0x80, 0x00, 0xa0, 0x20]);
  });

  it("gives back every code it decodes", () => {
    for (let byte = 0; byte < 256; byte++) {
      // 0x7f is minus zero.
      expect(encode(decode(byte))).toBe(byte === 0x7f ? 0xff : byte);
    }
  });

  it("never errs by more than half a step, and keeps the sign", () => {
    for (let sample = -32_768; sample < 32_768; sample++) {
      const decoded = decode(encode(sample));
      const step = 2 ** (Math.floor(Math.log2(Math.min(Math.abs(sample), 32_635) + 132)) - 4);
      const clipped = Math.max(-32_124 - 512, Math.min(32_124 + 512, sample));
      expect(Math.abs(decoded - clipped)).toBeLessThanOrEqual(step / 2);
    }
  });
});
