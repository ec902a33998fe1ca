import type { DtmfEvent } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Digits } from "./digits.ts";

type Digit = DtmfEvent["digit"];

/** A report at a time, ms: `tone` is told when it has ended, `ms` long. */
type Report = readonly [at: number, kind: "tone" | "message", digit: Digit, ms?: number];

/** What is told of these reports, in their order of time. */
async function told(reports: readonly Report[]): Promise<DtmfEvent[]> {
  const clock = new VirtualClock({ now: 10_000 });
  const events: DtmfEvent[] = [];
  const digits = new Digits(clock, (event) => events.push(event));
  let now = 0;
  for (const [at, kind, digit, ms = 100] of [...reports].sort(([a], [b]) => a - b)) {
    await clock.advance(at - now);
    now = at;
    if (kind === "tone") digits.inBand({ digit, durationMs: ms, timestamp: at - ms });
    else digits.outOfBand(digit);
  }
  return events;
}

describe("a press is told once", () => {
  const orders: Record<string, readonly [reports: readonly Report[], expected: string, lengths: readonly number[]]> = {
    "tone only": [[[140, "tone", "5"]], "5", [100]],
    "message only": [[[20, "message", "5"]], "5", [0]],
    "tone first": [
      [
        [140, "tone", "5"],
        [300, "message", "5"],
      ],
      "5",
      [100],
    ],
    "message first": [
      [
        [20, "message", "5"],
        [140, "tone", "5"],
      ],
      "5",
      [0],
    ],
    "message well before the tone": [
      [
        [0, "message", "5"],
        [620, "tone", "5", 100],
      ],
      "5",
      [0],
    ],
    "message well after the tone": [
      [
        [140, "tone", "5"],
        [640, "message", "5"],
      ],
      "5",
      [100],
    ],
    "message too late to be of that tone": [
      [
        [140, "tone", "5"],
        [641, "message", "5"],
      ],
      "55",
      [100, 0],
    ],
    "tone too late to be of that message": [
      [
        [0, "message", "5"],
        [701, "tone", "5", 100],
      ],
      "55",
      [0, 100],
    ],
    "twice quickly, reports side by side": [
      [
        [20, "message", "5"],
        [140, "tone", "5"],
        [220, "message", "5"],
        [340, "tone", "5"],
      ],
      "55",
      [0, 0],
    ],
    "twice quickly, tones first": [
      [
        [140, "tone", "5"],
        [340, "tone", "5"],
        [380, "message", "5"],
        [420, "message", "5"],
      ],
      "55",
      [100, 100],
    ],
    "twice quickly, messages first": [
      [
        [20, "message", "5"],
        [120, "message", "5"],
        [240, "tone", "5"],
        [340, "tone", "5"],
      ],
      "55",
      [0, 0],
    ],
    "twice quickly, crossing": [
      [
        [140, "tone", "5"],
        [150, "message", "5"],
        [200, "message", "5"],
        [340, "tone", "5"],
      ],
      "55",
      [100, 0],
    ],
    "twice as messages only": [
      [
        [20, "message", "5"],
        [120, "message", "5"],
      ],
      "55",
      [0, 0],
    ],
    "twice as tones only": [
      [
        [140, "tone", "5"],
        [340, "tone", "5"],
      ],
      "55",
      [100, 100],
    ],
    "a long press": [
      [
        [20, "message", "5"],
        [3_140, "tone", "5", 3_100],
      ],
      "5",
      [0],
    ],
    "a long press, told of in the middle": [
      [
        [1_500, "message", "5"],
        [3_140, "tone", "5", 3_100],
      ],
      "5",
      [0],
    ],
    "a long press, told of at its end": [
      [
        [3_140, "tone", "5", 3_100],
        [3_500, "message", "5"],
      ],
      "5",
      [3_100],
    ],
    "a long press, then a short one": [
      [
        [20, "message", "5"],
        [3_140, "tone", "5", 3_100],
        [3_150, "message", "5"],
        [3_300, "tone", "5", 60],
      ],
      "55",
      [0, 0],
    ],
    "two digits, crossing": [
      [
        [140, "tone", "1"],
        [150, "message", "2"],
        [200, "message", "1"],
        [300, "tone", "2"],
      ],
      "12",
      [100, 0],
    ],
    "an hour later": [
      [
        [140, "tone", "5"],
        [3_600_000, "message", "5"],
      ],
      "55",
      [100, 0],
    ],
  };

  it.each(Object.entries(orders))("%s", async (_, [reports, expected, lengths]) => {
    const events = await told(reports);
    expect(events.map(({ digit }) => digit).join("")).toBe(expected);
    expect(events.map(({ durationMs }) => durationMs)).toEqual(lengths);
  });
});

describe("shuffled reports", () => {
  const KEYS = ["1", "2", "3"] as const;
  interface Press {
    readonly digit: Digit;
    readonly from: number;
    readonly ms: number;
  }

  /** Presses that follow each other as quickly as people and diallers press, now and then held long. */
  const presses = (random: () => number): Press[] => {
    const all: Press[] = [];
    for (let from = 1_000; all.length < 12; ) {
      const ms = random() < 0.1 ? 500 + 3_000 * random() : 40 + 200 * random();
      all.push({ digit: KEYS[Math.floor(3 * random())] as Digit, from, ms });
      from += ms + 40 + (random() < 0.3 ? 1_500 : 150) * random();
    }
    return all;
  };

  /** Reports of one kind come late by different times, and in the order of the presses. */
  const inOrder = (times: readonly number[]): number[] =>
    times.map((_, i) => Math.max(...times.slice(0, i + 1)) + i * 1e-3);

  const tonesOf = (all: readonly Press[], random: () => number): Report[] => {
    const times = inOrder(all.map(({ from, ms }) => from + ms + 30 + 60 * random()));
    return all.map(({ digit, ms }, i) => [times[i] as number, "tone", digit, ms] as const);
  };
  /** As the key goes down, or up to 400 ms after it has come up. */
  const messagesOf = (all: readonly Press[], random: () => number): Report[] => {
    const times = inOrder(all.map(({ from, ms }) => from + random() * (ms + 400)));
    return all.map(({ digit }, i) => [times[i] as number, "message", digit] as const);
  };

  const runs = Array.from({ length: 300 }, (_, seed) => seed);

  it.each(runs)("seed %d: as many as presses, in their order", async (seed) => {
    const random = seededRandom(seed + 1);
    const all = presses(random);
    const [tones, messages] = [tonesOf(all, random), messagesOf(all, random)];
    const expected = all.map(({ digit }) => digit).join("");
    const digitsOf = async (reports: readonly Report[]): Promise<string> =>
      (await told(reports)).map(({ digit }) => digit).join("");
    expect(await digitsOf([...tones, ...messages])).toBe(expected);
    expect(await digitsOf(tones)).toBe(expected);
    expect(await digitsOf(messages)).toBe(expected);
    // One kind misses some: what is told may change places, but none is told twice or not at all.
    const sorted = (digits: string): string => [...digits].sort().join("");
    const some = <T>(reports: readonly T[]): T[] => reports.filter(() => random() < 0.6);
    expect(sorted(await digitsOf([...tones, ...some(messages)]))).toBe(sorted(expected));
    expect(sorted(await digitsOf([...some(tones), ...messages]))).toBe(sorted(expected));
  });
});
