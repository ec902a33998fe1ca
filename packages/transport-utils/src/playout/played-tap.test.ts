import type { AudioFrame } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { audio, queueRig } from "./rig.fixture.ts";

describe("the played audio", () => {
  it("is shown when it is played, not when it is sent", async () => {
    const { clock, queue } = queueRig();
    const shown: { at: number; frame: AudioFrame; startedAt: number }[] = [];
    await clock.advance(30);
    queue.tapPlayed((frame, startedAt) => shown.push({ at: clock.now(), frame, startedAt }));
    await clock.advance(100);
    queue.play("u", audio(400));
    await clock.advance(1_000);
    expect(shown).toHaveLength(20);
    for (const [i, { at, frame, startedAt }] of shown.entries()) {
      expect(frame.timestamp).toBe(100 + i * 20);
      expect(startedAt).toBe(130 + i * 20);
      expect(at - startedAt).toBeGreaterThanOrEqual(0);
      expect(at - startedAt).toBeLessThanOrEqual(20);
    }
    expect(shown.flatMap(({ frame }) => [...frame.samples])).toEqual(Array.from({ length: 6_400 }, (_, i) => i));
  });

  it("says whose it is, and that silence is nobody's", async () => {
    const { clock, queue } = queueRig();
    const whose: (string | undefined)[] = [];
    queue.tapPlayed((_frame, _startedAt, utterance) => whose.push(utterance), { silence: true });
    queue.play("a", audio(40));
    queue.endUtterance("a");
    queue.play("b", audio(40));
    queue.endUtterance("b");
    await clock.advance(140);
    expect(whose.filter((each, i) => each !== whose[i - 1])).toEqual(["a", "b", undefined]);
    queue.tapPlayed(undefined);
  });

  it("is one unbroken stream with silence when asked", async () => {
    const { clock, queue } = queueRig();
    const shown: AudioFrame[] = [];
    await clock.advance(1_000);
    queue.tapPlayed(
      (frame, startedAt) => {
        expect(startedAt).toBeCloseTo(1_000 + frame.timestamp, 6);
        shown.push(frame);
      },
      { silence: true },
    );
    await clock.advance(95);
    queue.play("u", audio(50, 1));
    queue.endUtterance("u");
    await clock.advance(400);
    let time = 0;
    for (const frame of shown) {
      expect(frame.timestamp).toBeCloseTo(time, 6);
      time += frame.samples.length / 16;
    }
    expect(time).toBeGreaterThan(460);
    const samples = shown.flatMap((frame) => [...frame.samples]);
    const begin = samples.indexOf(1);
    expect(begin).toBe(95 * 16);
    expect(samples.slice(begin, begin + 800)).toEqual(Array.from({ length: 800 }, (_, i) => i + 1));
    expect(samples.slice(begin + 800).every((sample) => sample === 0)).toBe(true);
    queue.tapPlayed(undefined);
    await clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends where it is cleared", async () => {
    const { clock, queue } = queueRig();
    const shown: AudioFrame[] = [];
    queue.tapPlayed((frame) => shown.push(frame));
    queue.play("u", audio(1_000));
    await clock.advance(100);
    queue.clear();
    const count = shown.length;
    await clock.advance(500);
    expect(shown).toHaveLength(count);
    expect(count).toBeLessThanOrEqual(6);
  });
});
