import { getEventListeners } from "node:events";
import { RoomKitError } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { entryBeside } from "./entry.ts";
import { WorkerPool, type WorkerPoolOptions } from "./pool.ts";
import type { FixtureData, FixtureJob } from "./worker.fixture.ts";

const pools: WorkerPool<FixtureJob, unknown>[] = [];

function pool(options: Partial<WorkerPoolOptions> & { data?: FixtureData } = {}): WorkerPool<FixtureJob, unknown> {
  const entry = entryBeside(import.meta.url, "worker.fixture");
  const made = new WorkerPool<FixtureJob, unknown>({ name: "fixture", entry, size: 1, data: {}, ...options });
  pools.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((made) => made.close()));
});

const coded = (code: string, retryable = true) => expect.objectContaining({ code, retryable });

async function pidOf(made: WorkerPool<FixtureJob, unknown>): Promise<{ pid: number; cancelled: number }> {
  return (await made.run({ do: "pid" })) as { pid: number; cancelled: number };
}

/** Until the pool's one worker runs a job: it has loaded by then. */
async function busy(made: WorkerPool<FixtureJob, unknown>): Promise<void> {
  await vi.waitFor(() => expect(made.load).toMatchObject({ busy: 1 }), { timeout: 20_000, interval: 5 });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a job", { timeout: 30_000 }, () => {
  it("comes back with its result, typed arrays included", async () => {
    const made = pool();
    const samples = Int16Array.of(-32_768, 0, 32_767);
    expect(await made.run({ do: "echo", value: { samples, text: "ä" } })).toEqual({ samples, text: "ä" });
  });

  it("comes back with the worker's error and its code", async () => {
    const made = pool();
    await expect(made.run({ do: "throw-coded" })).rejects.toMatchObject({ code: "made_up", details: { n: 1 } });
    await expect(made.run({ do: "throw" })).rejects.toMatchObject({ code: "worker_failed", message: "made to fail" });
    expect(made.load).toEqual({ workers: 1, busy: 0, waiting: 0 });
  });

  it("that cannot be copied to a process fails alone, whoever waits before and behind it", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock });
    const nothing = (value: unknown): boolean => value === undefined;
    const jobs = [1, nothing, nothing, 2].map((value) => made.run({ do: "echo", value }));
    const [first, second, third, fourth] = await Promise.allSettled(jobs);
    expect([first, fourth]).toMatchObject([{ value: 1 }, { value: 2 }]);
    for (const refused of [second, third]) expect(refused).toMatchObject({ reason: coded("invalid_option", false) });
    await expect(made.run({ do: "echo", value: nothing })).rejects.toEqual(coded("invalid_option", false));
    expect(made.load).toEqual({ workers: 1, busy: 0, waiting: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it("whose result or error cannot be copied back fails alone", async () => {
    const made = pool();
    const { pid } = await pidOf(made);
    await expect(made.run({ do: "function" })).rejects.toMatchObject({ code: "worker_failed" });
    await expect(made.run({ do: "throw-function" })).rejects.toMatchObject({ code: "made_up", details: {} });
    expect((await pidOf(made)).pid).toBe(pid);
  });

  it("takes views of any memory", async () => {
    const made = pool();
    const shared = new Int16Array(new SharedArrayBuffer(16), 4, 3);
    shared.set([1, -2, 3]);
    expect(await made.run({ do: "echo", value: shared })).toEqual(Int16Array.of(1, -2, 3));
    const view = new Int16Array(new Int16Array([9, 1, -2, 3, 9]).buffer, 2, 3);
    expect(await made.run({ do: "echo", value: view })).toEqual(Int16Array.of(1, -2, 3));
    expect(await made.run({ do: "echo", value: new Int16Array(0) })).toEqual(new Int16Array(0));
  });

  it("that was aborted before is never started", async () => {
    const made = pool();
    await expect(made.run({ do: "spin" }, { signal: AbortSignal.abort() })).rejects.toEqual(coded("aborted", false));
    expect(made.load).toEqual({ workers: 0, busy: 0, waiting: 0 });
  });

  it("that waits is taken out of the queue when it is aborted", async () => {
    const made = pool();
    const first = made.run({ do: "echo", value: 1 });
    const abort = new AbortController();
    const second = made.run({ do: "spin" }, { signal: abort.signal });
    expect(made.load.waiting).toBe(2);
    abort.abort();
    await expect(second).rejects.toEqual(coded("aborted", false));
    expect(await first).toBe(1);
    expect(await made.run({ do: "echo", value: 3 })).toBe(3);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  });

  it("under way hears that it was aborted, and its worker goes on to the next", async () => {
    const made = pool();
    const { pid } = await pidOf(made);
    const abort = new AbortController();
    const job = made.run({ do: "until-cancelled" }, { signal: abort.signal });
    abort.abort(new RoomKitError("aborted", "enough"));
    await expect(job).rejects.toThrow("enough");
    expect(await pidOf(made)).toEqual({ pid, cancelled: 1 });
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  });

  it("leaves no timer behind", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock });
    await made.run({ do: "echo", value: 1 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("the queue", { timeout: 30_000 }, () => {
  it("says when there is more than can be done in time, and for 5 s after; loading and background work are no reason", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock });
    const first = made.run({ do: "echo", value: 1 });
    clock.advance(2_000);
    expect([made.load.waiting, made.overloaded]).toEqual([1, false]);
    await first;
    expect(made.overloaded).toBe(false);

    const abort = new AbortController();
    const busy = made.run({ do: "until-cancelled" }, { signal: abort.signal }).catch(() => {});
    const next = made.run({ do: "echo", value: 2 });
    await clock.advance(500);
    expect(made.overloaded).toBe(false);
    await clock.advance(1);
    expect(made.overloaded).toBe(true);
    abort.abort();
    await Promise.all([busy, next]);
    await clock.advance(4_999);
    expect(made.overloaded).toBe(true);
    await clock.advance(1);
    expect(made.overloaded).toBe(false);
  });

  it("refuses what it has no room for", async () => {
    const made = pool({ queueLimit: 2 });
    const kept = [1, 2].map((value) => made.run({ do: "echo", value }));
    await expect(made.run({ do: "echo", value: 3 })).rejects.toEqual(coded("busy"));
    expect(await Promise.all(kept)).toEqual([1, 2]);
  });

  it("keeps its order", async () => {
    const made = pool();
    const order: unknown[] = [];
    const jobs = [0, 1, 2, 3].map(async (value) => order.push(await made.run({ do: "echo", value })));
    await Promise.all(jobs);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it("starts as many workers as it needs, up to the pool's size", async () => {
    const made = pool({ size: 2 });
    const jobs = [made.run({ do: "echo", value: 0 })];
    expect(made.load).toMatchObject({ workers: 1, waiting: 1 });
    for (let value = 1; value < 5; value++) jobs.push(made.run({ do: "echo", value }));
    expect(made.load).toMatchObject({ workers: 2, waiting: 5 });
    expect(await Promise.all(jobs)).toEqual([0, 1, 2, 3, 4]);
    expect(made.load).toEqual({ workers: 2, busy: 0, waiting: 0 });
  });

  it("does not let a job wait for ever", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock, jobTimeoutMs: 1_000, startTimeoutMs: 60_000, data: { hang: true } });
    const job = made.run({ do: "echo", value: 1 });
    job.catch(() => {});
    await clock.advance(1_000);
    await expect(job).rejects.toEqual(coded("timeout"));
    expect(made.load.waiting).toBe(0);
  });
});

describe("background work", { timeout: 30_000 }, () => {
  it("runs on an idle worker and nowhere else", async () => {
    const made = pool();
    await expect(made.run({ do: "echo", value: 1 }, { background: true })).rejects.toEqual(coded("busy"));
    await made.run({ do: "echo", value: 1 });
    expect(await made.run({ do: "echo", value: 2 }, { background: true })).toBe(2);
    const abort = new AbortController();
    const front = made.run({ do: "until-cancelled" }, { signal: abort.signal });
    await expect(made.run({ do: "echo", value: 3 }, { background: true })).rejects.toEqual(coded("busy"));
    abort.abort();
    await expect(front).rejects.toEqual(coded("aborted", false));
  });

  it("is told beforehand whether it would run", async () => {
    const made = pool();
    expect(made.idle).toBe(false);
    made.prepare();
    made.prepare();
    expect(made.load).toEqual({ workers: 1, busy: 0, waiting: 0 });
    await vi.waitFor(() => expect(made.idle).toBe(true), { timeout: 20_000, interval: 5 });
    const abort = new AbortController();
    const job = made.run({ do: "until-cancelled" }, { background: true, signal: abort.signal });
    expect(made.idle).toBe(false);
    abort.abort();
    await expect(job).rejects.toEqual(coded("aborted", false));
    await made.close();
    made.prepare();
    expect(made.load.workers).toBe(0);
  });

  it("gives way to other work at once, without a worker more", async () => {
    const made = pool({ size: 2 });
    const { pid } = await pidOf(made);
    const back = made.run({ do: "until-cancelled" }, { background: true });
    const front = pidOf(made);
    await expect(back).rejects.toEqual(coded("preempted"));
    expect(await front).toEqual({ pid, cancelled: 1 });
    expect(made.load.workers).toBe(1);
  });

  it("gives way no more once promoted", async () => {
    const made = pool({ size: 2 });
    await pidOf(made);
    const abort = new AbortController();
    const back = made.start({ do: "until-cancelled" }, { background: true, signal: abort.signal });
    back.promote();
    // The second worker takes this one.
    expect((await pidOf(made)).cancelled).toBe(0);
    abort.abort();
    await expect(back.result).rejects.toEqual(coded("aborted", false));
  });
});

describe("a worker", { timeout: 30_000 }, () => {
  it("that crashes fails its own job and is replaced for the others", async () => {
    const made = pool();
    const { pid } = await pidOf(made);
    const crash = made.run({ do: "crash" });
    const next = pidOf(made);
    await expect(crash).rejects.toEqual(coded("worker_crashed"));
    expect((await next).pid).not.toBe(pid);
    expect(made.load.workers).toBe(1);
  });

  it("that never ends a job is killed and replaced", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock, jobTimeoutMs: 5_000 });
    const { pid } = await pidOf(made);
    const stuck = made.run({ do: "spin" });
    stuck.catch(() => {});
    await clock.advance(5_000);
    await expect(stuck).rejects.toEqual(coded("timeout"));
    expect((await pidOf(made)).pid).not.toBe(pid);
    await vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 5_000 });
    expect(clock.pendingTimers).toBe(0);
  });

  it("that cannot load says why to everyone who waits for it", async () => {
    const made = pool({ data: { fail: true } });
    const jobs = [made.run({ do: "echo", value: 1 }), made.run({ do: "echo", value: 2 })];
    for (const job of jobs) await expect(job).rejects.toEqual(coded("no_model", false));
    await expect(made.run({ do: "echo", value: 3 })).rejects.toEqual(coded("no_model", false));
  });

  it("whose data cannot be copied to it is told of, and leaves no process", async () => {
    const made = pool({ data: { value: () => {} } });
    const jobs = [1, 2].map((value) => made.run({ do: "echo", value }));
    for (const job of jobs) await expect(job).rejects.toEqual(coded("invalid_option", false));
    expect(made.load).toEqual({ workers: 0, busy: 0, waiting: 0 });
    made.prepare();
    await made.close();
  });

  it("that dies while loading is told of", async () => {
    await expect(pool({ data: { die: true } }).run({ do: "pid" })).rejects.toEqual(coded("worker_crashed"));
  });

  it("that does not load in time is given up", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock, startTimeoutMs: 2_000, data: { hang: true } });
    const job = made.run({ do: "pid" });
    job.catch(() => {});
    await clock.advance(2_000);
    await expect(job).rejects.toEqual(coded("timeout"));
    expect(made.load.workers).toBe(0);
  });

  it("whose module is missing is told of", async () => {
    const made = pool({ entry: new URL("./nowhere.fixture.js", import.meta.url) });
    await expect(made.run({ do: "pid" })).rejects.toEqual(coded("worker_crashed"));
  });
});

describe("closing", { timeout: 30_000 }, () => {
  it("ends what runs and what waits, and leaves no process", async () => {
    const clock = new VirtualClock();
    const made = pool({ clock });
    const { pid } = await pidOf(made);
    const running = made.run({ do: "spin" });
    const waiting = made.run({ do: "pid" });
    for (const job of [running, waiting]) job.catch(() => {});
    await busy(made);
    await made.close();
    for (const job of [running, waiting]) await expect(job).rejects.toEqual(coded("closed", false));
    expect(alive(pid)).toBe(false);
    expect(made.load).toEqual({ workers: 0, busy: 0, waiting: 0 });
    expect(clock.pendingTimers).toBe(0);
    await expect(made.run({ do: "pid" })).rejects.toEqual(coded("closed", false));
    await made.close();
  });
});

describe("options", () => {
  it.each([{ size: 0 }, { size: 1.5 }, { queueLimit: 0 }, { jobTimeoutMs: -1 }])("refuse %o", (options) => {
    expect(() => pool(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});
