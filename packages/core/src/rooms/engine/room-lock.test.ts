import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../../errors/error.ts";
import { silentLogger } from "../../log/logger.ts";
import { InProcessLeases } from "../leases.ts";
import { gate, watch } from "../rig.fixture.ts";
import { CallScopes } from "./call-scopes.ts";
import { RoomLeases } from "./room-leases.ts";
import { type LockedSection, RoomLock } from "./room-lock.ts";

function make() {
  const clock = new VirtualClock();
  const leases = new InProcessLeases({ clock });
  const of = { leases, owner: "a", ttlMs: 1_000, clock, logger: silentLogger, onTaken: () => {}, onAway: () => {} };
  const lock = new RoomLock(new RoomLeases(of), new CallScopes(), clock);
  const run = <T>(work: (section: LockedSection) => Promise<T>, signal?: AbortSignal): Promise<T> =>
    lock.run("room", { timeoutMs: 1_000, signal }, work);
  return { clock, held: () => leases.size + lock.size, run };
}

describe("a section under a room's lock", () => {
  it("ends what it waits for when its time is up, and frees the room", async () => {
    const { clock, held, run } = make();
    const stuck = watch(run((section) => section.before(new Promise(() => {}))));
    await clock.advance(1_000);
    expect([stuck.error, held(), clock.pendingTimers]).toEqual(["timeout", 0, 0]);
  });

  it("waits no longer for the room than its whole time", async () => {
    const { clock, run } = make();
    const hold = gate();
    const first = run(async (section) => await section.commit(() => hold.promise));
    const second = watch(run(async () => "in"));
    await clock.advance(1_000);
    expect(second.error).toBe("timeout");
    hold.open();
    await first;
  });

  it("does not begin its commit once it was aborted, however late that was", async () => {
    const { run } = make();
    const controller = new AbortController();
    const why = new RoomKitError("aborted", "too late");
    const work = run(async (section) => {
      await section.before(Promise.resolve());
      controller.abort(why);
      return await section.commit(async () => "stored");
    }, controller.signal);
    await expect(work).rejects.toBe(why);
  });

  it("is stopped by nothing from its first commit on", async () => {
    const { clock, run } = make();
    const controller = new AbortController();
    const work = watch(
      run(async (section) => {
        await section.commit(() => clock.sleep(5_000));
        controller.abort();
        const rest = await section.before(clock.sleep(100).then(() => "stored"));
        return await section.commit(async () => [rest, section.signal.aborted]);
      }, controller.signal),
    );
    await clock.advance(5_100);
    expect(work.value).toEqual(["stored", false]);
  });

  it("is not over before the sections inside of it are, also those nobody waits for", async () => {
    const { clock, run } = make();
    const hold = gate();
    const order: string[] = [];
    const inner: Promise<unknown>[] = [];
    const outer = run(async () => {
      inner.push(
        run(async () => {
          await hold.promise;
          order.push("inner");
        }),
      );
    });
    const next = run(async () => void order.push("next"));
    await settle();
    expect(order).toEqual([]);
    hold.open();
    await Promise.all([outer, next, ...inner]);
    expect([order, clock.pendingTimers]).toEqual([["inner", "next"], 0]);
  });

  it("has its commits and those of the sections inside of it one at a time", async () => {
    const { run } = make();
    let inside = 0;
    const order: string[] = [];
    const commit = (name: string) => async (): Promise<void> => {
      expect(++inside).toBe(1);
      await settle(2);
      order.push(name);
      inside--;
    };
    const inner: Promise<unknown>[] = [];
    await run(async (section) => {
      for (const name of ["a", "b"]) inner.push(run((nested) => nested.commit(commit(name))));
      await section.commit(commit("outer"));
    });
    await Promise.all(inner);
    expect(order.toSorted()).toEqual(["a", "b", "outer"]);
  });

  it("gives its error to the caller and the room to the next", async () => {
    const { held, run } = make();
    await expect(run(() => Promise.reject(new Error("work")))).rejects.toThrow("work");
    expect([await run(async () => "next"), held()]).toEqual(["next", 0]);
  });
});
