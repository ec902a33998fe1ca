import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it, vi } from "vitest";
import { RoomKitError } from "../errors/error.ts";
import { makeClock, systemClock, withGrace, withTimeout } from "./clock.ts";

/** Counts what is listening on a signal. */
function counted(controller: AbortController): { signal: AbortSignal; listeners: () => number } {
  let count = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  const seen = new Set<unknown>();
  Object.assign(signal, {
    addEventListener: (type: "abort", listener: () => void, options?: { once?: boolean }) => {
      count++;
      seen.add(listener);
      add(type, listener, options);
    },
    removeEventListener: (type: "abort", listener: () => void) => {
      if (seen.delete(listener)) count--;
      remove(type, listener);
    },
  });
  return { signal, listeners: () => count };
}

describe("systemClock", () => {
  it("runs a timer, cancels another, and tells both times", async () => {
    let cancelled = true;
    const before = systemClock.now();
    const cancel = systemClock.setTimeout(() => {
      cancelled = false;
    }, 0);
    cancel();
    cancel();
    await new Promise<void>((resolve) => systemClock.setTimeout(resolve, 1));
    expect(cancelled).toBe(true);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(Math.abs(systemClock.wallTime() - Date.now())).toBeLessThan(60_000);
  });

  it.each([1, -1])("row 69: measures and waits as before when the wall clock jumps by %i h", async (hours) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const [before, told] = [systemClock.now(), systemClock.wallTime()];
      const slept = systemClock.sleep(20);
      const patient = withTimeout(systemClock.sleep(20), 600_000);
      vi.setSystemTime(Date.now() + hours * 3_600_000);
      expect(Math.round((systemClock.wallTime() - told) / 3_600_000)).toBe(hours);
      await Promise.all([slept, patient]);
      expect(systemClock.now() - before).toBeGreaterThanOrEqual(15);
      expect(systemClock.now() - before).toBeLessThan(1_800_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it("runs a timer that is due already without a warning", async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): unknown => warnings.push(name);
    process.on("warning", note);
    await new Promise<void>((resolve) => systemClock.setTimeout(resolve, -8.2));
    await systemClock.sleep(5);
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  it.each([2 ** 31, Number.POSITIVE_INFINITY])("does not run a timer of %s ms at once", async (ms) => {
    let ran = false;
    const cancel = systemClock.setTimeout(() => {
      ran = true;
    }, ms);
    await systemClock.sleep(5);
    cancel();
    expect(ran).toBe(false);
  });
});

describe("makeClock().sleep", () => {
  it("does not begin when aborted already", async () => {
    let timers = 0;
    const clock = makeClock({
      now: () => 0,
      wallTime: () => 0,
      setTimeout: () => {
        timers++;
        return () => {};
      },
    });
    await expect(clock.sleep(10, AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
    expect(timers).toBe(0);
  });

  it("leaves no listener behind, however it ends", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const { signal, listeners } = counted(controller);
    const slept = clock.sleep(10, signal);
    expect(listeners()).toBe(1);
    await clock.advance(10);
    await slept;
    expect(listeners()).toBe(0);
    const cut = clock.sleep(10, signal).catch((error: RoomKitError) => error.code);
    controller.abort();
    expect([await cut, clock.pendingTimers]).toEqual(["aborted", 0]);
  });
});

describe("withTimeout", () => {
  it("gives what the promise gives, and leaves nothing behind", async () => {
    const clock = new VirtualClock();
    const { signal, listeners } = counted(new AbortController());
    expect(await withTimeout(Promise.resolve(1), 10, { clock, signal })).toBe(1);
    await expect(withTimeout(Promise.reject(new Error("no")), 10, { clock, signal })).rejects.toThrow("no");
    expect([clock.pendingTimers, listeners()]).toEqual([0, 0]);
  });

  it("gives up after its time, naming what it waited for", async () => {
    const clock = new VirtualClock();
    const { signal, listeners } = counted(new AbortController());
    const waited = withTimeout(new Promise(() => {}), 10, { clock, signal, what: "the model" }).catch(
      (error: unknown) => error,
    );
    await clock.advance(10);
    expect(await waited).toMatchObject({
      code: "timeout",
      retryable: true,
      message: expect.stringContaining("the model"),
    });
    expect([clock.pendingTimers, listeners()]).toEqual([0, 0]);
  });

  it.each(["before", "meanwhile"])("gives up when aborted %s, and swallows a late rejection", async (when) => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    let fail = (_: Error): void => {};
    const late = new Promise<never>((_, reject) => {
      fail = reject;
    });
    if (when === "before") controller.abort();
    const waited = withTimeout(late, 10, { clock, signal: controller.signal }).catch(
      (error: RoomKitError) => error.code,
    );
    controller.abort();
    expect(await waited).toBe("aborted");
    expect(clock.pendingTimers).toBe(0);
    fail(new Error("late"));
    await settle();
  });
});

describe("withGrace", () => {
  it("waits as long as it takes while nobody aborts", async () => {
    const clock = new VirtualClock();
    const { signal, listeners } = counted(new AbortController());
    const slow = withGrace(
      clock.sleep(1_000_000).then(() => "done"),
      signal,
      5,
      clock,
    );
    await clock.advance(1_000_000);
    expect([await slow, clock.pendingTimers, listeners()]).toEqual(["done", 0, 0]);
  });

  it("still takes a result that comes in the grace time", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const winding = withGrace(
      clock.sleep(30).then(() => "partial"),
      controller.signal,
      50,
      clock,
    );
    await clock.advance(10);
    controller.abort();
    await clock.advance(20);
    expect([await winding, clock.pendingTimers]).toEqual(["partial", 0]);
  });

  it.each(["before", "meanwhile"])("gives up when it does not wind up in time, aborted %s", async (when) => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    if (when === "before") controller.abort(new RoomKitError("room_closed", ""));
    const stuck = withGrace(new Promise(() => {}), controller.signal, 50, clock).catch(
      (error: RoomKitError) => error.code,
    );
    controller.abort();
    await clock.advance(50);
    expect([await stuck, clock.pendingTimers]).toEqual(["timeout", 0]);
  });
});
