import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { AnswerWatch } from "./answer-watch.ts";

function made(ms = 100): { clock: VirtualClock; watch: AnswerWatch; fired: () => number } {
  const clock = new VirtualClock();
  let fired = 0;
  const watch = new AnswerWatch(clock, ms, () => {
    fired++;
  });
  return { clock, watch, fired: () => fired };
}

describe("AnswerWatch", () => {
  it("fires when nothing came for so long after the first thing that wants an answer", async () => {
    const { clock, watch, fired } = made();
    await clock.advance(1_000);
    watch.asked();
    await clock.advance(60);
    watch.asked();
    await clock.advance(39);
    expect(fired()).toBe(0);
    await clock.advance(1);
    expect(fired()).toBe(1);
    // And again, where it is asked again.
    watch.asked();
    await clock.advance(100);
    expect(fired()).toBe(2);
  });

  it("begins anew with every answer, and leaves no timer", async () => {
    const { clock, watch, fired } = made();
    watch.asked();
    await clock.advance(99);
    watch.answered();
    expect(clock.pendingTimers).toBe(0);
    watch.asked();
    await clock.advance(99);
    expect(fired()).toBe(0);
    watch.answered();
    watch.answered();
  });

  it("does not count while nobody looks whether something came", async () => {
    const { clock, watch, fired } = made();
    watch.asked();
    watch.hold();
    watch.asked();
    await clock.advance(1_000);
    expect(fired()).toBe(0);
    watch.release();
    await clock.advance(100);
    expect(fired()).toBe(1);
    watch.answered();
    watch.hold();
    watch.release();
    expect(clock.pendingTimers).toBe(0);
  });

  it("never fires with 0", () => {
    const { clock, watch } = made(0);
    watch.asked();
    expect(clock.pendingTimers).toBe(0);
  });
});
