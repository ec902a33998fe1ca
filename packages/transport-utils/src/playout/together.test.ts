import { describe, expect, it } from "vitest";
import { Framer } from "./framer.ts";
import { audio, queueRig, samplesOf } from "./rig.fixture.ts";
import { Utterances } from "./utterances.ts";

describe("frames that leave together", () => {
  it("are those of one burst; a frame alone goes alone", async () => {
    const bursts: number[] = [];
    const rig = queueRig({
      leadMs: 100,
      together: (work) => {
        const before = rig.sent.length;
        work();
        bursts.push(rig.sent.length - before);
      },
    });
    rig.queue.play("a", audio(400));
    expect(bursts).toEqual([5]);
    await rig.clock.advance(240);
    // Paced from here on, one at a time.
    expect(bursts).toEqual([5]);
    expect(rig.sent.length).toBe(17);
    expect(samplesOf(rig)).toEqual([...audio(340).samples]);
  });
});

describe("Framer", () => {
  it("never gives memory twice, nor changes what it gave", () => {
    const framer = new Framer(160);
    const record = new Utterances().open("a");
    if (!record) throw new Error("no record");
    const frames: Int16Array[] = [];
    const all: number[] = [];
    for (let i = 0; i < 200; i++) {
      const piece = Int16Array.from({ length: 1 + ((i * 37) % 300) }, (_, k) => i * 100 + k);
      all.push(...piece);
      framer.push(record, piece, (_, frame) => frames.push(frame));
      if (i % 50 < 49) continue;
      framer.drop();
      all.length -= all.length % 160;
    }
    expect(frames.flatMap((frame) => [...frame])).toEqual(all);
    const places = frames.map(({ buffer, byteOffset, byteLength }) => ({
      buffer,
      from: byteOffset,
      to: byteOffset + byteLength,
    }));
    for (const [i, one] of places.entries()) {
      const other = places.findIndex(
        (each, j) => j > i && each.buffer === one.buffer && each.from < one.to && one.from < each.to,
      );
      expect(other).toBe(-1);
    }
  });
});
