import type { DtmfPress } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { OutboundEvents } from "./audio-plan.ts";
import { AudioSender } from "./audio-sender.ts";
import { readEvents } from "./events.fixture.ts";
import { parseRtp, type RtpPacket, timestampDelta } from "./rtp.ts";
import { EVENT_DIGITS, TelephoneEvents } from "./telephone-event.ts";

const EVENTS = 101;
const AUDIO = 111;
const START = 0xffff_f000;

/** A sender at the clock of Opus whose packets are kept. */
function open(clockRate = 48_000, telephoneEvent: OutboundEvents | "none" = events(clockRate)) {
  const packets: RtpPacket[] = [];
  const link = { up: true };
  const sender = new AudioSender({
    encoder: {
      sampleRate: 8_000,
      frameSamples: 160,
      clockRate: 48_000,
      encode: () => Uint8Array.of(1),
      close: () => {},
    },
    payloadType: AUDIO,
    telephoneEvent: telephoneEvent === "none" ? undefined : telephoneEvent,
    ssrc: 77,
    firstSequence: 65_530,
    firstTimestamp: START,
    send: (data) => {
      if (link.up) packets.push(parseRtp(data) as RtpPacket);
      return link.up;
    },
  });
  return { sender, packets, link, read: () => readEvents(packets, EVENTS, clockRate) };
}

const events = (clockRate: number): OutboundEvents => ({ payloadType: EVENTS, clockRate, digits: EVENT_DIGITS });
const frame = new Int16Array(160);
const at = ({ timestamp }: RtpPacket): number => timestampDelta(timestamp, START);

/** A key that is held for 60 ms, from `now` on. */
function press(sender: AudioSender, digit: DtmfPress["digit"], now: number): void {
  for (let i = 0; i < 3; i++) sender.sendDtmf({ digit, begins: i === 0, ends: i === 2 }, now + i * 20);
}

describe("keys that are pressed on the track", () => {
  it("have one timestamp, a growing duration, a marker at first and three ends, between the audio's packets", () => {
    const { sender, packets } = open();
    sender.send(frame, 0);
    press(sender, "#", 20);
    for (const now of [80, 100, 120]) sender.send(frame, now);
    const told = packets.map((p) =>
      p.payloadType === EVENTS
        ? [
            p.marker,
            at(p),
            p.payload[0],
            (p.payload[1] as number) >> 7,
            ((p.payload[2] as number) << 8) | (p.payload[3] as number),
          ]
        : [p.marker, at(p)],
    );
    expect(told).toEqual([
      [true, 0],
      [true, 960, 11, 0, 960],
      [false, 960, 11, 0, 1920],
      [false, 960, 11, 1, 2880],
      [false, 960, 11, 1, 2880],
      [false, 3840],
      [false, 960, 11, 1, 2880],
      [false, 4800],
      [false, 5760],
    ]);
    expect(packets.map((p) => p.sequence)).toEqual([65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 0, 1, 2]);
    // A level of -10 dBm0, and the reserved bit is 0.
    expect(packets.filter((p) => p.payloadType === EVENTS).every((p) => ((p.payload[1] as number) & 0x7f) === 10)).toBe(
      true,
    );
    expect(packets.every((p) => p.ssrc === 77)).toBe(true);
  });

  it("count their duration in the clock they were agreed on, and stand on the track's", () => {
    const { sender, read, packets } = open(8_000);
    sender.send(frame, 0);
    press(sender, "5", 20);
    expect(read()).toMatchObject([{ digit: "5", duration: 480, ends: 1 }]);
    expect(at(packets[1] as RtpPacket)).toBe(960);
  });

  it("end when they are cut off, whether audio follows or nothing", () => {
    const { sender, read, packets } = open();
    sender.sendDtmf({ digit: "1", begins: true, ends: false }, 0);
    sender.send(frame, 20);
    expect(packets.map((p) => p.payloadType)).toEqual([EVENTS, EVENTS, AUDIO]);
    for (const now of [40, 60]) sender.send(frame, now);
    sender.sendDtmf({ digit: "2", begins: true, ends: false }, 80);
    for (let now = 100; now < 1_000; now += 20) sender.idle(now);
    expect(read()).toMatchObject([
      { digit: "1", duration: 960, ends: 3 },
      { digit: "2", duration: 960, ends: 3 },
    ]);
    // Then nothing is sent any more.
    const { length } = packets;
    sender.idle(2_000);
    expect(packets).toHaveLength(length);
  });

  it("are two when one follows the other, and longer where the sender was late", () => {
    const { sender, read } = open();
    press(sender, "7", 0);
    press(sender, "7", 60);
    sender.sendDtmf({ digit: "7", begins: true, ends: false }, 120);
    sender.sendDtmf({ digit: "7", begins: false, ends: true }, 340);
    expect(read()).toMatchObject([
      { digit: "7", duration: 2880, ends: 3 },
      { digit: "7", duration: 2880, ends: 3 },
      { digit: "7", duration: 240 * 48, ends: 1 },
    ]);
  });

  it.each([
    [120, 8_640],
    [2_000, 960],
  ])("are told once when the sender is held up amid one, for %i ms", (ms, duration) => {
    const { sender, read } = open();
    sender.sendDtmf({ digit: "1", begins: true, ends: false }, 0);
    // Timers that are late come at once.
    for (let now = ms; now < ms + 80; now += 20) sender.idle(now);
    sender.sendDtmf({ digit: "1", begins: false, ends: false }, ms + 20);
    sender.sendDtmf({ digit: "1", begins: false, ends: true }, ms + 40);
    for (const now of [60, 80, 100]) sender.send(frame, ms + now);
    sender.sendDtmf({ digit: "1", begins: true, ends: true }, ms + 120);
    expect(read()).toMatchObject([
      { digit: "1", duration, ends: 3, markers: 1 },
      { digit: "1", duration: 960, ends: 1, markers: 1 },
    ]);
  });

  it("change nothing where the link refuses them", () => {
    const { sender, link, packets } = open();
    link.up = false;
    expect(sender.sendDtmf({ digit: "1", begins: true, ends: false }, 0)).toBe(false);
    link.up = true;
    expect(sender.sendDtmf({ digit: "1", begins: true, ends: false }, 20)).toBe(true);
    link.up = false;
    expect(sender.sendDtmf({ digit: "1", begins: false, ends: true }, 40)).toBe(false);
    expect(sender.send(frame, 40)).toBe(false);
    link.up = true;
    expect(sender.sendDtmf({ digit: "1", begins: false, ends: true }, 40)).toBe(true);
    expect(packets.map((p) => [p.sequence, at(p), p.marker])).toEqual([
      [65_530, 0, true],
      [65_531, 0, false],
    ]);
  });

  it("are sent to nobody who did not agree to them", () => {
    const { sender, packets } = open(48_000, "none");
    press(sender, "1", 0);
    expect(packets).toEqual([]);
  });

  it("are well formed in any order of keys, audio, pauses, stalls and refusals", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed);
      const { sender, packets, link, read } = open(random() < 0.5 ? 48_000 : 8_000);
      let now = 0;
      for (let step = 0; step < 60; step++) {
        link.up = random() > 0.1;
        const what = random();
        const digit = EVENT_DIGITS[Math.floor(random() * 16)] as DtmfPress["digit"];
        if (what < 0.5)
          sender.sendDtmf({ digit: random() < 0.7 ? "4" : digit, begins: random() < 0.2, ends: random() < 0.3 }, now);
        else if (what < 0.7) sender.send(frame, now);
        now += random() < 0.1 ? random() * 400 : 20;
        if (random() < 0.5) sender.idle(now);
      }
      link.up = true;
      for (let i = 1; i <= 20; i++) sender.idle(now + i * 20);
      const where = `seed ${seed}`;
      expect(
        packets.map((p) => p.sequence),
        where,
      ).toEqual(packets.map((_, i) => (65_530 + i) & 0xffff));
      const told = read();
      for (const event of told) {
        expect([event.markers, event.markedFirst, event.grows], where).toEqual([1, true, true]);
        // However often the link refused one.
        expect(event.ends, where).toBe(3);
        // Durations at 8 kHz are rounded.
        const until = Math.floor(event.timestamp + event.durationMs * 48 - 3);
        // No audio of the same time, and no other key.
        for (const audio of packets.filter((p) => p.payloadType === AUDIO))
          expect(
            at(audio) <= timestampDelta(event.timestamp, START) - 960 || at(audio) >= timestampDelta(until, START),
            where,
          ).toBe(true);
      }
      // What is read of them is what the other end of this transport reads.
      const receiver = new TelephoneEvents();
      const heard = packets.filter((p) => p.payloadType === EVENTS).flatMap((p) => receiver.receive(p) ?? []);
      expect(heard, where).toEqual(told.map(({ digit }) => digit));
    }
  });
});
