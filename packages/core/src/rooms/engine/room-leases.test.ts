import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../../errors/error.ts";
import { silentLogger } from "../../log/logger.ts";
import type { AcquireOptions, Lease } from "../lease.ts";
import { InProcessLeases } from "../leases.ts";
import { watch } from "../rig.fixture.ts";
import { RoomLeases } from "./room-leases.ts";

/** Leases of several processes, of which the engine can be down. */
class SharedLeases extends InProcessLeases {
  override readonly scope = "shared" as never;
  down = false;
  mute = false;

  override async acquire(key: string, options: AcquireOptions): Promise<Lease> {
    if (this.down) throw new RoomKitError("lease_unavailable", "down");
    const lease = await super.acquire(key, options);
    // Given, and nobody is told.
    if (this.mute) throw new RoomKitError("lease_unavailable", "no answer");
    const renew = lease.renew.bind(lease);
    return Object.defineProperty(lease, "renew", {
      value: async () => {
        if (this.down) throw new RoomKitError("lease_unavailable", "down");
        return await renew();
      },
    });
  }
}

function make() {
  const clock = new VirtualClock();
  const leases = new SharedLeases({ clock });
  const taken: string[] = [];
  const away: string[] = [];
  const process = (owner: string): RoomLeases =>
    new RoomLeases({
      ...{ leases, owner, clock, ttlMs: 3_000, logger: silentLogger },
      onTaken: (roomId) => taken.push(`${owner}: ${roomId}`),
      onAway: (error) => away.push(`${owner}: ${error ? "away" : "back"}`),
    });
  return { clock, leases, taken, away, a: process("a"), b: process("b") };
}

const wait = { waitMs: 30_000 };

describe("the leases of rooms", () => {
  it("are held by a section, and given back with it", async () => {
    const { clock, leases, a, b } = make();
    await a.enter("r", wait);
    const other = watch(b.enter("r", wait));
    await clock.advance(20_000);
    expect([other.state, a.fence("r"), b.fence("r")]).toEqual(["pending", 1, undefined]);
    await a.leave("r");
    await settle();
    expect([other.state, a.fence("r"), b.fence("r")]).toEqual(["done", undefined, 2]);
    await b.leave("r");
    expect([leases.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("stay with a process while a session of it is in the room, sections or none", async () => {
    const { clock, leases, a, b } = make();
    await a.enter("r", wait);
    a.keep("r", "s");
    await a.leave("r");
    await a.leave("r");
    await clock.advance(60_000);
    const other = watch(b.enter("r", wait));
    await a.enter("r", wait);
    await a.leave("r");
    await clock.advance(20_000);
    expect([other.state, a.fence("r")]).toEqual(["pending", 1]);
    await a.leave("r", "s");
    await settle();
    expect(other.state).toBe("done");
    await b.leave("r");
    expect([leases.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("are its own, where the engine gave one again and did not get to say so", async () => {
    const { clock, leases, taken, away, a } = make();
    await a.enter("r", wait);
    a.keep("r", "s");
    await a.leave("r");
    leases.down = true;
    await clock.advance(20_000);
    leases.mute = true;
    leases.down = false;
    await clock.advance(1_000);
    leases.mute = false;
    await clock.advance(1_000);
    expect([taken, a.fence("r")]).toEqual([[], 3]);
    expect(away).toEqual(["a: away", "a: back"]);
    await a.close();
  });

  it("are taken again after an outage of their engine, when nobody else took them", async () => {
    const { clock, leases, taken, a } = make();
    await a.enter("r", wait);
    a.keep("r", "s");
    await a.leave("r");
    leases.down = true;
    await clock.advance(20_000);
    // Who is there goes on, with the fence there was; nobody else comes in.
    await a.enter("r", wait);
    await a.leave("r");
    await expect(a.enter("other", wait)).rejects.toMatchObject({ code: "lease_unavailable" });
    expect([a.fence("r"), leases.size]).toEqual([1, 0]);
    leases.down = false;
    await clock.advance(1_000);
    expect([a.fence("r"), taken]).toEqual([2, []]);
    await a.enter("r", wait);
    await a.close();
    expect([leases.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("say when another process has the room", async () => {
    const { clock, leases, taken, a, b } = make();
    await a.enter("r", wait);
    a.keep("r", "s");
    await a.leave("r");
    leases.down = true;
    await clock.advance(3_000);
    leases.down = false;
    await b.enter("r", wait);
    // What is written here now has a smaller fence.
    await a.enter("r", wait);
    expect([a.fence("r"), b.fence("r")]).toEqual([1, 2]);
    await clock.advance(1_000);
    expect(taken).toEqual(["a: r"]);
    await Promise.all([a.close(), b.close()]);
    expect([leases.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    "are never used by two processes with one fence, whatever comes (seed %i), and none is left",
    async (seed) => {
      let state = seed;
      const random = (below: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const { clock, leases, a, b } = make();
      const inside = new Map<RoomLeases, number>();
      let sections = 0;
      const use = async (rooms: RoomLeases, name: string): Promise<void> => {
        for (let n = 0; n < 15; n++) {
          const entered = await rooms.enter("r", { waitMs: 1 + random(4_000) }).then(
            () => true,
            () => false,
          );
          if (entered) {
            sections++;
            const fence = rooms.fence("r") as number;
            // Of two that are inside one has the smaller fence, and the store refuses it.
            for (const [other, theirs] of inside) if (other !== rooms) expect(fence).not.toBe(theirs);
            inside.set(rooms, fence);
            if (random(2) === 0) rooms.keep("r", `${name} ${n}`);
            await clock.sleep(random(500));
            inside.delete(rooms);
            await rooms.leave("r");
          }
          await clock.sleep(random(3_000));
          if (random(2) === 0) for (let m = 0; m <= n; m++) await rooms.leave("r", `${name} ${m}`);
        }
        for (let m = 0; m < 15; m++) await rooms.leave("r", `${name} ${m}`);
      };
      const trouble = async (): Promise<void> => {
        for (let n = 0; n < 8; n++) {
          await clock.sleep(random(6_000));
          leases.down = true;
          await clock.sleep(random(5_000));
          leases.down = false;
        }
      };
      let done = false;
      const all = Promise.all([use(a, "a"), use(b, "b"), trouble()]).finally(() => {
        done = true;
      });
      while (!done) await clock.advance(100);
      await all;
      await Promise.all([a.close(), b.close()]);
      await clock.advance(10_000);
      expect(sections).toBeGreaterThan(5);
      expect([leases.size, clock.pendingTimers]).toEqual([0, 0]);
    },
  );

  it("of one process never lapse, need no timer and give no fence", async () => {
    const clock = new VirtualClock();
    const leases = new InProcessLeases({ clock });
    const rooms = new RoomLeases({
      leases,
      owner: "a",
      clock,
      ttlMs: 1,
      logger: silentLogger,
      onTaken: () => {},
      onAway: () => {},
    });
    await rooms.enter("r", wait);
    await clock.advance(60_000);
    expect([rooms.fence("r"), leases.size, clock.pendingTimers]).toEqual([undefined, 1, 0]);
    await rooms.leave("r");
    expect(leases.size).toBe(0);
  });
});
