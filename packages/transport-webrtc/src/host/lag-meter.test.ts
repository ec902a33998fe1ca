import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { LagMeter } from "./lag-meter.ts";

/** A clock whose timers run late, as those of a busy event loop do. */
function lateClock(): { clock: VirtualClock; lag: LagMeter; late: { ms: number } } {
  const clock = new VirtualClock();
  const late = { ms: 0 };
  const setTimeout: VirtualClock["setTimeout"] = (handler, ms) => clock.setTimeout(handler, ms + late.ms);
  const lag = new LagMeter({ now: clock.now, wallTime: clock.wallTime, sleep: clock.sleep.bind(clock), setTimeout });
  return { clock, lag, late };
}

describe("LagMeter", () => {
  it("says what something has to wait, on average", async () => {
    const { clock, lag, late } = lateClock();
    lag.start();
    await clock.advance(3_000);
    expect(lag.lagMs).toBe(0);
    // Every turn takes 100 ms, of which a timer of 20 ms sees 80: a wait of 32 ms on average.
    late.ms = 80;
    await clock.advance(3_000);
    expect(lag.lagMs).toBeGreaterThan(25);
    expect(lag.lagMs).toBeLessThan(40);
    late.ms = 0;
    await clock.advance(1_500);
    expect(lag.lagMs).toBe(0);
  });

  it("does not take one stall for a busy thread", async () => {
    const { clock, lag, late } = lateClock();
    lag.start();
    await clock.advance(2_000);
    late.ms = 900;
    await clock.advance(25);
    late.ms = 0;
    await clock.advance(2_000);
    expect(lag.lagMs).toBe(0);
  });

  it("costs nothing when it does not run", async () => {
    const { clock, lag, late } = lateClock();
    expect(clock.pendingTimers).toBe(0);
    lag.start();
    lag.start();
    expect(clock.pendingTimers).toBe(1);
    late.ms = 80;
    await clock.advance(3_000);
    lag.stop();
    expect([clock.pendingTimers, lag.lagMs]).toEqual([0, 0]);
  });
});
