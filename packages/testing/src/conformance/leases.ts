import { assertOptions, type Lease, type LeaseManager } from "@roomkit/core";
import { settle } from "../settle.ts";
import { type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { closeCases } from "./close.ts";
import { checkEqual } from "./equal.ts";

export interface LeaseConformanceOptions {
  /** Leases that nobody holds. Each requirement opens some of its own and closes them. */
  open(): LeaseManager | Promise<LeaseManager>;
  /** Others on the engine of those opened last, as another process has them. Without it, what two processes do is not looked at. */
  readonly another?: (() => LeaseManager | Promise<LeaseManager>) | undefined;
  /** Real time one requirement may take, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How many connections are open, for the checks that nothing leaks. */
  held?(): number;
}

/** Longer than any requirement takes, and short enough to see it end, ms. */
const [LONG_MS, SHORT_MS] = [60_000, 150];

type LeaseCase = readonly [name: string, run: (leases: LeaseManager, other: LeaseManager) => Promise<void>];

/** What every `LeaseManager` must do; see {@link ConformanceCase}. Leases lapse in real time, after 150 ms. */
export function leaseConformance(options: LeaseConformanceOptions): readonly ConformanceCase[] {
  assertOptions("leaseConformance", options, {
    required: ["open"],
    function: ["open", "another", "held"],
    number: ["timeoutMs"],
  });
  const { open, another, held, timeoutMs = 10_000 } = options;
  const mine: readonly LeaseCase[] = [
    ...cases(timeoutMs),
    ...closeCases<LeaseManager>({
      create: open,
      async begin(leases) {
        await take(leases);
        const waiting = take(leases, { waitMs: LONG_MS });
        await settle(3);
        return { ended: waiting };
      },
      beginning: (leases) => take(leases),
      late: (leases) => take(leases),
      held: held && (() => held()),
      patienceMs: timeoutMs / 2,
    }).map(([name, run]): LeaseCase => [`leases: ${name}`, run]),
  ];
  const every = mine.map(([name, run]) => ({ name, run, peer: undefined as LeaseConformanceOptions["another"] }));
  const between = another
    ? cases(timeoutMs).map(([name, run]) => ({ name: `between two processes ${name}`, run, peer: another }))
    : [];
  return [...every, ...between].map(({ name, run, peer }) => ({
    name,
    async run() {
      const leases = await within(Promise.resolve(open()), timeoutMs, "opening the leases");
      const other = peer === undefined ? leases : await within(Promise.resolve(peer()), timeoutMs, "opening others");
      try {
        await within(run(leases, other), timeoutMs, name);
      } finally {
        await within(Promise.all([leases.close(), other.close()]), timeoutMs, "closing the leases");
      }
    },
  }));
}

interface Taking {
  readonly key?: string;
  readonly owner?: string;
  readonly ttlMs?: number;
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  readonly takeOver?: boolean;
}

function take(
  leases: LeaseManager,
  { key = "k", owner = "me", ttlMs = LONG_MS, ...wait }: Taking = {},
): Promise<Lease> {
  return leases.acquire(key, { owner, ttlMs, ...wait });
}

function cases(timeoutMs: number): readonly LeaseCase[] {
  return [
    [
      "a lease has one holder at a time, and everybody who waits gets it",
      async (leases, other) => {
        let inside = 0;
        const fences: number[] = [];
        const hold = async (n: number): Promise<void> => {
          const lease = await take(n % 2 ? other : leases, { owner: `${n}`, waitMs: timeoutMs });
          check(++inside === 1, "two held one lease at once");
          checkEqual([lease.key, lease.owner, lease.lost.aborted], ["k", `${n}`, false], "the lease");
          await settle(1);
          fences.push(lease.fence);
          inside--;
          await lease.release();
        };
        await Promise.all([0, 1, 2, 3, 4].map(hold));
        check(fences.every(Number.isSafeInteger), `fences must be whole numbers, not ${fences}`);
        check(
          fences.every((fence, i) => i === 0 || fence > (fences[i - 1] as number)),
          `each holder's fence must be greater than the last one's: ${fences}`,
        );
      },
    ],
    [
      "keys do not wait for each other",
      async (leases, other) => {
        const a = await take(leases, { key: "a" });
        const b = await take(other, { key: "b", waitMs: 0 });
        await Promise.all([a.release(), b.release()]);
      },
    ],
    [
      "waiting ends with timeout, at once for 0 ms, and the next in line is not kept",
      async (leases, other) => {
        const holder = await take(leases, { owner: "the holder" });
        await checkRejects(take(other, { waitMs: 0 }), "timeout", timeoutMs, "not waiting at all");
        const impatient = take(other, { waitMs: 30 });
        const patient = take(other, { waitMs: timeoutMs });
        await checkRejects(impatient, "timeout", timeoutMs, "waiting 30 ms");
        await holder.release();
        await (await patient).release();
        await (await take(leases, { waitMs: 0 })).release();
      },
    ],
    [
      "waiting ends with aborted, and nothing is held afterwards",
      async (leases, other) => {
        const holder = await take(leases);
        const controller = new AbortController();
        const cut = take(other, { signal: controller.signal });
        await settle(3);
        controller.abort();
        await checkRejects(cut, "aborted", timeoutMs, "waiting with an aborted signal");
        const already = take(other, { key: "free", signal: controller.signal });
        await checkRejects(already, "aborted", timeoutMs, "beginning with an aborted signal");
        await holder.release();
        for (const key of ["k", "free"]) await (await take(other, { key, waitMs: 0 })).release();
      },
    ],
    [
      "an abort at whichever moment leaves it held by who got it, or by nobody",
      async (leases, other) => {
        for (const turns of [0, 1, 2, 4, 8]) {
          const controller = new AbortController();
          const taking = take(leases, { signal: controller.signal }).then(
            (lease) => lease,
            () => undefined,
          );
          if (turns > 0) await settle(turns);
          controller.abort();
          await (await taking)?.release();
          await (await take(other, { waitMs: timeoutMs / 4 })).release();
        }
      },
    ],
    [
      "a lease that is not renewed lapses: its holder is told, and the next one's fence is greater",
      async (leases, other) => {
        const first = await take(leases, { ttlMs: SHORT_MS });
        const second = await take(other, { waitMs: timeoutMs });
        await until(() => first.lost.aborted, timeoutMs, "telling the holder that its lease is lost");
        const reason: unknown = first.lost.reason;
        check((reason as { code?: string }).code === "lease_lost", `the reason must be lease_lost, not ${reason}`);
        check(second.fence > first.fence, `the fence must grow: ${first.fence}, then ${second.fence}`);
        check(!(await first.renew()), "a lost lease must not be renewed");
        await first.release();
        await checkRejects(take(leases, { waitMs: 30 }), "timeout", timeoutMs, "what another holds");
        await second.release();
      },
    ],
    [
      "a lease that is renewed is held",
      async (leases, other) => {
        const ttlMs = 1_000;
        const lease = await take(leases, { ttlMs });
        let taken = false;
        const waiting = take(other, { waitMs: timeoutMs });
        const noteTaken = (): void => {
          taken = true;
        };
        waiting.then(noteTaken, () => {});
        const end = performance.now() + 1.5 * ttlMs;
        while (performance.now() < end) {
          check(await lease.renew(), "renewing a lease that is held");
          check(!taken && !lease.lost.aborted, "a lease that is renewed must stay with its holder");
          await settle(10);
        }
        await lease.release();
        await (await waiting).release();
      },
    ],
    [
      "releasing again takes nothing from the next holder",
      async (leases, other) => {
        const first = await take(leases);
        await first.release();
        const second = await take(other, { waitMs: timeoutMs });
        await first.release();
        check(!(await first.renew()), "a released lease must not be renewed");
        await checkRejects(take(leases, { waitMs: 30 }), "timeout", timeoutMs, "what another holds");
        check(await second.renew(), "the next holder must hold it still");
        await second.release();
        check(!second.lost.aborted && !first.lost.aborted, "a lease that was released is not lost");
      },
    ],
    [
      "a lease that is taken over is the other's at once, and its holder's no more",
      async (leases, other) => {
        const first = await take(leases, { owner: "gone" });
        const second = await take(other, { owner: "heir", takeOver: true });
        check(second.fence > first.fence, `the fence must grow: ${first.fence}, then ${second.fence}`);
        check(!(await first.renew()), "a lease that was taken over must not be renewed");
        check(first.lost.aborted, "whose lease was taken over must be told when it asks");
        await first.release();
        await checkRejects(take(leases, { waitMs: 0 }), "timeout", timeoutMs, "what the heir holds");
        check(await second.renew(), "the heir must hold it");
        await second.release();
        await (await take(leases, { takeOver: true })).release();
      },
    ],
    [
      "closing gives back what is held",
      async (leases, other) => {
        const lease = await take(leases);
        if (other === leases) return;
        await leases.close();
        check(lease.lost.aborted, "a lease whose manager closed is over");
        await (await take(other, { waitMs: timeoutMs })).release();
      },
    ],
  ];
}
