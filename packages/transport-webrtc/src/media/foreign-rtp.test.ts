import type { AudioFrame } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { AudioReceiver } from "./audio-receiver.ts";
import type { FrameDecoder } from "./frame-decoder.ts";
import { writeRtp } from "./rtp.ts";

const [AUDIO, RED, EVENT, NOISE] = [0, 63, 101, 13];
const MADE_UP = -1;

/** 20 ms at 8 kHz whose samples all are the number the packet carries, so that a frame says which packet it is. */
const decoder = (): FrameDecoder => {
  const made = (ms: number): Int16Array => new Int16Array(ms * 8).fill(MADE_UP);
  return {
    sampleRate: 8_000,
    clockRate: 8_000,
    silenceOf: () => undefined,
    decode: (payload) => new Int16Array(160).fill(((payload[0] as number) << 8) | (payload[1] as number)),
    recover: (_next, ms) => made(ms),
    conceal: made,
    close: () => {},
  };
};
const sound = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 0xff);

interface Sent {
  readonly ssrc?: number;
  readonly sequence: number;
  /** Of 20 ms. */
  readonly frame?: number;
  readonly timestamp?: number;
  readonly payloadType?: number;
  readonly payload?: Uint8Array;
  readonly marker?: boolean;
}

/** A packet; by default of source 1, whose sound is its frame's number. */
function packet({ ssrc = 1, sequence, frame = sequence, payloadType = AUDIO, ...rest }: Sent): Uint8Array {
  const { timestamp = frame * 160, payload = sound(frame & 0x7fff), marker = false } = rest;
  return writeRtp({ marker, payloadType, sequence: sequence & 0xffff, timestamp: timestamp >>> 0, ssrc, payload });
}
const padding = (sent: Sent): Uint8Array => {
  const data = new Uint8Array([...packet({ ...sent, payload: new Uint8Array(0) }), 0, 0, 0, 4]);
  data[0] = 0xa0;
  return data;
};
const noise = (sent: Sent): Uint8Array => packet({ ...sent, payloadType: NOISE, payload: Uint8Array.of(60) });
const tone = (sent: Sent & { digit: number; ended?: boolean; duration?: number }): Uint8Array => {
  const { digit, ended = false, duration = 160 } = sent;
  const payload = Uint8Array.of(digit, (ended ? 0x80 : 0) | 10, duration >> 8, duration & 0xff);
  return packet({ payloadType: EVENT, ...sent, payload });
};

function receiver() {
  const frames: AudioFrame[] = [];
  const digits: string[] = [];
  const drops: string[] = [];
  const made = new AudioReceiver({
    decoder: decoder(),
    payloadTypes: { audio: AUDIO, red: RED, telephoneEvent: EVENT },
    onFrame: (frame) => frames.push(frame),
    onDigit: (digit) => digits.push(digit),
    admit: () => true,
    onDrop: (reason) => drops.push(reason),
  });
  /** The numbers heard, in order; silence and what was made up left out. */
  const heard = (): number[] => frames.map((f) => f.samples[0] as number).filter((n) => n > 0);
  const ms = (): number => frames.reduce((sum, f) => sum + f.samples.length / 8, 0);
  const continuous = (): boolean => {
    let at = 0;
    return frames.every((f) => {
      const right = Math.abs(f.timestamp - at) < 1e-6;
      at += f.samples.length / 8;
      return right;
    });
  };
  return { receiver: made, frames, digits, drops, heard, ms, continuous };
}
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe("a new source (SSRC)", () => {
  it.each([
    ["lower", 50_000, 4_000_000_000, 3, 900],
    ["far higher", 3, 900, 50_000, 4_000_000_000],
    ["a little lower", 1_000, 100_000, 990, 99_000],
    ["the same", 1_000, 100_000, 1_000, 100_000],
    ["just before both wrap", 7, 7, 65_530, 0xffff_fc00],
  ])("begins anew at once when its numbers are %s", (_, sequence, timestamp, newSequence, newTimestamp) => {
    const { receiver: r, heard, continuous, frames } = receiver();
    for (let i = 0; i < 20; i++)
      r.receive(packet({ sequence: sequence + i, timestamp: timestamp + i * 160, payload: sound(100 + i) }), i * 20);
    for (let i = 0; i < 20; i++) {
      const sent = { ssrc: 2, sequence: newSequence + i, timestamp: newTimestamp + i * 160, payload: sound(200 + i) };
      r.receive(packet(sent), 400 + i * 20);
      expect(heard().at(-1)).toBe(200 + i);
    }
    expect(heard()).toEqual([...range(100, 20), ...range(200, 20)]);
    expect(r.stats).toMatchObject({ lost: 0, late: 0, concealedMs: 0, received: 40 });
    expect(frames.length).toBe(40);
    expect(continuous()).toBe(true);
  });

  it("lets out what of the old one was waiting, and does not go back for its stragglers", () => {
    const { receiver: r, heard, drops } = receiver();
    for (const n of [1, 2, 4]) r.receive(packet({ sequence: n }), n * 20);
    r.receive(packet({ ssrc: 2, sequence: 900, payload: sound(900) }), 100);
    for (const [i, n] of [3, 5, 6, 7, 8].entries()) {
      r.receive(packet({ sequence: n }), 110 + i * 20);
      r.receive(packet({ ssrc: 2, sequence: 901 + i }), 120 + i * 20);
    }
    expect(heard()).toEqual([1, 2, 4, ...range(900, 6)]);
    expect(drops).toEqual(Array(5).fill("rtp_other_source"));
    expect(r.stats).toMatchObject({ lost: 1, late: 0 });
  });

  it("gives way when the old one comes back and it has gone silent", () => {
    const { receiver: r, heard } = receiver();
    for (const n of range(1, 10)) r.receive(packet({ sequence: n }), n * 20);
    for (const n of range(500, 10)) r.receive(packet({ ssrc: 2, sequence: n }), n * 20 - 9_780);
    for (const n of range(11, 20)) r.receive(packet({ sequence: n }), 180 + n * 20);
    const back = heard().slice(20);
    expect(heard().slice(0, 20)).toEqual([...range(1, 10), ...range(500, 10)]);
    expect(back.length).toBeGreaterThanOrEqual(15);
    expect(back).toEqual(range(31 - back.length, back.length));
    // Also one that then begins lower than it was: nothing else is there to hear.
    for (const n of range(900, 10)) r.receive(packet({ ssrc: 2, sequence: n }), 2_000 + n * 20);
    for (const n of range(1, 10)) r.receive(packet({ sequence: n }), 25_000 + n * 20);
    expect(heard().at(-1)).toBe(10);
  });

  it("is heard alone for as long as it sends when two send in turn", () => {
    const { receiver: r, heard } = receiver();
    for (let i = 0; i < 50; i++) {
      r.receive(packet({ sequence: 1 + i }), i * 20);
      r.receive(packet({ ssrc: 2, sequence: 1_001 + i }), i * 20 + 1);
    }
    expect(heard()).toEqual([1, ...range(1_001, 50)]);
  });

  it("takes no other time than it took on the clock", () => {
    const { receiver: r, ms, continuous } = receiver();
    for (const n of range(0, 10)) r.receive(packet({ sequence: n + 100 }), n * 20);
    r.receive(packet({ ssrc: 2, sequence: 5 }), 500);
    expect(ms()).toBe(520);
    expect(continuous()).toBe(true);
  });

  it("is none when it brings no audio: RTX, FEC, probes, tones and noise have sources of their own", () => {
    const { receiver: r, heard, digits } = receiver();
    for (let i = 0; i < 20; i++) {
      r.receive(packet({ sequence: 300 + i }), i * 20);
      r.receive(packet({ ssrc: 9, sequence: i, payloadType: 97 }), i * 20);
      r.receive(padding({ ssrc: 10, sequence: i }), i * 20);
      r.receive(tone({ ssrc: 11, sequence: i, timestamp: 5, digit: 7 }), i * 20);
      r.receive(noise({ ssrc: 12, sequence: i }), i * 20);
    }
    expect(heard()).toEqual(range(300, 20));
    expect(digits).toEqual(["7"]);
    expect(r.stats.lost).toBe(0);
  });

  it("costs no more memory and gives no more sound than it brings when each packet has another", () => {
    const { receiver: r, heard, continuous } = receiver();
    for (let i = 1; i <= 2_000; i++)
      r.receive(packet({ ssrc: i, sequence: (i * 7_919) & 0xffff, payload: sound(i) }), i * 20);
    expect(heard()).toEqual(range(1, 2_000));
    expect(continuous()).toBe(true);
    const held = JSON.stringify(r, (_, value: unknown) => (value instanceof Map ? [...value] : value)).length;
    expect(held).toBeLessThan(10_000);
  });
});

describe("what is no audio and has a sequence number", () => {
  const kinds: readonly (readonly [string, (sequence: number) => Uint8Array])[] = [
    ["padding", (sequence) => padding({ sequence, frame: 2 })],
    ["an empty packet", (sequence) => packet({ sequence, payload: new Uint8Array(0) })],
    ["a touch tone", (sequence) => tone({ sequence, digit: 5, timestamp: 320 })],
    ["comfort noise", (sequence) => noise({ sequence, frame: 3 })],
    ["a payload type nobody agreed on", (sequence) => packet({ sequence, payloadType: 96 })],
    ["RED that is malformed", (sequence) => packet({ sequence, payloadType: RED, payload: Uint8Array.of(0xef, 1) })],
    [
      "RED with a tone",
      (sequence) =>
        packet({ sequence, payloadType: RED, payload: Uint8Array.of(EVENT, 5, 10, 0, 160), timestamp: 320 }),
    ],
    ["RED with nothing", (sequence) => packet({ sequence, payloadType: RED, payload: Uint8Array.of(AUDIO) })],
  ];

  it.each(kinds)("%s keeps nothing waiting and is not lost", (_, make) => {
    const { receiver: r, heard, digits, ms } = receiver();
    for (const n of [1, 2]) r.receive(packet({ sequence: n }), n * 20);
    for (const n of [3, 4, 5]) r.receive(make(n), 60);
    for (const n of [6, 7, 8]) {
      r.receive(packet({ sequence: n, frame: n - 3 }), (n - 3) * 20);
      expect(heard().at(-1)).toBe(n - 3);
    }
    expect(r.stats).toMatchObject({ lost: 0, concealedMs: 0, received: 5, reordered: 0 });
    expect(ms()).toBe(100);
    expect(digits.length).toBeLessThanOrEqual(1);
  });

  it.each(kinds)("%s that is overtaken keeps audio waiting only until it comes", (_, make) => {
    const { receiver: r, heard } = receiver();
    r.receive(packet({ sequence: 1 }), 20);
    r.receive(packet({ sequence: 3, frame: 2 }), 40);
    expect(heard()).toEqual([1]);
    r.receive(make(2), 45);
    expect(heard()).toEqual([1, 2]);
    expect(r.stats.lost).toBe(0);
  });

  it.each(kinds)("%s does not hide what was lost beside it", (_, make) => {
    const { receiver: r, frames, continuous } = receiver();
    r.receive(packet({ sequence: 1 }), 20);
    r.receive(make(3), 60);
    r.receive(packet({ sequence: 4, frame: 3 }), 60);
    for (const now of [125, 145]) r.tick(now);
    expect(frames.map((f) => [f.samples[0], f.samples.length])).toEqual([
      [1, 160],
      [MADE_UP, 160],
      [3, 160],
    ]);
    expect(r.stats).toMatchObject({ lost: 1, concealedMs: 20 });
    expect(continuous()).toBe(true);
  });

  it("makes silence of comfort noise, by its timestamps and by the clock", () => {
    const { receiver: r, ms, heard, frames } = receiver();
    r.receive(packet({ sequence: 1, frame: 0, payload: sound(1) }), 0);
    for (let i = 0; i < 10; i++) {
      r.receive(noise({ sequence: 2 + i, frame: 1 + i * 10 }), 20 + i * 200);
      for (let t = 0; t < 200; t += 20) r.tick(20 + i * 200 + t);
    }
    r.receive(packet({ sequence: 12, frame: 101, payload: sound(2) }), 2_020);
    expect(heard()).toEqual([1, 2]);
    expect(ms()).toBe(2_040);
    expect(frames.every((f) => f.samples[0] !== MADE_UP)).toBe(true);
    expect(r.stats).toMatchObject({ lost: 0, concealedMs: 0, received: 2 });
  });

  it("reads packets with extensions, sources and padding", () => {
    const { receiver: r, heard, drops } = receiver();
    const plain = packet({ sequence: 7 });
    const csrc = new Uint8Array([...plain.subarray(0, 12), ...new Array(8).fill(1), ...plain.subarray(12)]);
    csrc[0] = 0x82;
    const next = packet({ sequence: 8 });
    const extended = new Uint8Array([
      ...next.subarray(0, 12),
      0xbe,
      0xde,
      0,
      1,
      0x10,
      0xff,
      0,
      0,
      ...next.subarray(12),
      0,
      0,
      3,
    ]);
    extended[0] = 0xb0;
    for (const data of [csrc, extended]) r.receive(data, 0);
    expect(heard()).toEqual([7, 8]);
    expect(drops).toEqual([]);
  });

  it("plays no copy twice where RED cannot say which packet it is of", () => {
    const { receiver: r, heard } = receiver();
    const red = (sequence: number, frame: number, before: number): Uint8Array =>
      packet({
        sequence,
        frame,
        payloadType: RED,
        payload: Uint8Array.of(0x80 | AUDIO, 160 >> 6, (160 & 0x3f) << 2, 2, AUDIO, ...sound(before), ...sound(frame)),
      });
    r.receive(red(1, 1, 500), 20);
    r.receive(red(2, 2, 1), 40);
    // 3 was padding, and is lost: the copy in 4 is of 2.
    r.receive(red(4, 3, 2), 60);
    r.receive(red(5, 4, 3), 80);
    r.tick(200);
    expect(heard()).toEqual([1, 2, 3, 4]);
  });
});

describe("touch tones", () => {
  it("are told when a new source counts from below", () => {
    const { receiver: r, digits } = receiver();
    for (let i = 0; i < 6; i++) r.receive(tone({ sequence: i, timestamp: 3_000_000_000, digit: 1, ended: i > 2 }), i);
    for (let i = 0; i < 6; i++) r.receive(tone({ ssrc: 2, sequence: i, timestamp: 160, digit: 2, ended: i > 2 }), i);
    // Stragglers of the source before.
    r.receive(tone({ sequence: 6, timestamp: 3_000_000_000, digit: 1, ended: true }), 9);
    expect(digits).toEqual(["1", "2"]);
  });

  it("are told once when the key is held so long that another segment begins", () => {
    const { receiver: r, digits } = receiver();
    const segments = [0, 0xffff, 2 * 0xffff].map((start) => start + 4_000_000_000);
    segments.forEach((timestamp, i) => {
      for (let k = 0; k < 4; k++)
        r.receive(
          tone({
            sequence: i * 4 + k,
            timestamp,
            digit: 3,
            marker: i + k === 0,
            ended: i === 2 && k > 1,
            duration: 0xffff,
          }),
          i,
        );
    });
    r.receive(tone({ sequence: 12, timestamp: 4_000_000_000 + 3 * 0xffff, digit: 3, marker: true }), 20);
    expect(digits).toEqual(["3", "3"]);
  });

  it("are told by whichever of their packets comes", () => {
    const { receiver: r, digits } = receiver();
    r.receive(tone({ sequence: 1, timestamp: 160, digit: 4, ended: true }), 0);
    r.receive(tone({ sequence: 9, timestamp: 4_000, digit: 4 }), 0);
    r.receive(tone({ sequence: 8, timestamp: 2_000, digit: 8 }), 0);
    expect(digits).toEqual(["4", "4"]);
  });
});

describe("any order of packets", () => {
  it.each(range(1, 150))("keeps the line whole and nothing twice (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const [loss, jitter, double] = [0.2 * random() * (seed % 3), 80 * random() * (seed % 2), 0.1 * random()];
    const arrivals: { at: number; data: Uint8Array }[] = [];
    let sounds = 0;
    const presses: string[] = [];
    let [ssrc, sequence, timestamp, n, now, sent, dropped] = [
      1,
      Math.floor(random() * 65_536),
      Math.floor(random() * 2 ** 32),
      0,
      0,
      0,
      0,
    ];
    const send = (make: (sequence: number, timestamp: number) => Uint8Array): boolean => {
      const data = make(sequence++ & 0xffff, timestamp);
      const lost = sent++ > 0 && random() < loss;
      if (lost) dropped++;
      else arrivals.push({ at: now + jitter * random(), data });
      if (!lost && random() < double) arrivals.push({ at: now + 20 + jitter * random(), data });
      return !lost;
    };
    for (let i = 0; i < 300; i++) {
      const dice = random();
      if (dice < 0.02) {
        // What a new source overtakes is not asked about here.
        now += 300;
        [ssrc, sequence, timestamp] = [ssrc + 1, Math.floor(random() * 65_536), Math.floor(random() * 2 ** 32)];
        sent = 0;
      } else if (dice < 0.08) send((s, t) => padding({ ssrc, sequence: s, timestamp: t }));
      else if (dice < 0.12) {
        send((s, t) => noise({ ssrc, sequence: s, timestamp: t }));
        const frames = Math.floor(random() * 20);
        timestamp += frames * 160;
        now += frames * 20;
      } else if (dice < 0.15 && sent > 0) {
        const digit = Math.floor(random() * 10);
        let came = false;
        for (let k = 0; k < 8; k++) {
          came =
            send((s, t) => tone({ ssrc, sequence: s, timestamp: t, digit, ended: k > 4, marker: k === 0 })) || came;
          now += 20;
        }
        timestamp += 18 * 160;
        if (came) presses.push(String(digit));
        now += 200;
      }
      n++;
      if (send((s, t) => packet({ ssrc, sequence: s, timestamp: t, payload: sound(n) }))) sounds++;
      timestamp += 160;
      now += 20;
    }
    const { receiver: r, heard, digits, continuous, ms } = receiver();
    arrivals.sort((a, b) => a.at - b.at);
    let clock = 0;
    for (const { at, data } of arrivals) {
      for (; clock + 20 <= at; clock += 20) r.tick(clock + 20);
      r.receive(data, at);
    }
    for (const end = clock + 400; clock < end; clock += 20) r.tick(clock + 20);
    const numbers = heard();
    expect(continuous()).toBe(true);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(digits).toEqual(presses);
    const { lost, late } = r.stats;
    expect(numbers.length + late).toBeGreaterThanOrEqual(sounds);
    if (jitter === 0) expect([numbers.length, lost <= dropped]).toEqual([sounds, true]);
    if (loss === 0 && jitter === 0) expect([lost, numbers.length]).toEqual([0, 300]);
    expect(ms()).toBeLessThanOrEqual(now + 200);
    expect(ms()).toBeGreaterThan(now - 900);
  });
});
