import { makeClock } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { LoadMeter, tooBusy } from "./load-meter.ts";

/** A clock whose timers run late, as those of a busy event loop do, and how busy that is. */
function busyLoop(): { clock: VirtualClock; meter: LoadMeter; now: { lateMs: number; utilization: number } } {
  const clock = new VirtualClock();
  const now = { lateMs: 0, utilization: 0 };
  const setTimeout: VirtualClock["setTimeout"] = (handler, ms) => clock.setTimeout(handler, ms + now.lateMs);
  const late = makeClock({ now: clock.now, wallTime: clock.wallTime, setTimeout });
  return { clock, meter: new LoadMeter(late, () => now.utilization), now };
}

describe("LoadMeter", () => {
  it("says what something has to wait, on average, and how busy the loop is", async () => {
    const { clock, meter, now } = busyLoop();
    meter.begin();
    await clock.advance(1_500);
    expect(meter.load).toEqual({ lagMs: 0, utilization: 0 });
    // Every turn takes 100 ms, of which a timer of 20 ms sees 80: a wait of 32 ms on average.
    now.lateMs = 80;
    now.utilization = 0.9;
    await clock.advance(1_500);
    expect(meter.load.lagMs).toBeGreaterThan(25);
    expect(meter.load.lagMs).toBeLessThan(40);
    expect(meter.load.utilization).toBeCloseTo(0.9);
    now.lateMs = now.utilization = 0;
    await clock.advance(1_500);
    expect(meter.load).toEqual({ lagMs: 0, utilization: 0 });
  });

  it("tells within a second", async () => {
    const { clock, meter, now } = busyLoop();
    meter.begin();
    await clock.advance(2_000);
    now.lateMs = 80;
    now.utilization = 1;
    await clock.advance(1_300);
    expect(meter.load.lagMs).toBeGreaterThan(20);
    expect(meter.load.utilization).toBe(1);
  });

  it("does not take one stall for a busy thread", async () => {
    const { clock, meter, now } = busyLoop();
    meter.begin();
    await clock.advance(2_000);
    now.lateMs = 900;
    now.utilization = 1;
    await clock.advance(25);
    now.lateMs = 0;
    await clock.advance(900);
    now.utilization = 0;
    await clock.advance(100);
    expect(meter.load).toEqual({ lagMs: 0, utilization: 0 });
  });

  it("costs nothing without calls", async () => {
    const { clock, meter, now } = busyLoop();
    expect(clock.pendingTimers).toBe(0);
    const ends = [meter.begin(), meter.begin()];
    expect([clock.pendingTimers, meter.calls]).toEqual([1, 2]);
    now.lateMs = 80;
    await clock.advance(3_000);
    ends[0]?.();
    expect([clock.pendingTimers, meter.calls]).toEqual([1, 1]);
    ends[1]?.();
    expect([clock.pendingTimers, meter.load]).toEqual([0, { lagMs: 0, utilization: 0 }]);
  });

  it("sees this thread", async () => {
    const { clock } = busyLoop();
    const meter = new LoadMeter(clock);
    const end = meter.begin();
    const spin = async (): Promise<void> => {
      const until = performance.now() + 20;
      while (performance.now() < until);
      await clock.advance(1_000 / 16);
    };
    for (let i = 0; i < 24; i++) await spin();
    expect(meter.load.utilization).toBeGreaterThan(0.5);
    end();
  });
});

it("too busy is either of both", () => {
  const limits = { lagMs: 30, utilization: 0.9 };
  expect(tooBusy({ lagMs: 30, utilization: 0.9 }, limits)).toBe(false);
  expect(tooBusy({ lagMs: 31, utilization: 0 }, limits)).toBe(true);
  expect(tooBusy({ lagMs: 0, utilization: 0.91 }, limits)).toBe(true);
});
