import { opus } from "@roomkit/codec-opus";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { COMFORT_NOISE, DTX, dtx, line, talk } from "./line.fixture.ts";

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
