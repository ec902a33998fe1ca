import { describe, expect, it } from "vitest";
import { framesOfBytes } from "./frames-of-bytes.ts";
import { bytesOfSamples, samplesOfBytes } from "./pcm-bytes.ts";
import { PcmFramer } from "./pcm-framer.ts";
import { wavOfSamples } from "./wav.ts";

const ramp = Int16Array.from({ length: 1201 }, (_, i) => ((i * 53) % 65_536) - 32_768);
const bytes = bytesOfSamples(ramp);

function joined(frames: readonly { samples: Int16Array }[]): number[] {
  return frames.flatMap((frame) => [...frame.samples]);
}

describe("PcmFramer", () => {
  it.each([1, 2, 3, 7, 320, 961, 4096])("gives the same frames for chunks of %i bytes", (size) => {
    const framer = new PcmFramer({ sampleRate: 24_000, channels: 1 });
    const frames = [];
    for (let at = 0; at < bytes.length; at += size) frames.push(...framer.push(bytes.subarray(at, at + size)));
    const last = framer.flush();
    expect(frames.map((frame) => frame.samples.length)).toEqual([480, 480]);
    expect(last?.samples.length).toBe(241);
    expect([...frames, last].map((frame) => frame?.timestamp)).toEqual([0, 20, 40]);
    if (last) expect(joined([...frames, last])).toEqual([...ramp]);
    expect(framer.flush()).toBeUndefined();
  });

  it("drops the half of a sample at the end, and keeps stereo groups whole", () => {
    const framer = new PcmFramer({ sampleRate: 8_000, channels: 2, frameMs: 1 });
    expect(framer.push(bytes.subarray(0, 32 + 7))).toHaveLength(1);
    expect(framer.flush()?.samples.length).toBe(2);
    const odd = new PcmFramer({ sampleRate: 8_000, channels: 1 });
    odd.push(bytes.subarray(0, 1));
    expect(odd.flush()).toBeUndefined();
  });

  it("does not hold on to the chunks it was given", () => {
    const framer = new PcmFramer({ sampleRate: 8_000, channels: 1 });
    const chunk = Uint8Array.of(1, 2, 3, 4);
    framer.push(chunk);
    chunk.fill(9);
    expect([...(framer.flush()?.samples ?? [])]).toEqual([0x0201, 0x0403]);
  });

  it("refuses frame lengths that are none", () => {
    for (const frameMs of [0, 0.01, 1001, Number.NaN]) {
      expect(() => new PcmFramer({ sampleRate: 8_000, channels: 1, frameMs })).toThrow(
        expect.objectContaining({ code: "invalid_option" }),
      );
    }
  });
});

describe("framesOfBytes", () => {
  it("frames a stream, with its rest", async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777);
    }
    const frames = [];
    for await (const frame of framesOfBytes(chunks(), { sampleRate: 24_000, channels: 1 })) frames.push(frame);
    expect(joined(frames)).toEqual([...ramp]);
  });
});

describe("pcm bytes", () => {
  it("go both ways, and honour views", () => {
    const view = ramp.subarray(5, 25);
    expect(samplesOfBytes(bytesOfSamples(view))).toEqual(Int16Array.from(view));
    expect([...bytesOfSamples(Int16Array.of(0x1234, -2))]).toEqual([0x34, 0x12, 0xfe, 0xff]);
    expect(samplesOfBytes(Buffer.from([9, 1, 0, 2]).subarray(1))).toEqual(Int16Array.of(1));
  });
});

describe("wavOfSamples", () => {
  it("writes the canonical 44-byte header", () => {
    const wav = Buffer.from(
      wavOfSamples([ramp.subarray(0, 10), ramp.subarray(10, 16)], { sampleRate: 16_000, channels: 1 }),
    );
    expect(wav.length).toBe(44 + 32);
    expect(wav.toString("latin1", 0, 4) + wav.toString("latin1", 8, 16)).toBe("RIFFWAVEfmt ");
    expect([wav.readUInt32LE(4), wav.readUInt16LE(20), wav.readUInt16LE(22)]).toEqual([68, 1, 1]);
    expect([wav.readUInt32LE(24), wav.readUInt32LE(28), wav.readUInt16LE(32)]).toEqual([16_000, 32_000, 2]);
    expect(wav.readUInt32LE(40)).toBe(32);
    expect(samplesOfBytes(wav.subarray(44))).toEqual(ramp.slice(0, 16));
  });
});
