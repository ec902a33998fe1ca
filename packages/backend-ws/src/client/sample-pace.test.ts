import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { SamplePace } from "./sample-pace.ts";

/** Messages of `samples` every `everyMs`, for so long; `at` gives the time of each, by when it was due. */
function heard(
  agreed: number,
  { samples, everyMs, forMs = 10_000 }: { samples: number; everyMs: number; forMs?: number },
  at: (dueMs: number, index: number) => number = (due) => due,
): number[] {
  const told: number[] = [];
  const pace = new SamplePace(agreed, (rate) => told.push(rate));
  let now = 0;
  for (let i = 0; i * everyMs < forMs; i++) {
    now = Math.max(now, at(i * everyMs, i));
    pace.came(samples, now);
  }
  return told;
}

describe("the pace of a client's samples", () => {
  it.each([
    ["24 kHz in pieces of 85 ms for 48", 48_000, { samples: 2_048, everyMs: 2_048 / 24 }, [24_000]],
    ["44.1 kHz for 16", 16_000, { samples: 882, everyMs: 20 }, [44_100]],
    ["16 kHz for 8", 8_000, { samples: 320, everyMs: 20 }, [16_000]],
    ["what was agreed", 48_000, { samples: 960, everyMs: 20 }, []],
    ["a clock that is 2 % off", 48_000, { samples: 979, everyMs: 20 }, []],
    ["44.1 for 48: nearer than can be told", 48_000, { samples: 882, everyMs: 20 }, []],
    ["no rate at all", 48_000, { samples: 700, everyMs: 20 }, []],
    ["too little to tell", 48_000, { samples: 480, everyMs: 20, forMs: 5_000 }, []],
  ])("%s", (_, agreed, sent, expected) => {
    expect(heard(agreed, sent)).toEqual(expected);
  });

  it("is told once in a call", () => {
    expect(heard(48_000, { samples: 480, everyMs: 20, forMs: 60_000 })).toEqual([24_000]);
  });

  it.each([1, 2, 3, 4, 5, 6])("is not mistaken over an unruly network (%d)", (seed) => {
    const random = seededRandom(seed);
    let late = 0;
    // Delays that come and go, stalls with a burst after them, and a client that is silent now and then.
    const at = (due: number, index: number): number => {
      if (index % 200 === 0) late = random() < 0.5 ? 1_500 * random() : 0;
      return due + late + 60 * random();
    };
    expect(heard(16_000, { samples: 320, everyMs: 20, forMs: 60_000 }, at)).toEqual([]);
    // It may stay untold, and is never another.
    expect([[], [24_000]]).toContainEqual(heard(48_000, { samples: 480, everyMs: 20, forMs: 60_000 }, at));
  });

  it("a file that is sent at once is no rate", () => {
    expect(heard(16_000, { samples: 320, everyMs: 1, forMs: 3_000 })).toEqual([]);
  });
});
