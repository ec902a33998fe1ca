import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Lane } from "./lane.ts";
import { Placement } from "./placement.ts";
import { Tape } from "./tape.ts";

const rate = 16_000;
/** Counts up, never 0: so that every sample says where it belongs. */
const counted = (at: number, length = 320): Int16Array =>
  new Int16Array(length).map((_, i) => 1_000 + ((at + i) % 20_000));

interface Arrival {
  /** On the clock, ms. */
  readonly at: number;
  /** On the source's time, ms. */
  readonly timestamp: number;
  readonly samples?: Int16Array;
}

/** Lays what arrives, and gives where each frame went, in samples. */
function placed(arrivals: readonly Arrival[]): { readonly at: number; readonly samples: Int16Array }[] {
  const laid: { at: number; samples: Int16Array }[] = [];
  const placement = new Placement({ sampleRate: rate, zero: 0, lay: (at, samples) => laid.push({ at, samples }) });
  for (const { at, timestamp, samples = counted(Math.round(timestamp * 16)) } of arrivals)
    placement.push(samples, timestamp, at - samples.length / 16, at);
  placement.flush();
  return laid;
}

describe("where a caller's audio goes", () => {
  it("is where it was said, less the least delay, to the sample", () => {
    const random = seededRandom(1);
    let last = 0;
    const arrivals = Array.from({ length: 3_000 }, (_, i) => {
      // 30 to 110 ms on the way, in order, and a stall of 3 s that is made up for at once.
      const sent = 20 * i + 20;
      const stalled = sent > 20_000 && sent < 23_000 ? 23_000 : 0;
      last = Math.max(last, stalled, sent + 30 + 80 * random());
      return { at: last, timestamp: 20 * i };
    });
    const laid = placed(arrivals);
    const [first] = laid;
    expect(first?.at).toBeGreaterThanOrEqual(30 * 16);
    expect(first?.at).toBeLessThan(45 * 16);
    for (const [i, { at }] of laid.entries()) expect(at - (first?.at ?? 0)).toBe(320 * i);
  });

  it("is later by a pause that the source counts, and by one that it does not", () => {
    const sending = (from: number, to: number, shift: number): Arrival[] =>
      Array.from({ length: (to - from) / 20 }, (_, i) => ({
        at: from + 20 * i + 70,
        timestamp: from + 20 * i - shift,
      }));
    // A second that is counted, 4 s that are not (a mute of a client without offsets).
    const laid = placed([...sending(0, 2_000, 0), ...sending(3_000, 5_000, 0), ...sending(9_000, 11_000, 4_000)]);
    const ms = laid.map(({ at }) => at / 16 - 50);
    expect(ms.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 20 * i));
    expect(ms.slice(100, 200)).toEqual(Array.from({ length: 100 }, (_, i) => 3_000 + 20 * i));
    expect(ms.slice(200)).toEqual(Array.from({ length: 100 }, (_, i) => 9_000 + 20 * i));
  });

  it("is put right in silence where the source's crystal runs fast, and never far behind where it runs slow", () => {
    for (const ppm of [1_000, -1_000]) {
      const crystal = 1 + ppm / 1e6;
      const sampleOf = (i: number): number => (i % 100 > 80 ? 0 : 1_000 + (i % 20_000));
      const arrivals = Array.from({ length: 10 * 60 * 50 }, (_, i) => {
        const samples = new Int16Array(320).fill(sampleOf(i));
        return { at: (20 * i + 20) / crystal + 40, timestamp: 20 * i, samples };
      });
      let worst = 0;
      let i = 0;
      for (const { at, samples } of placed(arrivals)) {
        // Frames of silence may be shortened, or are missing.
        if (samples[0] === 0) continue;
        while (sampleOf(i) !== samples[0]) i++;
        worst = Math.max(worst, Math.abs(at / 16 - ((arrivals[i]?.at ?? 0) - 20)));
      }
      expect(i).toBeGreaterThan(29_900);
      expect(worst).toBeLessThan(70);
    }
  });

  it("begins anew where its time goes back, or is none", () => {
    const again = [0, 20, 40, 0, 20, Number.NaN, 60].map((timestamp, i) => ({ at: 20 * i + 20, timestamp }));
    const laid = placed(again.map((arrival, i) => ({ ...arrival, samples: counted(320 * i) })));
    expect(laid.map(({ at }) => at)).toEqual([0, 320, 640, 960, 1_280, 1_600, 1_920]);
  });

  it("is nowhere twice, whatever comes in whatever times", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      let now = 0;
      let timestamp = 0;
      const arrivals = Array.from({ length: 300 }, () => {
        const kind = random();
        now += kind < 0.1 ? 1_500 * random() : 40 * random();
        if (kind > 0.9) timestamp += 2_000 * (random() - 0.4);
        const length = 1 + Math.floor(800 * random());
        const arrival = { at: now, timestamp, samples: new Int16Array(length).fill(1_000) };
        timestamp += length / 16;
        return arrival;
      });
      let end = Number.NEGATIVE_INFINITY;
      for (const { at, samples } of placed(arrivals)) {
        expect(at, String(seed)).toBeGreaterThanOrEqual(end);
        end = at + samples.length;
      }
    }
  });
});

describe("what is played", () => {
  it("is cut off where something else begins", () => {
    const lane = new Lane();
    const placement = new Placement({ sampleRate: rate, zero: 100, lay: (at, samples) => lane.lay(at, samples) });
    placement.exact(new Int16Array(320).fill(1), 100);
    placement.exact(new Int16Array(320).fill(2), 113);
    expect([...new Set(lane.read(0, 208))]).toEqual([1]);
    expect([...new Set(lane.read(208, 528))]).toEqual([2]);
    expect(lane.read(528, 600)).toBeUndefined();
    lane.forget(400);
    expect(lane.read(0, 208)).toBeUndefined();
  });
});

describe("an hour", () => {
  /** Both sides as they were said, and as the tape reads them; a caller on a line that stalls, jitters and comes back. */
  it("of stalls, jitter and reconnects moves neither side by a sample", () => {
    const random = seededRandom(11);
    const sides = ["inbound", "outbound"] as const;
    const options = { holdMs: 1_000, maxLateMs: 5_000, pause: "silence", trigger: "always" } as const;
    const tape = new Tape({ sampleRate: rate, zero: 0, sides, ...options });
    const delayMs = 40;
    let arrival = 0;
    let stalledUntil = 0;
    let awayUntil = 0;
    let checked = 0;
    /** What was said at each frame of 20 ms; 0 where nothing was sent. */
    const said = new Map<number, number>();
    const heard = new Map<number, number>();
    const waiting: { readonly at: number; readonly timestamp: number; readonly value: number }[] = [];
    const frames = 3_600 * 50;
    for (let i = 0; i < frames; i++) {
      const now = 20 * i;
      if (random() < 0.0005) stalledUntil = now + 3_000 * random();
      if (now >= awayUntil && random() < 0.0002) {
        // The line breaks: what is under way is lost.
        awayUntil = now + 10_000 * random();
        for (const { timestamp } of waiting.splice(0)) said.delete(timestamp / 20);
        arrival = 0;
        stalledUntil = 0;
      }
      if (now >= awayUntil) {
        const value = 1 + (i % 30_000);
        arrival = Math.max(arrival, stalledUntil, now + 20 + delayMs + (random() < 0.3 ? 50 * random() : 0));
        waiting.push({ at: arrival, timestamp: now, value });
        said.set(i, value);
      }
      // Utterances of some seconds.
      if (i % 500 < 300) {
        tape.say(new Int16Array(320).fill(1 + (i % 29_989)), 20 * (i % 500), now, now);
        heard.set(i, 1 + (i % 29_989));
      }
      for (let next = waiting[0]; next && next.at <= now; next = waiting[0]) {
        tape.hear(new Int16Array(320).fill(next.value), next.timestamp, undefined, next.at);
        waiting.shift();
      }
      const readable = tape.readable(now);
      if (readable < rate) continue;
      for (const { length, inbound, outbound } of tape.read(readable)) {
        // The caller's side comes by what its line takes later, always the same.
        for (let at = 0; at < length; at += 160) {
          const place = checked + at;
          const wanted = said.get(Math.floor((place - delayMs * 16) / 320)) ?? 0;
          if ((inbound?.[at] ?? 0) !== wanted) expect.fail(`inbound at ${place}: ${inbound?.[at]}, not ${wanted}`);
          const played = heard.get(Math.floor(place / 320)) ?? 0;
          if ((outbound?.[at] ?? 0) !== played) expect.fail(`outbound at ${place}: ${outbound?.[at]}, not ${played}`);
        }
        checked += length;
      }
    }
    expect(checked / rate).toBeGreaterThan(3_590);
    expect(tape.lost).toBe(0);
  });
});

describe("what is lost", () => {
  /** Utterances of 100 ms, one every 3 s; what was held back of each, in pieces, comes with the next. */
  function lost(pieces: readonly number[], side: "inbound" | "outbound" = "outbound"): number {
    const options = { holdMs: 1_000, maxLateMs: 1_000, pause: "silence", trigger: "always" } as const;
    const tape = new Tape({ sampleRate: rate, zero: 0, sides: ["inbound", "outbound"], ...options });
    const lay = (samples: Int16Array, at: number, now: number): void =>
      side === "outbound" ? tape.say(samples, at, at, now) : tape.hear(samples, at, at + (now - at), now);
    for (let now = 0; now < 30_000; now += 100) {
      if (now % 3_000 === 0) {
        let at = now - 2_900;
        for (const piece of now > 0 ? pieces : []) {
          lay(counted(0, piece), at, now);
          at += piece / 16;
        }
        lay(counted(0, 1_600), now, now);
      }
      for (const _ of tape.read(tape.readable(now)));
    }
    return tape.lost;
  }

  it.each([[[]], [[31]], [[64]]])("is not what a change of rate held back of each utterance: %j", (pieces) => {
    expect(lost(pieces)).toBe(0);
  });

  it.each([[[65]], [[320]]])("is what is longer: %j", (pieces) => {
    expect(lost(pieces)).toBe(9 * (pieces[0] as number));
  });

  it("is what comes as short as that, but often", () => {
    expect(lost(Array(10).fill(31))).toBeGreaterThan(9 * 4 * 31);
  });

  it("is what the caller said, however short", () => {
    expect(lost([31], "inbound")).toBeGreaterThan(0);
  });
});
