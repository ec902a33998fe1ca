import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { PlayoutQueueOptions } from "./options.ts";
import { audio, format, type QueueRig, queueRig, samplesOf } from "./rig.fixture.ts";
import { delayMs, live, Source, steps, tone, words } from "./source.fixture.ts";

/** What may happen to somebody who speaks now, and to who listens. */
const events = {
  speaks: (_rig, source) => source.go(300),
  stalls: (_rig, source) => source.stall(900),
  "stalls long": (_rig, source) => source.stall(2_000),
  // What was held up on its way comes at once.
  "comes late": async (rig, source) => {
    await rig.clock.advance(900);
    for (let ms = 0; ms < 900; ms += 20) source.speak(20);
  },
  "is not read": async (rig, source) => {
    rig.willing = false;
    await source.go(900);
    rig.willing = true;
  },
  key: (rig, { utterance }) => rig.queue.play(utterance, { digit: "5", toneMs: 60, pauseMs: 60 }),
  "an answer": (rig) => {
    rig.queue.play("answer", audio(400, 1));
    rig.queue.endUtterance("answer");
  },
  leaves: (rig) => rig.queue.suspend(),
  "comes back": (rig) => rig.queue.resume(),
  "is silenced": (rig, source) => {
    rig.queue.clear();
    source.utterance += "+";
  },
  ends: (rig, source) => {
    rig.queue.endUtterance(source.utterance);
    source.utterance += "+";
  },
  ducks: (rig) => rig.queue.gain.set(-12),
  "is loud again": (rig) => rig.queue.gain.set(0),
} satisfies Record<string, (rig: QueueRig, source: Source) => unknown>;
type Event = keyof typeof events;

const orders: readonly (readonly Event[])[] = [
  ["stalls"],
  ["stalls long"],
  ["comes late"],
  ["is not read"],
  ["stalls", "stalls", "stalls"],
  ["stalls", "key"],
  ["key", "stalls"],
  ["key", "key", "stalls", "key"],
  ["stalls", "speaks", "key", "key"],
  ["an answer", "stalls"],
  ["stalls", "an answer"],
  ["stalls", "speaks", "an answer", "speaks"],
  ["leaves", "stalls", "comes back"],
  ["stalls", "leaves", "comes back"],
  ["stalls", "leaves", "speaks", "comes back"],
  ["stalls", "speaks", "leaves", "stalls long", "comes back"],
  ["leaves", "key", "stalls long", "comes back"],
  ["leaves", "an answer", "stalls long", "comes back"],
  ["stalls", "is silenced"],
  ["stalls", "speaks", "is silenced", "stalls"],
  ["is silenced", "stalls"],
  ["stalls", "ends"],
  ["stalls", "speaks", "ends"],
  ["ends", "stalls"],
  ["ducks", "stalls", "is loud again"],
  ["stalls", "ducks", "is not read", "is loud again"],
];
const reported = { playback: "reported", resumable: true, leadMs: 400 } as const;

describe("a live source, in other orders", () => {
  describe.each([20, 3, 50])("in pieces of %i ms", (pieceMs) => {
    it.each(orders.map((order) => [order.join(", "), order] as const))("%s", async (_name, order) => {
      for (const sound of [tone, words]) {
        for (const options of [{}, reported]) {
          const rig = queueRig(options);
          const source = new Source(rig, sound, pieceMs);
          await source.go(1_000);
          for (const event of order) await events[event](rig, source);
          // What is another utterance is whole, or is made shorter by itself.
          await source.go(order.includes("an answer") || order.includes("ends") ? 2_000 : 1_000);
          expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs + pieceMs);
          await source.go(2_000);
          expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
          rig.queue.endUtterance(source.utterance);
          await rig.clock.advance(6_000);
          expect(rig.queue.queuedMs).toBe(0);
          expect(rig.clock.pendingTimers).toBe(0);
        }
      }
    });
  });

  it.each([
    [["stalls", "speaks", "stalls long"]],
    [["comes late", "stalls"]],
    [["is not read", "speaks", "is not read"]],
    [["stalls", "ducks", "is not read", "speaks", "is loud again", "speaks"]],
    [["ducks", "is not read", "is loud again", "is not read", "ducks"]],
  ] satisfies [Event[]][])("has no click that was not in it: %j", async (order) => {
    const rig = queueRig();
    const source = new Source(rig, tone);
    await source.go(1_000);
    for (const event of order) await events[event](rig, source);
    await source.go(1_500);
    expect(steps(samplesOf(rig))).toBeLessThan(700);
  });

  it("two channels stay two", async () => {
    const stereo = { ...format, channels: 2 } as const;
    const rig = queueRig({ format: stereo });
    let at = 0;
    const speak = (ms: number): void => {
      const samples = Int16Array.from({ length: 32 * ms }, (_, i) => (i % 2 === 0 ? tone(at) : -tone(at++)));
      rig.queue.play("live", { samples, ...stereo, timestamp: 0 }, { live });
    };
    for (const stallMs of [300, 900, 2_000]) {
      rig.clock.holdUp(stallMs);
      for (let ms = 0; ms < stallMs; ms += 3) speak(3);
      for (let ms = 0; ms < 1_500; ms += 3) {
        await rig.clock.advance(3);
        speak(3);
      }
    }
    const samples = samplesOf(rig);
    const left = samples.filter((_, i) => i % 2 === 0);
    const right = samples.filter((_, i) => i % 2 === 1);
    expect(steps(left)).toBeLessThan(700);
    // Both are cut at the same places, so that they are opposite still; a fade is a few parts in 65 apart.
    expect(left.every((x, i) => Math.abs(x + (right[i] as number)) < 300)).toBe(true);
  });

  it.each([0.0625, 3, 20, 150])(
    "keeps all within the bound while nobody is there, in pieces of %d ms",
    async (pieceMs) => {
      const rig = queueRig();
      rig.queue.suspend();
      const source = new Source(rig, tone);
      for (let ms = 0; ms + pieceMs <= 150; ms += pieceMs) source.speak(pieceMs);
      for (let i = 0; i < 3; i++) {
        rig.queue.resume();
        rig.queue.suspend();
      }
      rig.queue.resume();
      rig.queue.endUtterance("live");
      await rig.clock.advance(1_000);
      expect(samplesOf(rig)).toEqual(Array.from({ length: source.at }, (_, i) => tone(i)));
    },
  );

  it.each([3, 20, 50])("keeps about the bound while nobody is there, in pieces of %i ms", (pieceMs) => {
    const rig = queueRig();
    rig.queue.suspend();
    const source = new Source(rig, tone);
    for (let ms = 0; ms < 3_000; ms += pieceMs) source.speak(pieceMs);
    expect(Math.abs(rig.queue.queuedMs - live.maxDelayMs)).toBeLessThanOrEqual(10);
  });

  it("has nothing new in a place that a client has already", async () => {
    const rig = queueRig(reported);
    const source = new Source(rig, (i) => i % 30_000);
    await source.go(1_000);
    rig.queue.report(1, 8_000);
    rig.queue.suspend();
    await source.go(3_000);
    rig.queue.resume();
    await source.go(1_000);
    rig.queue.suspend();
    rig.queue.endUtterance("live");
    rig.queue.resume();
    await rig.clock.advance(1_000);
    const at = new Map<number, number>();
    for (const { frame } of rig.sent) {
      frame.samples.forEach((sample, i) => {
        expect(at.get(frame.offset + i)).toBeUndefined();
        at.set(frame.offset + i, sample);
      });
    }
    // And it was told the end again, whether it had come before or not.
    rig.queue.suspend();
    rig.queue.resume();
    expect(rig.sent.slice(-2).map(({ frame }) => [frame.samples.length, frame.end])).toEqual([
      [expect.any(Number), true],
      [0, true],
    ]);
    const last = rig.sent.at(-1)?.frame.offset ?? 0;
    rig.queue.report(1, last);
    expect(rig.progress.at(-1)).toMatchObject({ playedMs: last / 16, done: true });
  });

  it.each([
    ["of audio", { maxQueuedMs: 1_000 }],
    ["of frames", { maxFrames: 50 }],
    ["for less than the delay", { maxQueuedMs: 100 }],
  ] satisfies [string, Partial<PlayoutQueueOptions>][])(
    "goes on when the queue has no room, %s",
    async (_name, options) => {
      const rig = queueRig(options);
      const source = new Source(rig, tone);
      await source.go(500);
      source.stall(5_000);
      expect(rig.dropped.length).toBeGreaterThan(0);
      await source.go(1_000);
      const before = samplesOf(rig).length;
      await source.go(1_000);
      expect(samplesOf(rig).length - before).toBeGreaterThan(16 * 900);
      expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
      rig.queue.endUtterance("live");
      source.stall(5_000);
      await rig.clock.advance(1_000);
      expect(rig.progress.filter(({ done }) => done)).toHaveLength(1);
    },
  );

  it("leaves keys and the pauses after them as long as they are", async () => {
    for (const before of [0, 400, 1_200]) {
      const rig = queueRig();
      const source = new Source(rig, words);
      source.stall(before);
      for (let i = 0; i < 2; i++) events.key(rig, source);
      source.stall(900);
      await source.go(2_000);
      const kinds = rig.sent.map(({ frame }) => (frame.dtmf ? "k" : frame.samples.every((x) => x === 0) ? "-" : "s"));
      expect(kinds.join("")).toContain("kkk---kkk---");
    }
  });

  it("is live still after a key", async () => {
    const rig = queueRig();
    const source = new Source(rig, tone);
    source.stall(900);
    // What is late is known only by what has been seen: a key must not make it be forgotten.
    for (let i = 0; i < 45; i++) {
      await source.go(20);
      if (i % 4 === 0) rig.queue.play("live", { digit: "1", toneMs: 20, pauseMs: 0 });
    }
    await source.go(400);
    expect(delayMs(rig)).toBeLessThanOrEqual(live.maxDelayMs);
  });

  it("has its sums right whatever happens", async () => {
    const names = Object.keys(events) as Event[];
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const rig = queueRig({
        ...(seed % 2 === 0 ? reported : { marksMs: seed % 3 === 0 ? 200 : undefined }),
        wholeFrames: seed % 5 === 0,
        maxQueuedMs: seed % 7 === 0 ? 800 : undefined,
      });
      const source = new Source(rig, random() < 0.5 ? words : tone, [3, 20, 85][seed % 3]);
      const used = new Set<string>();
      for (let step = 0; step < 25; step++) {
        used.add(source.utterance);
        await events[names[Math.floor(random() * names.length)] as Event](rig, source);
        const last = rig.sent[Math.floor(random() * rig.sent.length)]?.frame;
        // Late, early, and never.
        if (last && random() < 0.2) rig.queue.report(last.number, Math.floor(last.offset * 1.5 * random()));
        expect(rig.queue.queuedMs).toBeGreaterThanOrEqual(0);
      }
      rig.queue.resume();
      for (const id of [...used, source.utterance]) rig.queue.endUtterance(id);
      await rig.clock.advance(30_000);
      expect(rig.queue.queuedMs).toBe(0);
      expect(rig.clock.pendingTimers).toBe(0);
      const done = rig.progress.filter((each) => each.done).map(({ utterance }) => utterance);
      expect(done).toHaveLength(new Set(done).size);
      for (const { utterance, playedMs } of rig.progress) {
        const of = rig.sent.filter(({ frame }) => frame.utterance === utterance);
        const most = Math.max(0, ...of.map(({ frame }) => frame.offset + frame.samples.length));
        expect(playedMs).toBeLessThanOrEqual((most / 16_000) * 1000);
      }
      expect(samplesOf(rig, "live").length).toBeLessThanOrEqual(source.at + 16 * 20 * rig.sent.length);
    }
  });
});
