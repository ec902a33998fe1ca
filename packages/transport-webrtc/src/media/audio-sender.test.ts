import { mulaw } from "@roomkit/codec-mulaw";
import { type OpusOptions, opus } from "@roomkit/codec-opus";
import type { TrackPlace } from "@roomkit/transport-utils";
import { describe, expect, it } from "vitest";
import { sine } from "../testing.fixture.ts";
import { AudioSender, g711Encoding, opusEncoding } from "./audio-sender.ts";
import { parseRtp, type RtpPacket, timestampDelta } from "./rtp.ts";

async function open(
  sampleRate: 24_000 | 48_000 = 24_000,
  options: OpusOptions = {},
): Promise<{ sender: AudioSender; packets: RtpPacket[]; places: TrackPlace[]; link: { up: boolean } }> {
  const packets: RtpPacket[] = [];
  const link = { up: true };
  const places: TrackPlace[] = [];
  const sender = new AudioSender({
    encoder: opusEncoding(await opus(options).createEncoder({ sampleRate })),
    payloadType: 111,
    ssrc: 77,
    firstSequence: 65_534,
    firstTimestamp: 0xffff_ff00,
    send: (data) => {
      if (link.up) packets.push(parseRtp(data) as RtpPacket);
      return link.up;
    },
    onPlaced: (place) => places.push(place),
  });
  return { sender, packets, places, link };
}

const frame = sine(24_000, 440, 20);

describe("AudioSender", () => {
  it("numbers packets and counts time in the 48 kHz clock, whatever the audio's rate", async () => {
    const { sender, packets } = await open();
    // Two ahead of the clock, then at its pace, as the playout queue sends.
    for (const now of [0, 0, 20, 40, 60]) sender.send(frame, now);
    expect(packets.map((p) => p.sequence)).toEqual([65_534, 65_535, 0, 1, 2]);
    expect(packets.map((p) => timestampDelta(p.timestamp, 0xffff_ff00))).toEqual([0, 960, 1920, 2880, 3840]);
    expect(packets.map((p) => p.marker)).toEqual([true, false, false, false, false]);
    expect(packets.every((p) => p.payloadType === 111 && p.ssrc === 77 && p.payload.length > 2)).toBe(true);
    sender.close();
  });

  it("tells the encoder what the client reports as lost, and nothing a codec that cannot use it", async () => {
    const told: number[] = [];
    const encoder = opusEncoding(await opus().createEncoder({ sampleRate: 24_000 }));
    const rest = { payloadType: 111, ssrc: 77, firstSequence: 0, firstTimestamp: 0, send: () => true };
    const sender = new AudioSender({ ...rest, encoder: { ...encoder, expectLoss: (percent) => told.push(percent) } });
    for (const [i, lost] of [0, 0, 0.25, 0].entries()) sender.reported({ lost, highest: 10 + i });
    expect(told).toEqual([0, 25, 20]);
    sender.close();
    new AudioSender({ ...rest, encoder: g711Encoding(mulaw()) }).reported({ lost: 1, highest: 1 });
  });

  it("marks the next spurt and lets the timestamps go on with the clock", async () => {
    const { sender, packets } = await open();
    sender.send(frame, 0);
    sender.send(frame, 20);
    sender.send(frame, 1_000);
    expect(packets.map((p) => p.marker)).toEqual([true, false, true]);
    expect(timestampDelta(packets[2]?.timestamp as number, packets[1]?.timestamp as number)).toBe(48 * 980);
    sender.close();
  });

  it("tells where a frame stands that does not follow the one before, and counts only what it was given", async () => {
    const { sender, packets, places, link } = await open();
    for (const now of [0, 20, 40]) sender.send(frame, now);
    for (let now = 60; now <= 120; now += 20) sender.idle(now);
    link.up = false;
    expect(sender.send(frame, 130)).toBe(false);
    link.up = true;
    sender.send(frame, 140);
    sender.send(frame, 160);
    sender.send(frame, 5_000);
    // Frames 0 to 2 as they came; frame 3 behind the silence, frame 5 behind a pause.
    expect(places.map((place) => place.frame)).toEqual([0, 3, 5]);
    expect(places.map(({ ssrc, ticks }) => [ssrc, ticks])).toEqual(Array(3).fill([77, 960]));
    const stamps = packets.map(({ timestamp }) => timestamp);
    expect(places.map(({ timestamp }) => timestamp)).toEqual([stamps[0], stamps.at(-3), stamps.at(-1)]);
    expect(timestampDelta(stamps.at(-3) as number, stamps[2] as number)).toBeGreaterThan(960);
    sender.close();
  });

  it("ends a spurt in a little silence, and then says nothing", async () => {
    const { sender, packets } = await open();
    sender.send(frame, 0);
    sender.send(frame, 0);
    for (let now = 20; now < 1_000; now += 20) sender.idle(now);
    expect(packets.length).toBe(2 + 5);
    expect(packets.slice(1).every((p) => !p.marker)).toBe(true);
    sender.idle(2_000);
    expect(packets.length).toBe(7);
    sender.close();
  });

  it("puts no silence between frames that are only late by a timer's error", async () => {
    const { sender, packets } = await open();
    for (let i = 0; i < 50; i++) {
      const now = i * 20 + (i % 3) * 4;
      sender.idle(now - 1);
      sender.send(frame, now);
    }
    expect(packets.length).toBe(50);
    expect(
      new Set(packets.slice(1).map((p, i) => timestampDelta(p.timestamp, (packets[i] as RtpPacket).timestamp))),
    ).toEqual(new Set([960]));
    sender.close();
  });

  it("gives a refused frame back", async () => {
    const { sender, packets, link } = await open();
    link.up = false;
    expect(sender.send(frame, 0)).toBe(false);
    link.up = true;
    expect(sender.send(frame, 20)).toBe(true);
    expect(packets[0]?.sequence).toBe(65_534);
    expect(packets[0]?.timestamp).toBe(0xffff_ff00);
    sender.close();
  });

  it("sends G.711 in the 8 kHz clock", () => {
    const packets: RtpPacket[] = [];
    const sender = new AudioSender({
      encoder: g711Encoding(mulaw()),
      payloadType: 0,
      ssrc: 1,
      firstSequence: 0,
      firstTimestamp: 0,
      send: (data) => packets.push(parseRtp(data) as RtpPacket) > 0,
    });
    for (const now of [0, 20, 40]) sender.send(sine(8_000, 440, 20), now);
    expect(packets.map((p) => [p.timestamp, p.payload.length])).toEqual([
      [0, 160],
      [160, 160],
      [320, 160],
    ]);
  });
});

describe("silence within an utterance", () => {
  it("is coded until the coder has settled, and sent without being coded after that", async () => {
    const inner = opusEncoding(await opus().createEncoder({ sampleRate: 24_000 }));
    let coded = 0;
    const packets: RtpPacket[] = [];
    const link = { up: true };
    const sender = new AudioSender({
      encoder: {
        ...inner,
        encode(samples) {
          coded++;
          return inner.encode(samples);
        },
      },
      payloadType: 111,
      ssrc: 77,
      firstSequence: 0,
      firstTimestamp: 0,
      send: (data) => link.up && packets.push(parseRtp(data) as RtpPacket) > 0,
    });
    let now = 0;
    const play = (samples: Int16Array, frames: number): void => {
      for (let i = 0; i < frames; i++, now += 20) sender.send(samples, now);
    };
    const silence = new Int16Array(480);
    play(frame, 10);
    play(silence, 100);
    expect(coded).toBe(30);
    // One that the link refuses comes again: nothing of it is forgotten.
    link.up = false;
    expect(sender.send(silence, now)).toBe(false);
    link.up = true;
    play(frame, 10);
    play(silence, 30);
    expect(coded).toBe(60);
    // Nothing tells them from packets that were coded: one each 20 ms, in line.
    expect(packets.map((p) => p.sequence)).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(packets.map((p) => p.timestamp)).toEqual(Array.from({ length: 150 }, (_, i) => i * 960));
    expect(packets.filter((p) => p.marker).length).toBe(1);
    sender.close();
  });

  it("is not sent by a coder that leaves it out, and the track's clock goes on", async () => {
    const { sender, packets } = await open(24_000, { dtx: true });
    for (let at = 0; at < 100; at++) sender.send(at < 10 || at >= 90 ? frame : new Int16Array(480), at * 20);
    expect(packets.length).toBeLessThan(10 + 20 + 10);
    expect(timestampDelta(packets.at(-1)?.timestamp as number, packets[0]?.timestamp as number)).toBe(99 * 960);
    expect(packets.map((p) => p.sequence)).toEqual(packets.map((_, i) => (65_534 + i) & 0xffff));
    sender.close();
  });

  it("is heard as silence, and what follows it as if all had been coded", async () => {
    const { sender, packets } = await open();
    const whole = await opus().createEncoder({ sampleRate: 24_000 });
    const wanted: Uint8Array[] = [];
    const tone = sine(24_000, 330, 200);
    for (let at = 0; at < 200; at++) {
      const samples = at % 100 < 10 ? tone.slice((at % 100) * 480, ((at % 100) + 1) * 480) : new Int16Array(480);
      sender.send(samples, at * 20);
      wanted.push(Uint8Array.from(whole.encode(samples) ?? []));
    }
    whole.close();
    const decoded = async (payloads: readonly Uint8Array[]): Promise<Int16Array> => {
      const decoder = await opus().createDecoder({ sampleRate: 24_000 });
      const out = payloads.map((payload) => Int16Array.from(decoder.decode(payload)));
      decoder.close();
      return Int16Array.from(out.flatMap((samples) => [...samples]));
    };
    const [heard, right] = [await decoded(packets.map((p) => p.payload)), await decoded(wanted)];
    const most = (samples: Int16Array): number => samples.reduce((peak, s) => Math.max(peak, Math.abs(s)), 0);
    expect(most(heard.subarray(15 * 480, 100 * 480))).toBeLessThan(200);
    expect(most(heard.subarray(100 * 480, 110 * 480))).toBeGreaterThan(8_000);
    // How near each comes to what was played, dB, when it is moved to where it fits best.
    const near = (samples: Int16Array): number =>
      Math.max(
        ...Array.from({ length: 480 }, (_, lag) => {
          let [signal, error] = [0, 0];
          for (let i = 0; i < 4_000; i++) {
            signal += (tone[i] as number) ** 2;
            error += ((tone[i] as number) - (samples[100 * 480 + lag + i] as number)) ** 2;
          }
          return 10 * Math.log10(signal / error);
        }),
      );
    expect(near(heard)).toBeGreaterThan(near(right) - 1);
    sender.close();
  });
});
