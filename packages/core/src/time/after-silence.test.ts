import { describe, expect, it } from "vitest";
import { afterSilence } from "./after-silence.ts";
import { makeClock } from "./clock.ts";

/** A clock whose timers run when the test says so, however late that is. */
function heldUp() {
  let now = 0;
  const timers = new Map<() => void, number>();
  const clock = makeClock({
    now: () => now,
    wallTime: () => now,
    setTimeout(handler, ms) {
      const run = (): void => handler();
      timers.set(run, now + ms);
      return () => void timers.delete(run);
    },
  });
  const runAt = (time: number): void => {
    now = time;
    for (const [run, due] of [...timers])
      if (due <= now) {
        timers.delete(run);
        run();
      }
  };
  return { clock, runAt, timers };
}

describe("after silence", () => {
  it("is told when the time is over", () => {
    const { clock, runAt, timers } = heldUp();
    let told = 0;
    afterSilence(clock, 400, () => told++);
    runAt(399);
    expect(told).toBe(0);
    runAt(410);
    expect([told, timers.size]).toEqual([1, 0]);
  });

  it("what came while the process was held up is read before anything is told", () => {
    const { clock, runAt, timers } = heldUp();
    let told = 0;
    const cancel = afterSilence(clock, 400, () => told++);
    runAt(2_000);
    expect(told).toBe(0);
    cancel();
    runAt(9_000);
    expect([told, timers.size]).toEqual([0, 0]);
  });

  it("is told of a silence that was one, after the process was held up", () => {
    const { clock, runAt } = heldUp();
    let told = 0;
    afterSilence(clock, 400, () => told++);
    runAt(2_000);
    runAt(2_050);
    expect(told).toBe(1);
  });

  it("is told at last by a process that is always late", () => {
    const { clock, runAt } = heldUp();
    let told = 0;
    afterSilence(clock, 400, () => told++);
    for (let i = 1; i <= 11; i++) runAt(1_000 * i);
    expect(told).toBe(1);
  });

  it("is over at once for a time that is over", () => {
    const { clock, runAt } = heldUp();
    let told = 0;
    afterSilence(clock, -5, () => told++);
    runAt(0);
    expect(told).toBe(1);
  });
});
