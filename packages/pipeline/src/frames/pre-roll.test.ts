import type { AudioFrame } from "@roomkit/core";
import { seededRandom } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { PreRoll } from "./pre-roll.ts";

const RATE = 8_000;

function frame(timestamp: number, samples: readonly number[], sampleRate = RATE): AudioFrame {
  return { samples: Int16Array.from(samples), sampleRate, channels: 1, timestamp };
}

/** What is kept, written the simplest way: the frames themselves. */
class Reference {
  frames: AudioFrame[] = [];

  push(given: AudioFrame, keepMs: number): void {
    this.frames.push(given);
    const oldest = end(given) - keepMs;
    this.frames = this.frames.filter((kept, i) => i === this.frames.length - 1 || end(kept) > oldest);
  }

  since(timestamp: number): AudioFrame[] {
    return this.frames.flatMap((kept) => {
      const skip = Math.max(0, Math.round(((timestamp - kept.timestamp) * RATE) / 1000));
      if (skip >= kept.samples.length) return [];
      return [{ ...kept, samples: kept.samples.slice(skip), timestamp: kept.timestamp + (skip / RATE) * 1000 }];
    });
  }
}

const end = ({ timestamp, samples }: AudioFrame): number => timestamp + (samples.length / RATE) * 1000;

describe("PreRoll", () => {
  it("gives what a list of the frames would, whatever their lengths, gaps and readings", () => {
    const random = seededRandom(20_261_130);
    const next = (below: number): number => Math.floor(random() * below);
    for (const keepMs of [0, 40, 300, 2_300]) {
      const preRoll = new PreRoll(keepMs);
      const reference = new Reference();
      let now = 0;
      let read = 0;
      for (let round = 0; round < 4_000; round++) {
        const length = next(5) === 0 ? next(2_000) : 160;
        const given = frame(
          now,
          Array.from({ length }, () => next(65_536) - 32_768),
        );
        preRoll.push(given);
        reference.push(given, keepMs);
        now = end(given) + (next(40) === 0 ? next(3_000) : 0);
        if (next(60) > 0) continue;
        const since = now - next(3_000);
        const frames = preRoll.since(since);
        expect(frames).toEqual(reference.since(since));
        read += frames.length;
      }
      expect(read).toBeGreaterThan(keepMs / 20);
    }
  });

  it("gives copies: what is kept later does not change them", () => {
    const preRoll = new PreRoll(100);
    preRoll.push(frame(0, [1, 2, 3]));
    const [first] = preRoll.since(0);
    for (let i = 0; i < 2_000; i++) preRoll.push(frame(i, [9, 9, 9, 9]));
    expect([...(first?.samples ?? [])]).toEqual([1, 2, 3]);
  });

  it("begins anew where the format changes", () => {
    const preRoll = new PreRoll(1_000);
    preRoll.push(frame(0, [1, 2]));
    preRoll.push(frame(1, [3, 4], 16_000));
    expect(preRoll.since(0).map(({ samples, sampleRate }) => [[...samples], sampleRate])).toEqual([[[3, 4], 16_000]]);
    preRoll.clear();
    expect(preRoll.since(0)).toEqual([]);
  });

  it("begins anew where the clock runs back: nothing would ever be old enough to be dropped", () => {
    const preRoll = new PreRoll(1_000);
    preRoll.push(frame(3_600_000, [1, 2]));
    preRoll.push(frame(0, [3]));
    preRoll.push(frame(1, [4]));
    expect(preRoll.since(0).map(({ samples }) => samples[0])).toEqual([3, 4]);
  });
});
