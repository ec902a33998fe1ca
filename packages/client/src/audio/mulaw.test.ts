import * as codec from "@roomkit/codec-mulaw";
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

  it("is the codec the servers use, for every sample and every code", () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    expect(encodeMulaw(samples)).toEqual(codec.encodeMulaw(samples));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(decodeMulaw(bytes)).toEqual(codec.decodeMulaw(bytes));
  });
});
