import { assertOptions, type LockManager } from "@roomkit/core";
import { settle } from "../settle.ts";
import { type ConformanceCase, check, checkRejects, within } from "./case.ts";
import { checkEqual } from "./equal.ts";

export interface LockConformanceOptions {
  /** Locks that nobody holds. */
  open(): LockManager | Promise<LockManager>;
  /** Real time one requirement may take, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** What every `LockManager` must do; see {@link ConformanceCase}. Uses waits of up to 50 ms of real time. */
export function lockConformance(options: LockConformanceOptions): readonly ConformanceCase[] {
  assertOptions("lockConformance", options, { required: ["open"], function: ["open"], number: ["timeoutMs"] });
  const { open, timeoutMs = 10_000 } = options;
  const cases: readonly (readonly [string, (locks: LockManager) => Promise<void>])[] = [
    [
      "a lock has one holder at a time, in the order of the calls",
      async (locks) => {
        let inside = 0;
        const order: number[] = [];
        const hold = (n: number): Promise<void> =>
          locks.withLock("k", async () => {
            check(++inside === 1, "two held one lock at once");
            await settle(1);
            order.push(n);
            inside--;
          });
        await Promise.all([0, 1, 2, 3, 4].map(hold));
        checkEqual(order, [0, 1, 2, 3, 4], "the order");
      },
    ],
    [
      "keys do not wait for each other",
      async (locks) => {
        await locks.withLock("a", async () => {
          check((await locks.withLock("b", async () => "b")) === "b", "the work's value is given back");
        });
      },
    ],
    [
      "work that throws gives its lock back, and its error",
      async (locks) => {
        const failed = locks
          .withLock("k", () => Promise.reject(new Error("work")))
          .catch((error: Error) => error.message);
        checkEqual(await failed, "work", "the error");
        await locks.withLock("k", async () => {});
      },
    ],
    [
      "waiting ends with timeout; the work never runs, and the next in line is not kept",
      async (locks) => {
        let ran = false;
        const gate = held(locks);
        const impatient = locks.withLock(
          "k",
          async () => {
            ran = true;
          },
          { waitMs: 30 },
        );
        const patient = locks.withLock("k", async () => "next", { waitMs: 5_000 });
        await checkRejects(impatient, "timeout", timeoutMs, "waiting 30 ms");
        gate.open();
        checkEqual(await patient, "next", "the next in line");
        await gate.done;
        check(!ran, "work that gave up must not run");
      },
    ],
    [
      "waiting ends with aborted; the work never runs, and the next in line is not kept",
      async (locks) => {
        let ran = false;
        const gate = held(locks);
        const controller = new AbortController();
        const cut = locks.withLock(
          "k",
          async () => {
            ran = true;
          },
          { signal: controller.signal },
        );
        const patient = locks.withLock("k", async () => "next");
        await settle();
        controller.abort();
        await checkRejects(cut, "aborted", timeoutMs, "waiting with an aborted signal");
        const already = locks.withLock(
          "free",
          async () => {
            ran = true;
          },
          { signal: controller.signal },
        );
        await checkRejects(already, "aborted", timeoutMs, "beginning with an aborted signal");
        gate.open();
        checkEqual(await patient, "next", "the next in line");
        check(!ran, "work that was cut off must not run");
      },
    ],
    [
      "an abort after the lock was given takes nothing away",
      async (locks) => {
        const controller = new AbortController();
        const value = locks.withLock(
          "k",
          async () => {
            controller.abort();
            await settle(1);
            return "done";
          },
          { signal: controller.signal },
        );
        checkEqual(await value, "done", "the work's value");
      },
    ],
  ];
  return cases.map(([name, run]) => ({
    name,
    run: async () => within(run(await open()), timeoutMs, name),
  }));
}

/** Holds the lock `k` until told to open. */
function held(locks: LockManager): { open(): void; readonly done: Promise<void> } {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), done: locks.withLock("k", () => gate) };
}
