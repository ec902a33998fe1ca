import { RoomKitError, withTimeout } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { settle, VirtualClock } from "./index.ts";

describe("VirtualClock", () => {
  it("runs timers in the order of their times, equal ones in the order they were set", async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.setTimeout(() => ran.push(`b@${clock.now()}`), 20);
    clock.setTimeout(() => ran.push(`a@${clock.now()}`), 10);
    clock.setTimeout(() => ran.push(`c@${clock.now()}`), 20);
    clock.setTimeout(() => ran.push("late"), 31);
    await clock.advance(30);
    expect(ran).toEqual(["a@10", "b@20", "c@20"]);
    expect(clock.now()).toBe(30);
    expect(clock.pendingTimers).toBe(1);
  });

  it("runs no timer by itself, and those of 0 ms at advance(0)", async () => {
    const clock = new VirtualClock();
    let ran = 0;
    clock.setTimeout(() => ran++, 0);
    clock.setTimeout(() => ran++, -5);
    await settle();
    expect(ran).toBe(0);
    await clock.advance(0);
    expect(ran).toBe(2);
  });

  it("lets promise chains run on between timers, so that sleeps in a row take their own time", async () => {
    const clock = new VirtualClock();
    const at: number[] = [];
    const work = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(100);
        await Promise.resolve().then(() => Promise.resolve());
        at.push(clock.now());
      }
    })();
    await clock.advance(1_000);
    await work;
    expect(at).toEqual([100, 200, 300]);
  });

  it("moves wall time along", async () => {
    const clock = new VirtualClock({ now: 500, wallTime: 1_000_000 });
    await clock.advance(250);
    expect([clock.now(), clock.wallTime()]).toEqual([750, 1_000_250]);
  });

  it("cancels, also from within a timer of the same instant", async () => {
    const clock = new VirtualClock();
    let ran = false;
    let cancel = (): void => {};
    clock.setTimeout(() => cancel(), 10);
    cancel = clock.setTimeout(() => {
      ran = true;
    }, 10);
    await clock.advance(10);
    expect(ran).toBe(false);
    cancel();
    expect(clock.pendingTimers).toBe(0);
  });

  it("sleeps until aborted, leaving no timer", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const slept = clock.sleep(1_000, controller.signal).catch((error: unknown) => error);
    await clock.advance(10);
    controller.abort();
    expect(RoomKitError.is(await slept, "aborted")).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("stops at the instant a condition comes true, and says how long that took", async () => {
    const clock = new VirtualClock();
    let count = 0;
    const tick = (): void => {
      count++;
      clock.setTimeout(tick, 20);
    };
    clock.setTimeout(tick, 20);
    expect(await clock.advanceUntil(() => count === 5)).toBe(100);
    expect(clock.now()).toBe(100);
    const failure = await clock.advanceUntil(() => count === 1_000, 200).catch((error: unknown) => error);
    expect(RoomKitError.is(failure, "timeout")).toBe(true);
    expect(clock.now()).toBe(300);
  });

  it("refuses to be moved twice at once, and backwards", async () => {
    const clock = new VirtualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toMatchObject({ code: "clock_busy" });
    await first;
    await expect(clock.advance(-1)).rejects.toMatchObject({ code: "invalid_option" });
    await expect(clock.advance(Number.NaN)).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("gives a throwing timer's error to the test and goes on from there", async () => {
    const clock = new VirtualClock();
    clock.setTimeout(() => {
      throw new Error("boom");
    }, 10);
    await expect(clock.advance(100)).rejects.toThrow("boom");
    expect(clock.now()).toBe(10);
    await clock.advance(5);
    expect(clock.now()).toBe(15);
  });

  it("ends a test whose timers keep setting timers for the same instant", async () => {
    const clock = new VirtualClock({ turns: 1 });
    const again = (): void => void clock.setTimeout(again, 0);
    again();
    await expect(clock.advance(1)).rejects.toMatchObject({ code: "clock_stuck" });
  });

  it("drives core's withTimeout", async () => {
    const clock = new VirtualClock();
    const waited = withTimeout(new Promise(() => {}), 50, { clock }).catch((error: unknown) => error);
    await clock.advance(49);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    expect(RoomKitError.is(await waited, "timeout")).toBe(true);
  });

  it("runs what was due while it was held up late, when it moves on", async () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    clock.setTimeout(() => ran.push(clock.now()), 100);
    clock.holdUp(500);
    expect([clock.now(), ran]).toEqual([500, []]);
    await clock.advance(0);
    expect(ran).toEqual([500]);
    expect(() => clock.holdUp(-1)).toThrow("forward");
  });
});
