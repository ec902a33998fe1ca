import { describe, expect, it } from "vitest";
import { isRtcp, receptionReport, rtcpPackets } from "./rtcp.ts";

interface Block {
  readonly ssrc: number;
  readonly lost: number;
  readonly highest: number;
}

function packet(type: number, head: number, blocks: readonly Block[], count = blocks.length): Uint8Array {
  const view = new DataView(new ArrayBuffer(head + 24 * blocks.length));
  view.setUint8(0, 0x80 | count);
  view.setUint8(1, type);
  view.setUint16(2, view.byteLength / 4 - 1);
  for (const [i, { ssrc, lost, highest }] of blocks.entries()) {
    view.setUint32(head + 24 * i, ssrc);
    view.setUint8(head + 24 * i + 4, lost);
    view.setUint32(head + 24 * i + 8, highest);
  }
  return new Uint8Array(view.buffer);
}
const receiver = (...blocks: Block[]): Uint8Array => packet(201, 8, blocks);
const sender = (...blocks: Block[]): Uint8Array => packet(200, 28, blocks);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const on = (ssrc: number, lost = 64, highest = 0xffff_fff0): Block => ({ ssrc, lost, highest });

describe("RTCP", () => {
  it("is told from RTP", () => {
    const told = (...types: number[]): boolean[] => types.map((type) => isRtcp(Uint8Array.of(0x80, type)));
    expect(told(111, 0, 63, 96, 111 | 0x80)).toEqual(Array(5).fill(false));
    expect(told(200, 201, 205, 207)).toEqual(Array(4).fill(true));
    expect(isRtcp(new Uint8Array(0))).toBe(false);
  });

  it.each([
    ["a receiver report", receiver(on(7))],
    ["a sender report", sender(on(7))],
    ["the second block", receiver(on(9, 1), on(7))],
    ["behind an empty report and a description", join(receiver(), packet(202, 12, []), receiver(on(7)))],
    ["the last of two", join(receiver(on(7, 3, 5)), receiver(on(7)))],
    ["in the middle of a larger piece of memory", join(Uint8Array.of(1, 2, 3, 4), sender(on(7))).subarray(4)],
  ])("tells of a stream: %s", (_, data) => {
    expect(receptionReport(data, 7)).toEqual({ lost: 0.25, highest: 0xffff_fff0 });
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["a stump", Uint8Array.of(0x81, 201, 0)],
    ["another stream", receiver(on(9))],
    ["a report of another kind", packet(205, 8, [on(7)])],
    ["a block beyond its count", packet(201, 8, [on(7)], 0)],
    ["a count beyond its blocks", packet(201, 8, [], 31)],
    ["a length beyond the end", receiver(on(7)).subarray(0, 30)],
    [
      "what follows a length beyond the end",
      join(packet(201, 8, [], 1), Uint8Array.of(0x81, 201, 255, 255), receiver(on(7))),
    ],
    ["a block that is not whole", packet(201, 8, [on(7)]).subarray(0, 8)],
  ])("tells nothing of it: %s", (_, data) => {
    expect(receptionReport(data, 7)).toBeUndefined();
  });

  it("bears any bytes", () => {
    let seed = 7;
    const next = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      return seed >> 16;
    };
    for (let i = 0; i < 5_000; i++) {
      const data = Uint8Array.from({ length: next() % 80 }, () => next() & 0xff);
      data.set([0x80 | (next() & 31), 200 + (next() & 1), 0, next() % 20].slice(0, data.length));
      const lengths = [...rtcpPackets(data)].map(({ byteLength }) => byteLength);
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(data.length);
      receptionReport(data, 7);
    }
  });
});
