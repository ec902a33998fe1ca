import { describe, expect, it } from "vitest";
import { type SrtpDecrypt, SrtpReceiver } from "./srtp-receiver.ts";

/** A packet whose authenticity hangs on the number of rollovers its sender counted. */
function packet(index: number, ssrc = 1): Buffer {
  const data = Buffer.alloc(32);
  data.writeUInt16BE(0x8000 | 111);
  data.writeUInt16BE(index & 0xffff, 2);
  data.writeUInt32BE(ssrc, 8);
  data.writeUInt32BE(Math.floor(index / 0x1_0000), 12);
  return data;
}
const decrypt: SrtpDecrypt = (data, rollovers) => {
  if (data.readUInt32BE(12) !== rollovers) throw new Error("not authentic");
  return data;
};
const run = (indexes: readonly number[]): string => {
  const receiver = new SrtpReceiver(4);
  return indexes
    .map((index) => {
      const result = receiver.receive(packet(index), decrypt, 0);
      return "packet" in result ? "+" : result.dropped;
    })
    .join(" ");
};

describe("SrtpReceiver", () => {
  it.each([
    ["in order across the wrap", [65_534, 65_535, 65_536, 65_537]],
    ["out of order across the wrap", [65_533, 65_536, 65_534, 65_537, 65_535]],
    ["around a wrap with 400 lost", [65_300, 65_700, 65_701, 65_650]],
    ["after a leap ahead", [10, 20_000, 20_001]],
    ["after a leap ahead across the wrap", [60_000, 70_000, 70_001, 100_000, 132_000]],
    ["of a stream whose first packets, before the wrap, never came", [65_536, 65_537, 65_539]],
    ["after many wraps", Array.from({ length: 40 }, (_, i) => i * 30_000)],
  ])("takes packets %s", (_, indexes) => {
    expect(run(indexes)).toBe(indexes.map(() => "+").join(" "));
  });

  it("takes none twice, none too old and none that is not authentic", () => {
    expect(run([100, 101, 100, 200, 101, 99, 65_536 * 3 + 300])).toBe(
      "+ + srtp_replay + srtp_replay srtp_replay srtp_unauthentic",
    );
    expect(run([0, 65_535 - 65_536 + 65_536])).toBe("+ srtp_replay");
  });

  it("lets in so many streams at once, and any number in the course of a call", () => {
    const receiver = new SrtpReceiver(2);
    const send = (ssrc: number, now: number, index = 5): string => {
      const result = receiver.receive(packet(index, ssrc), decrypt, now);
      return "packet" in result ? "+" : result.dropped;
    };
    expect([send(1, 0), send(2, 10), send(3, 20)]).toEqual(["+", "+", "srtp_too_many_streams"]);
    // What proves nothing takes no place.
    const forged = receiver.receive(packet(65_536 * 9, 4), decrypt, 2_500);
    expect(forged).toEqual({ dropped: "srtp_unauthentic" });
    for (let i = 0; i < 300; i++) expect(send(100 + i, 3_000 + i * 1_500)).toBe("+");
    expect(receiver.streams).toBeLessThan(100);
    // One that is remembered is not to be replayed.
    expect(send(390, 1_000_000)).toBe("srtp_replay");
    expect(send(390, 1_000_000, 6)).toBe("+");
  });
});
