import { leaseConformance, settle, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RoomKitError } from "../errors/error.ts";
import { InProcessLeases } from "./leases.ts";

afterEach(() => void vi.useRealTimers());

const forEver = { owner: "me", ttlMs: Number.POSITIVE_INFINITY };

describe("InProcessLeases", () => {
  describe("keeps to the contract", () => {
    for (const { name, run } of leaseConformance({ open: () => new InProcessLeases() })) it(name, run);
  });

  it.each([{ maxWaiting: 0 }, { maxWaiting: 1.5 }])("refuses %o", (options) => {
    expect(() => new InProcessLeases(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it.each([
    ["", forEver],
    ["k", { ...forEver, owner: "" }],
    ["k", { ...forEver, ttlMs: 0 }],
    ["k", { ...forEver, ttlMs: Number.NaN }],
    ["k", { ...forEver, waitMs: -1 }],
  ])("refuses to acquire %o with %o", async (key, options) => {
    await expect(new InProcessLeases().acquire(key, options)).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("takes no memory for keys nobody holds, however many there were", async () => {
    const leases = new InProcessLeases();
    await Promise.all(
      Array.from({ length: 5_000 }, async (_, n) => (await leases.acquire(`room ${n % 100}`, forEver)).release()),
    );
    expect(leases.size).toBe(0);
  });

  it("lets a bounded number wait, for a bounded time, and leaves no timer", async () => {
    const clock = new VirtualClock();
    const leases = new InProcessLeases({ clock, maxWaiting: 2 });
    const holder = await leases.acquire("k", { owner: "the holder", ttlMs: 60_000 });
    const codes = [1, 2, 3].map(() =>
      leases.acquire("k", { ...forEver, waitMs: 100 }).catch((error: RoomKitError) => error.code),
    );
    await settle();
    expect(await codes[2]).toBe("lease_overloaded");
    await clock.advance(100);
    expect(await Promise.all(codes)).toEqual(["timeout", "timeout", "lease_overloaded"]);
    await holder.release();
    expect([clock.pendingTimers, leases.size]).toEqual([0, 0]);
  });

  it("gives the waiting ones their turn in the order of their calls, before somebody who comes just then", async () => {
    const leases = new InProcessLeases();
    const order: number[] = [];
    const hold = async (n: number): Promise<void> => {
      const lease = await leases.acquire("k", forEver);
      order.push(n);
      await lease.release();
    };
    const first = [hold(1), hold(2)];
    await first[0];
    await Promise.all([...first, hold(3)]);
    expect(order).toEqual([1, 2, 3]);
  });

  it("keeps its reason when an abort says why", async () => {
    const why = new RoomKitError("room_closed", "closed");
    const taking = new InProcessLeases().acquire("k", { ...forEver, signal: AbortSignal.abort(why) });
    await expect(taking).rejects.toBe(why);
  });

  it.each([1, -1])(
    "row 69: counts on the monotonic clock alone, whatever the wall clock does (%i h)",
    async (hours) => {
      vi.useFakeTimers({ toFake: ["Date"] });
      const clock = new VirtualClock();
      const leases = new InProcessLeases({ clock });
      const lease = await leases.acquire("k", { owner: "me", ttlMs: 1_000 });
      const { wallTime } = clock;
      Object.assign(clock, { wallTime: () => wallTime() + hours * 3_600_000 });
      vi.setSystemTime(Date.now() + hours * 3_600_000);
      await clock.advance(999);
      expect([lease.lost.aborted, await lease.renew()]).toEqual([false, true]);
      await clock.advance(1_000);
      expect([lease.lost.aborted, await lease.renew(), leases.size, clock.pendingTimers]).toEqual([true, false, 0, 0]);
    },
  );
});
