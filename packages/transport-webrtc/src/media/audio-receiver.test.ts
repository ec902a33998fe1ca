import { mulaw } from "@roomkit/codec-mulaw";
import { opus } from "@roomkit/codec-opus";
import type { AudioFrame } from "@roomkit/core";
import { rms } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { amplitudeAt, join, sine } from "../testing.fixture.ts";
import { AudioReceiver, type AudioReceiverOptions } from "./audio-receiver.ts";
import { g711Frames, opusFrames } from "./frame-decoder.ts";
import { writeRtp } from "./rtp.ts";

const OPUS = 111;
const RED = 63;
const EVENT = 110;

async function opusReceiver(options: Partial<AudioReceiverOptions> = {}): Promise<{
  receiver: AudioReceiver;
  frames: AudioFrame[];
  digits: string[];
  drops: string[];
  audio: () => Int16Array;
}> {
  const [frames, digits, drops]: [AudioFrame[], string[], string[]] = [[], [], []];
  const receiver = new AudioReceiver({
    decoder: opusFrames(await opus().createDecoder({ sampleRate: 16_000 })),
    payloadTypes: { audio: OPUS, red: RED, telephoneEvent: EVENT },
    onFrame: (f) => frames.push(f),
    onDigit: (d) => digits.push(d),
    admit: () => true,
    onDrop: (reason) => drops.push(reason),
    ...options,
  });
  return { receiver, frames, digits, drops, audio: () => join(frames.map((f) => f.samples)) };
}

/** Packets of 20 ms of a 440 Hz tone. */
async function tone(ms: number, options = {}): Promise<Uint8Array[]> {
  const encoder = await opus({ expectedLossPercent: 30, ...options }).createEncoder({ sampleRate: 16_000 });
  const audio = sine(16_000, 440, ms);
  const out: Uint8Array[] = [];
  for (let at = 0; at + 320 <= audio.length; at += 320)
    out.push(encoder.encode(audio.subarray(at, at + 320)) as Uint8Array);
  encoder.close();
  return out;
}

const rtp = (
  sequence: number,
  payload: Uint8Array,
  options: { timestamp?: number; payloadType?: number } = {},
): Uint8Array =>
  writeRtp({
    marker: false,
    payloadType: options.payloadType ?? OPUS,
    sequence: sequence & 0xffff,
    timestamp: (options.timestamp ?? sequence * 960) >>> 0,
    ssrc: 1,
    payload,
  });

/** Frames must follow one another without a seam. */
function expectContinuous(frames: readonly AudioFrame[]): void {
  let at = 0;
  for (const frame of frames) {
    expect(frame.timestamp).toBeCloseTo(at, 3);
    at += (frame.samples.length * 1000) / frame.sampleRate;
  }
}

describe("AudioReceiver", () => {
  it("decodes at the rate asked for, without a seam, across the wrap of both counters", async () => {
    const { receiver, frames, audio } = await opusReceiver();
    const packets = await tone(1_000);
    packets.forEach((p, i) => {
      receiver.receive(rtp(65_520 + i, p, { timestamp: 0xffff_f000 + i * 960 }), i * 20);
    });
    expect(frames.length).toBe(50);
    expectContinuous(frames);
    expect(amplitudeAt(audio().subarray(3_200), 16_000, 440)).toBeGreaterThan(9_000);
    receiver.close();
  });

  it.each([1, 2, 4])("fills the place of %i lost packets with what was heard, not with silence", async (lost) => {
    const { receiver, frames, audio } = await opusReceiver();
    (await tone(1_000)).forEach((p, i) => {
      if (i < 25 || i >= 25 + lost) receiver.receive(rtp(i, p), i * 20);
      receiver.tick(i * 20 + 10);
    });
    expect(audio().length).toBe(16_000);
    expectContinuous(frames);
    expect(rms(audio().subarray(25 * 320, (25 + lost) * 320))).toBeGreaterThan(1_500);
    expect(receiver.stats).toMatchObject({ lost, concealedMs: lost * 20 });
    receiver.close();
  });

  it("fades a long loss into silence and keeps the time", async () => {
    const { receiver, audio } = await opusReceiver();
    (await tone(1_000)).forEach((p, i) => {
      if (i < 10 || i >= 40) receiver.receive(rtp(i, p), i * 20);
    });
    expect(audio().length).toBe(16_000);
    expect(rms(audio().subarray(20 * 320, 38 * 320))).toBe(0);
    receiver.close();
  });

  it("recovers everything from redundant audio", async () => {
    const { receiver, audio } = await opusReceiver();
    const packets = await tone(1_000);
    packets.forEach((p, i) => {
      if (i % 5 === 3) return;
      const before = packets[i - 1];
      const head = before
        ? Buffer.from([0x80 | OPUS, 960 >> 6, ((960 & 0x3f) << 2) | (before.length >> 8), before.length & 0xff, OPUS])
        : Buffer.of(OPUS);
      receiver.receive(rtp(i, Buffer.concat([head, before ?? Buffer.alloc(0), p]), { payloadType: RED }), i * 20);
    });
    expect(audio().length).toBe(16_000);
    expect(receiver.stats).toMatchObject({ lost: 0, concealedMs: 0 });
    receiver.close();
  });

  it("puts silence where the sender left it out", async () => {
    const { receiver, frames, audio } = await opusReceiver();
    const packets = await tone(400);
    packets.slice(0, 10).forEach((p, i) => {
      receiver.receive(rtp(i, p), i * 20);
    });
    // The next packet by sequence, 400 ms later by timestamp.
    packets.slice(10).forEach((p, i) => {
      receiver.receive(rtp(10 + i, p, { timestamp: (10 + 20 + i) * 960 }), (30 + i) * 20);
    });
    expect(audio().length).toBe((10 + 20 + 10) * 320);
    expect(rms(audio().subarray(12 * 320, 30 * 320))).toBe(0);
    expectContinuous(frames);
    receiver.close();
  });

  it("goes on in silence while nothing comes, so that an end of speech is heard", async () => {
    const { receiver, frames, audio } = await opusReceiver();
    const packets = await tone(200);
    packets.forEach((p, i) => {
      receiver.receive(rtp(i, p), i * 20);
    });
    for (let now = 200; now <= 1_600; now += 20) receiver.tick(now);
    const ms = (audio().length * 1000) / 16_000;
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThanOrEqual(1_200);
    expect(rms(audio().subarray(320 * 12))).toBe(0);
    expectContinuous(frames);
    // The sender comes back as if it had counted on: no silence twice, and no hole.
    packets.forEach((p, i) => {
      receiver.receive(rtp(10 + i, p, { timestamp: (60 + i) * 960 }), 1_600 + i * 20);
    });
    expect((audio().length * 1000) / 16_000).toBeCloseTo(1_400, 0);
    receiver.close();
  });

  it("lets late speech through after a stall instead of cutting it", async () => {
    const { receiver, frames, audio } = await opusReceiver();
    const packets = await tone(1_000);
    packets.slice(0, 10).forEach((p, i) => {
      receiver.receive(rtp(i, p), i * 20);
    });
    for (let now = 200; now < 1_000; now += 20) receiver.tick(now);
    const silent = audio().length;
    packets.slice(10).forEach((p, i) => {
      receiver.receive(rtp(10 + i, p), 1_000);
    });
    expect(audio().length - silent).toBe(40 * 320);
    expect(amplitudeAt(audio().subarray(silent + 1_600), 16_000, 440)).toBeGreaterThan(8_000);
    expectContinuous(frames);
    receiver.close();
  });

  it("puts no silence before what waits unread while the event loop stands still", async () => {
    const { receiver, frames, audio } = await opusReceiver();
    const packets = await tone(1_000);
    const at = (i: number): number => (i < 10 ? i * 20 : Math.max(800, i * 20));
    packets.slice(0, 10).forEach((p, i) => {
      receiver.receive(rtp(i, p), at(i));
      receiver.tick(at(i) + 10);
    });
    // After the stall the timer comes first, then what the socket holds.
    receiver.tick(800);
    packets.slice(10).forEach((p, i) => {
      receiver.receive(rtp(10 + i, p), at(10 + i));
      if (at(10 + i) > 800) receiver.tick(at(10 + i) + 10);
    });
    expect(audio().length).toBe(16_000);
    expectContinuous(frames);
    receiver.close();
  });

  it("fills silence in also on a machine whose timers are always late", async () => {
    const { receiver, audio } = await opusReceiver();
    (await tone(200)).forEach((p, i) => {
      receiver.receive(rtp(i, p), i * 20);
    });
    for (let now = 200; now <= 2_000; now += 120) receiver.tick(now);
    expect((audio().length * 1000) / 16_000).toBeGreaterThan(1_300);
    receiver.close();
  });

  it("tells touch tones once each", async () => {
    const { receiver, digits } = await opusReceiver();
    const event = (digit: number, end: boolean, duration: number): Uint8Array =>
      Buffer.from([digit, (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff]);
    const press = (sequence: number, timestamp: number, digit: number): void => {
      for (let i = 0; i < 8; i++) {
        receiver.receive(
          rtp(sequence + i, event(digit, i > 4, 960 * (i + 1)), { timestamp, payloadType: EVENT }),
          sequence,
        );
      }
    };
    press(0, 1_000, 5);
    press(10, 50_000, 11);
    press(0, 1_000, 5);
    press(20, 90_000, 5);
    receiver.receive(rtp(40, Buffer.of(1), { timestamp: 99_000, payloadType: EVENT }), 40);
    receiver.receive(rtp(41, event(200, false, 1), { timestamp: 99_960, payloadType: EVENT }), 41);
    expect(digits).toEqual(["5", "#", "5"]);
    receiver.close();
  });

  it("drops what it cannot use and goes on", async () => {
    const { receiver, frames, drops } = await opusReceiver();
    const [good = new Uint8Array()] = await tone(20);
    receiver.receive(Uint8Array.of(0x80, OPUS), 0);
    receiver.receive(rtp(1, Uint8Array.of(0xff, 0xff, 0xff)), 0);
    receiver.receive(rtp(2, new Uint8Array(0)), 0);
    receiver.receive(rtp(3, good, { payloadType: 96 }), 0);
    receiver.receive(rtp(4, Uint8Array.of(0xef, 1, 2), { payloadType: RED }), 0);
    const padded = Buffer.concat([rtp(7, good), Buffer.of(250)]);
    padded[0] = 0xa0;
    receiver.receive(padded, 0);
    expect(drops).toEqual(["rtp_malformed", "audio_malformed", "rtp_payload_type", "red_malformed", "rtp_malformed"]);
    receiver.receive(rtp(2, good), 1);
    expect(frames).toEqual([]);
    receiver.receive(rtp(5, good, { timestamp: 2 * 960 }), 1);
    expect(receiver.stats).toMatchObject({ lost: 0, late: 1 });
    // Silence in the place of the packet that could not be read, then the good one.
    expect(frames.map((f) => [f.samples.length, rms(f.samples) > 0])).toEqual([
      [320, false],
      [320, true],
    ]);
    receiver.close();
  });

  it("asks before it hands audio on", async () => {
    let budget = 100;
    const { receiver, frames, drops } = await opusReceiver({
      admit: (ms) => {
        budget -= ms;
        return budget >= 0;
      },
    });
    (await tone(400)).forEach((p, i) => {
      receiver.receive(rtp(i, p), 0);
    });
    expect(frames.length).toBe(5);
    expect(drops.length).toBe(15);
    receiver.close();
  });

  it("survives any bytes", async () => {
    const { receiver } = await opusReceiver();
    let seed = 7;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed >> 16;
    };
    for (let i = 0; i < 5_000; i++) {
      const data = Uint8Array.from({ length: random() % 120 }, random);
      if (data.length > 1) {
        data[0] = 0x80 | (random() & 0x3f);
        data[1] = [OPUS, RED, EVENT, random() & 0x7f][i % 4] as number;
      }
      receiver.receive(data, i);
      if (i % 10 === 0) receiver.tick(i);
    }
    receiver.close();
  });

  it("hears G.711, and bridges what is lost of it", () => {
    const frames: AudioFrame[] = [];
    const codec = mulaw();
    const receiver = new AudioReceiver({
      decoder: g711Frames(codec),
      payloadTypes: { audio: 0 },
      onFrame: (f) => frames.push(f),
      onDigit: () => {},
      admit: () => true,
      onDrop: (reason) => expect(reason).toBe(""),
    });
    const audio = sine(8_000, 400, 400);
    for (let i = 0; i < 20; i++) {
      if (i === 10) continue;
      const payload = codec.encode(audio.subarray(i * 160, (i + 1) * 160));
      receiver.receive(rtp(i, payload, { payloadType: 0, timestamp: i * 160 }), i * 20);
    }
    receiver.tick(1_000);
    const heard = join(frames.map((f) => f.samples)).subarray(0, 3_200);
    expect(amplitudeAt(heard, 8_000, 400)).toBeGreaterThan(9_000);
    expect(rms(heard.subarray(1_600, 1_760))).toBeGreaterThan(3_000);
    receiver.close();
  });
});
