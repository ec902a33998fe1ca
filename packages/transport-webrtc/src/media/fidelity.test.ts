import { opus } from "@roomkit/codec-opus";
import { speechLike } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { amplitudeAt, join, sine } from "../testing.fixture.ts";
import { AudioReceiver } from "./audio-receiver.ts";
import { opusFrames } from "./frame-decoder.ts";
import { writeRtp } from "./rtp.ts";

const RATE = 16_000;
const FRAME = 320;

/** As a browser codes it when it was told which band is listened to. */
async function coded(samples: Int16Array): Promise<Uint8Array[]> {
  const encoder = await opus({ bitrate: 32_000, expectedLossPercent: 0 }).createEncoder({ sampleRate: RATE });
  const packets: Uint8Array[] = [];
  for (let at = 0; at + FRAME <= samples.length; at += FRAME)
    packets.push(Uint8Array.from(encoder.encode(samples.subarray(at, at + FRAME)) ?? []));
  encoder.close();
  return packets;
}

/** What the receiver gives of packets that come one every 20 ms. */
async function received(packets: readonly Uint8Array[]): Promise<Int16Array> {
  const out: Int16Array[] = [];
  const receiver = new AudioReceiver({
    decoder: opusFrames(await opus().createDecoder({ sampleRate: RATE })),
    payloadTypes: { audio: 111 },
    onFrame: ({ samples }) => out.push(Int16Array.from(samples)),
    onDigit() {},
    admit: () => true,
    onDrop: (reason) => {
      throw new Error(reason);
    },
  });
  for (const [i, payload] of packets.entries()) {
    const [sequence, timestamp] = [(65_530 + i) & 0xffff, (0xffff_0000 + i * 960) >>> 0];
    receiver.receive(writeRtp({ marker: i === 0, payloadType: 111, sequence, timestamp, ssrc: 1, payload }), i * 20);
    receiver.tick(i * 20 + 10);
  }
  expect(receiver.stats).toMatchObject({ lost: 0, late: 0, concealedMs: 0 });
  receiver.close();
  return join(out);
}

/** Energy of `said`, over that of what is heard besides it when it comes `lag` samples later, dB. */
function snr(said: Int16Array, heard: Int16Array, lag: number): number {
  let [signal, error] = [0, 0];
  for (let i = 0; i + lag < heard.length && i < said.length; i++) {
    const x = said[i] as number;
    signal += x * x;
    error += (x - (heard[i + lag] as number)) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe("what is heard of a track", () => {
  it("is, sample by sample, what the decoder makes of its packets, from the first on", async () => {
    const packets = await coded(speechLike(RATE, 2_000, 6_000));
    const decoder = await opus().createDecoder({ sampleRate: RATE });
    const decoded = join(packets.map((packet) => Int16Array.from(decoder.decode(packet))));
    decoder.close();
    expect(await received(packets)).toEqual(decoded);
  });

  it("keeps the level of every part of the band", async () => {
    for (const hz of [300, 1_000, 2_500, 4_000, 5_500, 7_000]) {
      const said = sine(RATE, hz, 1_000, 5_000);
      const heard = await received(await coded(said));
      const level = 20 * Math.log10(amplitudeAt(heard.subarray(RATE / 5), RATE, hz) / 5_000);
      expect(Math.abs(level), `${hz} Hz`).toBeLessThan(1.5);
    }
  });

  it("begins with what was said first, later by no more than a packet's worth of the coder's look-ahead", async () => {
    // A voice from the first sample on.
    const said = join([sine(RATE, 220, 400, 8_000), sine(RATE, 330, 400, 8_000)]);
    const heard = await received(await coded(said));
    expect(heard.length).toBe(said.length);
    const lags = Array.from({ length: FRAME }, (_, lag) => snr(said, heard, lag));
    expect(Math.max(...lags)).toBeGreaterThan(15);
    expect(Math.max(...heard.subarray(0, FRAME))).toBeGreaterThan(4_000);
  });
});
