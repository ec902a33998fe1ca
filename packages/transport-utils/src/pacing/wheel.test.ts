import { silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { PacingWheel } from "./wheel.ts";

describe("the pacing wheel", () => {
  it("calls each subscriber every 20 ms, spread over four slots", async () => {
    const clock = new VirtualClock();
    const wheel = new PacingWheel({ clock });
    const calls: number[][] = [[], [], [], [], []];
    for (const times of calls) wheel.subscribe((now) => times.push(now));
    await clock.advance(100);
    for (const times of calls) {
      expect(times).toHaveLength(5);
      for (let i = 1; i < times.length; i++) expect((times[i] as number) - (times[i - 1] as number)).toBe(20);
    }
    expect(new Set(calls.map((times) => (times[0] as number) % 20)).size).toBe(4);
  });

  it("has one timer, and none without subscribers", async () => {
    const clock = new VirtualClock();
    const wheel = new PacingWheel({ clock });
    expect(clock.pendingTimers).toBe(0);
    const ends = Array.from({ length: 10 }, () => wheel.subscribe(() => {}));
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(50);
    expect(clock.pendingTimers).toBe(1);
    for (const end of ends) end();
    expect(clock.pendingTimers).toBe(0);
    expect(wheel.size).toBe(0);
  });

  it("does not drift, however late its timer runs", async () => {
    const clock = new VirtualClock();
    // A platform whose timers are always 3 ms late.
    const late = {
      ...clock,
      now: clock.now,
      setTimeout: (handler: () => void, ms: number) => clock.setTimeout(handler, Math.max(0, ms) + 3),
    };
    const wheel = new PacingWheel({ clock: late });
    let count = 0;
    wheel.subscribe(() => count++);
    await clock.advance(60_000);
    expect(count).toBeGreaterThanOrEqual(2_999);
    expect(count).toBeLessThanOrEqual(3_000);
  });

  it("calls nobody twice for ticks missed in a stall, and keeps to its grid after it", async () => {
    const clock = new VirtualClock();
    let stalled = 0;
    const stalling = { ...clock, now: () => clock.now() + stalled };
    const wheel = new PacingWheel({ clock: stalling });
    const times: number[] = [];
    wheel.subscribe((now) => times.push(now));
    await clock.advance(40);
    stalled = 507;
    await clock.advance(60);
    const after = times.filter((time) => time > 500);
    expect(after.length).toBeLessThanOrEqual(4);
    const grid = (times[0] as number) % 20;
    for (const time of after.slice(1)) expect(time % 20).toBe(grid);
    // Two on time, one by the stall, the others on time again.
    const { boundsMs, counts, sumMs } = wheel.lateness;
    const late = counts.flatMap((count, bucket) => (count > 0 && bucket > 0 ? [[boundsMs[bucket], count]] : []));
    expect([counts[0], late, Math.round(sumMs)]).toEqual([times.length - 1, [[1_000, 1]], 507]);
  });

  it("survives a subscriber that throws", async () => {
    const clock = new VirtualClock();
    const wheel = new PacingWheel({ clock, logger: silentLogger, slots: 1 });
    let count = 0;
    wheel.subscribe(() => {
      throw new Error("boom");
    });
    wheel.subscribe(() => count++);
    await clock.advance(100);
    expect(count).toBe(5);
  });

  it("is shared by everybody on one clock", () => {
    const clock = new VirtualClock();
    expect(PacingWheel.shared(clock)).toBe(PacingWheel.shared(clock));
    expect(PacingWheel.shared(new VirtualClock())).not.toBe(PacingWheel.shared(clock));
  });

  it("refuses options that make no wheel", () => {
    const clock = new VirtualClock();
    expect(() => new PacingWheel({ clock, tickMs: 0 })).toThrow("wheel");
    expect(() => new PacingWheel({ clock, slots: 0.5 })).toThrow("wheel");
  });
});
