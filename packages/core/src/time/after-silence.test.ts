import { VirtualClock } from "@roomkit/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { afterSilence } from "./after-silence.ts";

let clock: VirtualClock;
let told: number;
const tell = (): void => void told++;
beforeEach(() => {
  clock = new VirtualClock();
  told = 0;
});

/** Timers run so late. */
async function late(ms: number): Promise<void> {
  clock.holdUp(ms);
  await clock.advance(0);
}

describe("after silence", () => {
  it("is told when the time is over", async () => {
    afterSilence(clock, 400, tell);
    await clock.advance(399);
    expect(told).toBe(0);
    await late(11);
    expect([told, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("what came while the process was held up is read before anything is told", async () => {
    const cancel = afterSilence(clock, 400, tell);
    await late(2_000);
    expect(told).toBe(0);
    cancel();
    await clock.advance(7_000);
    expect([told, clock.pendingTimers]).toEqual([0, 0]);
  });

  it.each([1, 37, 50])("a stall that ends %i ms after it was due: what came meanwhile is read", async (ms) => {
    const cancel = afterSilence(clock, 400, tell);
    clock.holdUp(400 + ms);
    clock.setTimeout(cancel, 0);
    await clock.advance(0);
    expect([told, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("is not told once it was cancelled, however late that is", async () => {
    const cancel = afterSilence(clock, 400, tell);
    clock.setTimeout(() => cancel(), 400);
    await clock.advance(500);
    expect([told, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("is told of a silence that was one, after the process was held up", async () => {
    afterSilence(clock, 400, tell);
    await late(2_000);
    await clock.advance(50);
    expect(told).toBe(1);
  });

  it("is told at last by a process that is always late", async () => {
    afterSilence(clock, 400, tell);
    for (let i = 1; i <= 10; i++) await late(1_000);
    expect(told).toBe(0);
    await late(1_000);
    expect(told).toBe(1);
  });

  it("is over at once for a time that is over", async () => {
    afterSilence(clock, -5, tell);
    await clock.advance(0);
    expect(told).toBe(1);
  });
});
