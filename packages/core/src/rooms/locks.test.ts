import { lockConformance, settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../errors/error.ts";
import { InProcessLocks } from "./locks.ts";

describe("InProcessLocks", () => {
  describe("keeps to the contract", () => {
    for (const { name, run } of lockConformance({ open: () => new InProcessLocks() })) it(name, run);
  });

  it.each([{ waitMs: 0 }, { waitMs: Number.NaN }, { maxWaiting: 0 }, { maxWaiting: 1.5 }])("refuses %o", (options) => {
    expect(() => new InProcessLocks(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("takes no memory for keys nobody holds, however many there were", async () => {
    const locks = new InProcessLocks();
    await Promise.all(
      Array.from({ length: 5_000 }, (_, n) => locks.withLock(`room ${n % 100}`, () => Promise.resolve())),
    );
    expect(locks.size).toBe(0);
  });

  it("lets a bounded number wait, for a bounded time, and leaves no timer", async () => {
    const clock = new VirtualClock();
    const locks = new InProcessLocks({ clock, waitMs: 100, maxWaiting: 2 });
    let release = (): void => {};
    const holder = locks.withLock(
      "k",
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const codes = [1, 2, 3].map(() =>
      locks.withLock("k", async () => "held").catch((error: RoomKitError) => error.code),
    );
    await settle();
    expect(await codes[2]).toBe("lock_overloaded");
    await clock.advance(100);
    expect(await Promise.all(codes)).toEqual(["timeout", "timeout", "lock_overloaded"]);
    release();
    await holder;
    expect([clock.pendingTimers, locks.size]).toEqual([0, 0]);
  });

  it("gives the waiting ones their turn before somebody who comes just then", async () => {
    const locks = new InProcessLocks();
    const order: string[] = [];
    const first = locks.withLock("k", async () => void order.push("first"));
    const second = locks.withLock("k", async () => void order.push("second"));
    await first;
    const third = locks.withLock("k", async () => void order.push("third"));
    await Promise.all([second, third]);
    expect(order).toEqual(["first", "second", "third"]);
  });

  it("keeps its reason when an abort says why", async () => {
    const locks = new InProcessLocks();
    const why = new RoomKitError("room_closed", "closed");
    await expect(locks.withLock("k", async () => {}, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  });
});
