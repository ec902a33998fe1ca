import { describe, expect, it } from "vitest";
import type { AudioFrame } from "../audio/frame.ts";
import { lastAudio } from "./last-audio.ts";

const frame = (samples: readonly number[], more: Partial<AudioFrame> = {}): AudioFrame => ({
  samples: Int16Array.from(samples),
  sampleRate: 16_000,
  channels: 1,
  timestamp: 0,
  ...more,
});

describe("lastAudio", () => {
  it("gives the end of what was heard", () => {
    const frames = [frame([1, 2, 3]), frame([]), frame([4, 5])];
    expect(lastAudio(frames, 1_000)).toEqual({ samples: Int16Array.of(1, 2, 3, 4, 5), sampleRate: 16_000 });
    expect(lastAudio(frames, 4 / 16).samples).toEqual(Int16Array.of(2, 3, 4, 5));
    expect(lastAudio([], 1_000)).toEqual({ samples: new Int16Array(0), sampleRate: 16_000 });
  });

  it("mixes two channels into one, at whatever rate", () => {
    const frames = [frame([9], { sampleRate: 16_000 }), frame([2, 4, 10, 20], { channels: 2, sampleRate: 8_000 })];
    expect(lastAudio(frames, 1_000)).toEqual({ samples: Int16Array.of(3, 15), sampleRate: 8_000 });
    expect(lastAudio(frames, 1 / 8).samples).toEqual(Int16Array.of(15));
  });

  it("leaves out what is no audio", () => {
    const broken = [undefined, null, {}, frame([1], { sampleRate: Number.NaN }), frame([1], { channels: 3 as 1 })];
    const frames = [...broken, frame([7]), ...broken] as AudioFrame[];
    expect(lastAudio(frames, 1_000).samples).toEqual(Int16Array.of(7));
  });
});
