import { leaseConformance, settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../errors/error.ts";
import type { Clock } from "../time/clock.ts";
import { systemClock } from "../time/clock.ts";
import { EngineLeases, type LeaseEngine } from "./engine-leases.ts";
import type { Lease } from "./lease.ts";

/** An engine in memory, which takes its time and fails when it is told to. */
class MemoryEngine implements LeaseEngine {
  readonly rows: Map<string, { owner: string; fence: number; until: number }> = new Map();
  readonly #clock: Clock;
  readonly #trouble: () => Promise<void>;
  #fence = 0;

  constructor(clock: Clock, trouble: () => Promise<void> = async () => {}) {
    this.#clock = clock;
    this.#trouble = trouble;
  }

  held(key: string): boolean {
    return (this.rows.get(key)?.until ?? 0) > this.#clock.now();
  }

  async take(
    key: string,
    owner: string,
    ttlMs: number,
    takeOver: boolean,
  ): Promise<{ fence: number } | { heldBy: string }> {
    await this.#trouble();
    const row = this.rows.get(key);
    if (row && row.until > this.#clock.now() && !takeOver) return { heldBy: row.owner };
    const fence = ++this.#fence;
    this.rows.set(key, { owner, fence, until: this.#clock.now() + ttlMs });
    await this.#trouble();
    return { fence };
  }

  async extend(key: string, fence: number, ttlMs: number): Promise<boolean> {
    await this.#trouble();
    const row = this.rows.get(key);
    if (row?.fence !== fence || row.until <= this.#clock.now()) return false;
    row.until = this.#clock.now() + ttlMs;
    return true;
  }

  async drop(key: string, fence: number): Promise<void> {
    await this.#trouble();
    if (this.rows.get(key)?.fence === fence) this.rows.delete(key);
  }
}

/** The same numbers for the same seed, from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("EngineLeases", () => {
  describe("keeps to the contract", () => {
    let engine = new MemoryEngine(systemClock);
    const open = (): EngineLeases => {
      engine = new MemoryEngine(systemClock);
      return another();
    };
    const another = (): EngineLeases => new EngineLeases(engine);
    for (const { name, run } of leaseConformance({ open, another })) it(name, run);
  });

  it("refuses a lease that never lapses", async () => {
    const taking = new EngineLeases(new MemoryEngine(systemClock)).acquire("k", {
      owner: "me",
      ttlMs: Number.POSITIVE_INFINITY,
    });
    await expect(taking).rejects.toMatchObject({ code: "invalid_option" });
  });

  it.each([0, 1, -1])(
    "row 69: is over for its holder before it is for the engine, though the wall clock jumps by %i h",
    async (hours) => {
      const clock = new VirtualClock();
      const { wallTime } = clock;
      const leases = new EngineLeases(new MemoryEngine(clock, () => clock.sleep(300)), { clock });
      const taking = leases.acquire("k", { owner: "me", ttlMs: 1_000 });
      await clock.advance(600);
      const lease = await taking;
      Object.assign(clock, { wallTime: () => wallTime() + hours * 3_600_000 });
      // Asked for 600 ms ago.
      await clock.advance(399);
      expect(lease.lost.aborted).toBe(false);
      await clock.advance(1);
      expect([lease.lost.aborted, leases.size, clock.pendingTimers]).toEqual([true, 0, 0]);
    },
  );

  it("says what the engine says, and holds nothing then", async () => {
    const clock = new VirtualClock();
    let down = true;
    const engine = new MemoryEngine(clock, async () => {
      if (down) throw new RoomKitError("store_unavailable", "down");
    });
    const leases = new EngineLeases(engine, { clock });
    await expect(leases.acquire("k", { owner: "me", ttlMs: 1_000 })).rejects.toMatchObject({
      code: "store_unavailable",
    });
    down = false;
    const lease = await leases.acquire("k", { owner: "me", ttlMs: 1_000 });
    down = true;
    await expect(lease.renew()).rejects.toMatchObject({ code: "store_unavailable" });
    expect([lease.lost.aborted, leases.size]).toEqual([false, 1]);
    await expect(lease.release()).rejects.toMatchObject({ code: "store_unavailable" });
    await leases.close();
    expect([leases.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "in any order of events (seed %i) has one holder, growing fences and nothing left",
    async (seed) => {
      const random = randomOf(seed);
      const clock = new VirtualClock();
      const engine = new MemoryEngine(clock, async () => {
        if (random() < 0.5) await clock.sleep(Math.floor(random() * 40));
        if (random() < 0.1) throw new RoomKitError("store_unavailable", "down");
      });
      const processes = ["a", "b", "c"].map((owner) => ({ owner, leases: new EngineLeases(engine, { clock }) }));
      const holders = new Set<Lease>();
      let [greatest, given] = [0, 0];
      const user = async ({ owner, leases }: (typeof processes)[number]): Promise<void> => {
        for (let n = 0; n < 12; n++) {
          const controller = new AbortController();
          const stop = random() < 0.3 ? clock.setTimeout(() => controller.abort(), random() * 200) : () => {};
          const wait = { waitMs: Math.floor(random() * 400), signal: controller.signal };
          const lease = await leases.acquire("k", { owner, ttlMs: 120, ...wait }).catch(() => undefined);
          stop();
          if (!lease || lease.lost.aborted) continue;
          for (const other of holders) expect(other.lost.aborted).toBe(true);
          holders.add(lease);
          given++;
          expect(lease.fence).toBeGreaterThan(greatest);
          greatest = lease.fence;
          for (let held = random() * 6; held > 1 && !lease.lost.aborted; held--) {
            await clock.sleep(30);
            await lease.renew().catch(() => false);
          }
          holders.delete(lease);
          // Forgotten by some, as by a process that was killed: it lapses.
          if (random() < 0.8) await lease.release().catch(() => {});
        }
      };
      const all = Promise.all(processes.flatMap((each) => [user(each), user(each)]));
      let done = false;
      void all.then(() => {
        done = true;
      });
      while (!done) await clock.advance(10);
      await all;
      const closing = Promise.all(processes.map(({ leases }) => leases.close()));
      await clock.advance(500);
      await closing;
      await settle();
      expect(given).toBeGreaterThan(3);
      expect([processes.map(({ leases }) => leases.size), engine.held("k"), clock.pendingTimers]).toEqual([
        [0, 0, 0],
        false,
        0,
      ]);
    },
  );
});
