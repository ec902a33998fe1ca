import { type AcquireOptions, InProcessLeases, type Lease, type LeaseManager } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { leaseConformance } from "./leases.ts";

type Change = (lease: Lease, options: AcquireOptions, key: string) => Lease | Promise<Lease>;

/** Leases whose every lease is changed by `change`. */
function changed(change: Change): LeaseManager {
  const leases = new InProcessLeases();
  return {
    scope: "process",
    acquire: async (key, options) => change(await leases.acquire(key, options), options, key),
    close: () => leases.close(),
  };
}

/** A lease with other members. */
const as = (lease: Lease, members: Partial<Lease>): Lease => ({
  ...{ key: lease.key, owner: lease.owner, fence: lease.fence, lost: lease.lost },
  ...{ renew: () => lease.renew(), release: () => lease.release() },
  ...members,
});

/** Leases that ask another time, and then in another way. */
function asking(ask: (leases: InProcessLeases, key: string, options: AcquireOptions) => Promise<Lease>): LeaseManager {
  const leases = new InProcessLeases();
  return { scope: "process", acquire: (key, options) => ask(leases, key, options), close: () => leases.close() };
}

/** Each breaks one thing of leases that are right otherwise. */
const defects: Record<string, readonly [required: string, open: () => LeaseManager]> = {
  "are held by two at once": [
    "one holder at a time",
    () => asking(async (_, key, options) => new InProcessLeases().acquire(key, options)),
  ],
  "give every holder the same fence": ["one holder at a time", () => changed((lease) => as(lease, { fence: 1 }))],
  "have one key for all": ["keys do not wait", () => asking((leases, _, options) => leases.acquire("one", options))],
  "wait as long as they like": [
    "at once for 0 ms",
    () => asking((leases, key, { waitMs: _, ...options }) => leases.acquire(key, options)),
  ],
  "hear of no abort": [
    "waiting ends with aborted",
    () => asking((leases, key, { signal: _, ...options }) => leases.acquire(key, options)),
  ],
  "give a lease to who is gone": [
    "whichever moment",
    () =>
      asking(async (leases, key, { signal, ...options }) => {
        const lease = await leases.acquire(key, options);
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (signal?.aborted) throw new Error("aborted, and nobody gives it back");
        return lease;
      }),
  ],
  "cannot be taken over": [
    "taken over is the other's at once",
    () => asking((leases, key, { takeOver: _, ...options }) => leases.acquire(key, { ...options, waitMs: 50 })),
  ],
  "never lapse": [
    "not renewed lapses",
    () => asking((leases, key, options) => leases.acquire(key, { ...options, ttlMs: 60_000 })),
  ],
  "do not tell that they lapsed": [
    "not renewed lapses",
    () => changed((lease) => as(lease, { lost: new AbortController().signal })),
  ],
  "lapse though they are renewed": [
    "renewed is held",
    () => changed((lease) => as(lease, { renew: async () => !lease.lost.aborted })),
  ],
  "give back what is another's": [
    "takes nothing from the next",
    () => {
      const held = new Map<string, Lease>();
      return changed((lease, _, key) => {
        held.set(key, lease);
        return as(lease, { release: async () => held.get(key)?.release() });
      });
    },
  ],
};

/** The names of the requirements, of those whose name has `required` in it, that are not met. */
async function failures(open: () => LeaseManager, required = ""): Promise<string[]> {
  const failed: string[] = [];
  const cases = leaseConformance({ open, timeoutMs: 4_000 }).filter(({ name }) => name.includes(required));
  await Promise.all(cases.map(({ name, run }) => run().catch(() => failed.push(name))));
  return failed;
}

describe("leaseConformance", () => {
  it("passes leases that are right", async () => {
    expect(await failures(() => new InProcessLeases())).toEqual([]);
  });

  for (const [defect, [required, open]] of Object.entries(defects)) {
    it.concurrent(`finds leases that ${defect}`, async () => {
      expect(await failures(open, required)).toHaveLength(1);
    });
  }

  it("finds leases that two processes do not share", async () => {
    const cases = leaseConformance({
      open: () => new InProcessLeases(),
      another: () => new InProcessLeases(),
      timeoutMs: 500,
    });
    const [first] = cases.filter(({ name }) => name.startsWith("between two processes a lease has one holder"));
    await expect(first?.run()).rejects.toThrow(/two held one lease at once|fence must be greater/);
  });
});
