import { opus } from "@roomkit/codec-opus";
import { type AudioFrame, rms } from "@roomkit/core";
import { seededRandom, speechLike } from "@roomkit/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { AudioReceiver } from "./audio-receiver.ts";
import { type FrameDecoder, opusFrames } from "./frame-decoder.ts";
import { writeRtp } from "./rtp.ts";

/** Wideband, 20 ms, one frame, no data: what libopus makes of silence. */
const DTX = Buffer.of(0x48);
const COMFORT_NOISE = 13;

let speech: Uint8Array[];
beforeAll(async () => {
  const encoder = await opus().createEncoder({ sampleRate: 16_000 });
  const voice = speechLike(16_000, 2_000, 6_000);
  speech = Array.from({ length: 100 }, (_, i) =>
    Uint8Array.from(encoder.encode(voice.subarray(i * 320, (i + 1) * 320)) ?? []),
  );
  encoder.close();
});

/** A packet and when it was made, in units of 20 ms. */
interface Sent {
  readonly at: number;
  readonly payload: Uint8Array;
  readonly payloadType?: number;
}

/** A receiver with a clock that goes on in steps of 20 ms. */
async function line() {
  const frames: AudioFrame[] = [];
  const drops: string[] = [];
  const work = { decoded: 0, madeUp: 0 };
  const opened = opusFrames(await opus().createDecoder({ sampleRate: 16_000 }));
  const decoder: FrameDecoder = {
    ...opened,
    decode: (payload) => {
      work.decoded++;
      return opened.decode(payload);
    },
    conceal: (ms) => {
      work.madeUp++;
      return opened.conceal(ms);
    },
    recover: (next, ms) => {
      work.madeUp++;
      return opened.recover(next, ms);
    },
  };
  const receiver = new AudioReceiver({
    decoder,
    payloadTypes: { audio: 111 },
    onFrame: (frame) => frames.push(frame),
    onDigit() {},
    admit: () => true,
    onDrop: (reason) => drops.push(reason),
  });
  let sequence = 65_500;
  const out = {
    frames,
    drops,
    work,
    receiver,
    /** Ms of the line so far. */
    ms: () => frames.reduce((sum, { samples }) => sum + samples.length / 16, 0),
    /** How loud it is between two times, ms. */
    loud: (from: number, to: number) =>
      rms(Int16Array.from(frames.flatMap(({ samples }) => [...samples])).subarray(from * 16, to * 16)),
    unbroken: () => {
      let at = 0;
      return frames.every(({ timestamp, samples }) => {
        const right = Math.abs(timestamp - at) < 1e-6;
        at += samples.length / 16;
        return right;
      });
    },
    packet: ({ at, payload, payloadType = 111 }: Sent) =>
      writeRtp({
        marker: false,
        payloadType,
        sequence: sequence++ & 0xffff,
        timestamp: (0xffff_f000 + at * 960) >>> 0,
        ssrc: 1,
        payload,
      }),
    /** Sends what is made at each time, loses what is named, and lets time pass; `from` and `to` in units of 20 ms. */
    pass(from: number, to: number, sent: (at: number) => Omit<Sent, "at"> | undefined, lost: readonly number[] = []) {
      for (let at = from; at < to; at++) {
        const made = sent(at);
        const packet = made && out.packet({ at, ...made });
        if (packet && !lost.includes(at)) receiver.receive(packet, at * 20);
        receiver.tick(at * 20 + 10);
      }
    },
  };
  return out;
}

const talk = (at: number): Omit<Sent, "at"> => ({ payload: speech[at % 100] as Uint8Array });
/** As browsers send it: once, again every 400 ms, and nothing between. */
const dtx = (at: number): Omit<Sent, "at"> | undefined => (at % 20 === 0 ? { payload: DTX } : undefined);

describe("a sender that leaves silence out", () => {
  it("is silent at once, by the clock and not by the next packet, and no packet of it is decoded", async () => {
    const { pass, ms, work, loud, unbroken, frames, receiver } = await line();
    pass(0, 40, talk);
    pass(40, 140, dtx);
    expect(work).toEqual({ decoded: 40, madeUp: 0 });
    // Somebody who waits for 500 ms of silence has heard them 500 ms later, and not when the next packet comes.
    expect(ms()).toBeGreaterThanOrEqual(2_800 - 80);
    expect(ms()).toBeLessThanOrEqual(2_820);
    expect(loud(800, 2_800)).toBe(0);
    pass(140, 180, talk);
    expect(work).toEqual({ decoded: 80, madeUp: 0 });
    expect(ms()).toBe(3_600);
    expect(loud(2_800, 3_600)).toBeGreaterThan(300);
    expect(unbroken()).toBe(true);
    expect(frames.every(({ samples }) => samples.length > 0)).toBe(true);
    receiver.close();
  });

  it("is heard to have fallen silent 80 ms after it did", async () => {
    const { pass, ms, receiver } = await line();
    pass(0, 40, talk);
    for (let at = 40; at < 60; at++) {
      pass(at, at + 1, dtx);
      expect(ms()).toBeGreaterThanOrEqual(at * 20 - 60);
    }
    receiver.close();
  });

  it("that sends a packet of nothing all the time costs no decoding either", async () => {
    const { pass, ms, work, receiver } = await line();
    pass(0, 10, talk);
    pass(10, 110, () => ({ payload: DTX }));
    pass(110, 120, talk);
    expect(work).toEqual({ decoded: 20, madeUp: 0 });
    expect(ms()).toBe(2_400);
    receiver.close();
  });

  it("whose packets in silence are lost is silent, and nothing is made up of the words before", async () => {
    const { pass, ms, work, loud, receiver } = await line();
    pass(0, 40, talk);
    pass(40, 140, dtx, [60, 100]);
    expect(work.madeUp).toBe(0);
    pass(140, 180, talk);
    expect(loud(820, 2_780)).toBe(0);
    expect(ms()).toBe(3_600);
    receiver.close();
  });

  it("whose first words are lost has them recovered where they were, with silence before", async () => {
    const { pass, ms, work, loud, receiver } = await line();
    pass(0, 40, talk);
    pass(40, 80, dtx);
    pass(80, 120, talk, [80]);
    expect(work.madeUp).toBe(1);
    expect(loud(840, 1_580)).toBe(0);
    expect(ms()).toBe(2_400);
    receiver.close();
  });

  it("whose word of it was lost is silent all the same, after 400 ms", async () => {
    const { pass, ms, work, loud, receiver } = await line();
    pass(0, 40, talk);
    pass(40, 60, dtx, [40]);
    expect(ms()).toBe(800);
    pass(60, 80, () => undefined);
    expect(ms()).toBeGreaterThan(1_100);
    expect(work.madeUp).toBe(0);
    expect(loud(800, 1_100)).toBe(0);
    receiver.close();
  });

  it("may say so by comfort noise", async () => {
    const { pass, ms, work, loud, receiver } = await line();
    pass(0, 40, talk);
    pass(40, 41, () => ({ payload: Buffer.of(60), payloadType: COMFORT_NOISE }));
    pass(41, 60, () => undefined);
    expect(ms()).toBeGreaterThanOrEqual(1_200 - 80);
    expect(loud(800, 1_100)).toBe(0);
    expect(work).toEqual({ decoded: 40, madeUp: 0 });
    receiver.close();
  });
});

it.each([
  ["one frame of 20 ms and a byte", 1, [0x78, 0]],
  ["two frames of 20 ms", 2, [0x79]],
  ["two frames of 20 ms, told apart", 2, [0x7a, 0]],
  ["three frames of 20 ms", 3, [0x7b, 3]],
  ["one frame of 60 ms", 3, [0x38]],
  ["six frames of 20 ms", 6, [0x7b, 6]],
])(
  "silence in packets of %s is silence: nothing of it is decoded, and it is over at once",
  async (_what, each, bytes) => {
    const { pass, ms, work, loud, receiver } = await line();
    const silence = (at: number) => ((at - 40) % each === 0 ? { payload: Uint8Array.from(bytes) } : undefined);
    pass(0, 40, talk);
    pass(40, 100, silence);
    expect(ms()).toBe(2_000);
    pass(100, 106, () => undefined);
    expect(ms()).toBeGreaterThanOrEqual(2_120 - 80);
    pass(106, 140, talk);
    expect(work).toEqual({ decoded: 74, madeUp: 0 });
    expect(loud(820, 2_100)).toBe(0);
    expect(ms()).toBe(2_800);
    receiver.close();
  },
);

it.each([
  ["two frames of one byte", [0x79, 0]],
  ["no count", [0x7b]],
  ["a count of none", [0x7b, 0]],
  ["a count of more than 120 ms", [0x7b, 7]],
  ["a count, and padding that is not there", [0x7b, 0x43]],
])("a packet of %s is no silence but rubbish", async (_what, bytes) => {
  const { pass, drops, receiver } = await line();
  pass(0, 10, talk);
  pass(10, 11, () => ({ payload: Uint8Array.from(bytes) }));
  expect(drops).toEqual(["audio_malformed"]);
  receiver.close();
});

describe("comfort noise that comes at another time than its own", () => {
  const noise = { payload: Buffer.of(60), payloadType: COMFORT_NOISE };

  it("before the last words: they are heard, and then it is silent as fast as ever", async () => {
    const { pass, packet, ms, loud, receiver } = await line();
    pass(0, 39, talk);
    const word = packet({ at: 39, ...talk(39) });
    receiver.receive(packet({ at: 40, ...noise }), 39 * 20);
    receiver.receive(word, 39 * 20 + 5);
    pass(40, 60, () => undefined);
    expect(ms()).toBeGreaterThanOrEqual(1_200 - 80);
    expect(loud(780, 800)).toBeGreaterThan(100);
    receiver.close();
  });

  it.each([
    ["late", 5],
    ["twice", 4],
  ])("%s, when somebody speaks again: words that are late are waited for, and lost ones made up", async (_when, at) => {
    const { pass, packet, ms, work, receiver } = await line();
    pass(0, 4, talk);
    const late = packet({ at: 4, ...noise });
    if (at === 4) receiver.receive(late, 80);
    pass(at, 40, talk);
    receiver.receive(late, 800);
    // The network holds 200 ms of words up.
    pass(40, 50, () => undefined);
    expect(ms()).toBe(800);
    for (let i = 40; i < 50; i++) receiver.receive(packet({ at: i, ...talk(i) }), 1_000);
    expect(ms()).toBe(1_000);
    receiver.receive(late, 1_001);
    pass(50, 60, talk, [50]);
    expect(work.madeUp).toBeGreaterThan(0);
    receiver.close();
  });
});

it("a sender that never leaves silence out is heard as it is, and waited for when it is late", async () => {
  const { pass, ms, work, receiver } = await line();
  const encoder = await opus().createEncoder({ sampleRate: 16_000 });
  const silent = Array.from({ length: 50 }, () => Uint8Array.from(encoder.encode(new Int16Array(320)) ?? []));
  encoder.close();
  pass(0, 40, talk);
  pass(40, 90, (at) => ({ payload: silent[at - 40] as Uint8Array }));
  expect(work).toEqual({ decoded: 90, madeUp: 0 });
  pass(90, 105, () => undefined);
  expect(ms()).toBe(1_800);
  receiver.close();
});

it.each([
  ["speaks", talk],
  ["falls silent and says so", (at: number) => (at < 60 ? talk(at) : dtx(at))],
])(
  "a caller who %s while the event loop stands still for 2 s is heard in whole, and no later afterwards",
  async (_, sent) => {
    const { pass, packet, ms, work, unbroken, receiver } = await line();
    pass(0, 50, sent);
    // What came meanwhile waits in the kernel; timers run before it is read.
    receiver.tick(3_000);
    for (let at = 50; at < 150; at++) {
      const made = sent(at);
      if (made) receiver.receive(packet({ at, ...made }), 3_001);
    }
    pass(150, 155, sent);
    expect(ms()).toBeGreaterThanOrEqual(3_100 - 80);
    expect(ms()).toBeLessThanOrEqual(3_100);
    pass(155, 250, sent);
    expect(ms()).toBeGreaterThanOrEqual(5_000 - 80);
    expect(ms()).toBeLessThanOrEqual(5_000);
    expect(work.madeUp).toBe(0);
    expect(unbroken()).toBe(true);
    receiver.close();
  },
);

it("whatever comes, and is lost, late or out of order: the line is unbroken and near the clock, and only words are decoded", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const { packet, receiver, ms, unbroken, work } = await line();
    const arrivals: { readonly data: Uint8Array; readonly at: number }[] = [];
    let [talking, words] = [true, 0];
    const usesDtx = seed % 3 !== 0;
    for (let at = 0; at < 500; at++) {
      if (random() < 0.02) talking = !talking;
      const made = talking ? talk(at) : usesDtx ? dtx(at) : { payload: DTX };
      if (!made) continue;
      const data = packet({ at, ...made });
      if (random() < 0.05) continue;
      if (talking) words++;
      const lateMs = random() < 0.1 ? random() * 50 : random() * 5;
      arrivals.push({ data, at: at * 20 + lateMs });
    }
    arrivals.sort((a, b) => a.at - b.at);
    for (let now = 0; now < 10_000; now += 20) {
      for (let next = arrivals[0]; next && next.at < now; next = arrivals[0]) {
        receiver.receive(next.data, next.at);
        arrivals.shift();
      }
      receiver.tick(now);
      if (now < 1_000) continue;
      expect(ms(), `seed ${seed} at ${now}`).toBeGreaterThan(now - 600);
      expect(ms(), `seed ${seed} at ${now}`).toBeLessThan(now + 200);
    }
    expect(unbroken()).toBe(true);
    expect(work.decoded).toBeLessThanOrEqual(words);
    expect(work.decoded).toBeGreaterThan(words * 0.9);
    receiver.close();
  }
});
