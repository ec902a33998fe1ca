import { MemoryStore, RoomKit, silentLogger } from "@roomkit/core";
import { busConformance, leaseConformance, settle } from "@roomkit/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, redisProgram, startRedis } from "../../../tools/engines.ts";
import { openRedisBus, type RedisBus, type RedisBusOptions } from "./index.ts";

const away = { code: "bus_unavailable", retryable: true };

describe.skipIf(redisProgram === undefined)("RedisBus on a Redis of this machine", () => {
  let redis: Engine;
  let count = 0;
  const opened: RedisBus[] = [];
  const openAs = async (prefix: string, more: RedisBusOptions = {}): Promise<RedisBus> => {
    const bus = await openRedisBus({ url: redis.url, prefix, logger: silentLogger, commandTimeoutMs: 5_000, ...more });
    opened.push(bus);
    return bus;
  };
  const fresh = (more: RedisBusOptions = {}): Promise<RedisBus> => openAs(`p${++count}:`, more);
  const another = (more: RedisBusOptions = {}): Promise<RedisBus> => openAs(`p${count}:`, more);
  const held = (): number => opened.reduce((sum, { connections }) => sum + connections, 0);

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(opened.map((bus) => bus.close()));
    await redis.stop();
  });

  describe("keeps to the contract", () => {
    for (const { name, run } of busConformance({ open: fresh, another, held, timeoutMs: 60_000 })) it(name, run);
  });

  describe("has leases that keep to the contract", () => {
    const leasesOf = async (opening: Promise<RedisBus>) => {
      const bus = await opening;
      return { scope: "shared" as const, acquire: bus.leases.acquire.bind(bus.leases), close: () => bus.close() };
    };
    const options = { open: () => leasesOf(fresh()), another: () => leasesOf(another()), held, timeoutMs: 60_000 };
    for (const { name, run } of leaseConformance(options)) it(name, run);
  });

  it("says at once what it cannot do while Redis is killed, and goes on when it is there again", async () => {
    const bus = await fresh({ reconnectMs: 50 });
    const got: unknown[] = [];
    const gaps: unknown[] = [];
    await bus.subscribe("t", (data) => void got.push(data), { onGap: (dropped) => gaps.push(dropped) });
    const lease = await bus.leases.acquire("k", { owner: "a", ttlMs: 60_000 });
    await redis.kill();
    await expect(bus.publish("t", "lost")).rejects.toMatchObject(away);
    await expect(bus.beat("k", 1, 1_000)).rejects.toMatchObject(away);
    await expect(bus.take("k", { burst: 1, perSecond: 1 })).rejects.toMatchObject(away);
    await expect(lease.renew()).rejects.toMatchObject(away);
    await expect(bus.leases.acquire("other", { owner: "a", ttlMs: 1_000 })).rejects.toMatchObject(away);
    await expect(bus.subscribe("u", () => {})).rejects.toMatchObject(away);
    await expect(openRedisBus({ url: redis.url, logger: silentLogger })).rejects.toMatchObject(away);
    await redis.start();
    await expect.poll(() => gaps, { timeout: 30_000 }).toEqual([undefined]);
    await expect
      .poll(
        () =>
          bus.publish("t", "again").then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await expect.poll(() => got, { timeout: 30_000 }).toEqual(["again"]);
    // It forgot the lease: the next fence is greater all the same, and the old holder is told.
    expect(await lease.renew()).toBe(false);
    const next = await bus.leases.acquire("k", { owner: "b", ttlMs: 60_000 });
    expect([lease.lost.aborted, next.fence > lease.fence]).toEqual([true, true]);
  });

  it("costs no call that is there when it is killed, also beyond the end of its leases", async () => {
    const bus = await fresh({ reconnectMs: 50 });
    const store = Object.assign(new MemoryStore(), { scope: "shared" as never });
    const kit = new RoomKit({ store, leases: bus.leases, leaseTtlMs: 300, logger: silentLogger });
    const taken: unknown[] = [];
    kit.on("room_fenced", (payload) => taken.push(payload));
    kit.registerChannel({
      ...{ id: "voice", kind: "test", category: "transport", register: () => {}, close: async () => {} },
      ...{ join: async () => {}, leave: async () => {} },
    });
    await kit.createRoom({ id: "r" });
    await kit.attachChannel("r", "voice");
    const session = {
      id: "s",
      roomId: "r",
      channelId: "voice",
      participantId: "ann",
      state: "active",
      metadata: {},
    } as const;
    await kit.join("r", "voice", { session });
    const say = (text: string) => kit.sendEvent("r", { content: { type: "text", text } });
    await say("before");
    await redis.kill();
    for (const text of ["while it is gone", "still"]) {
      expect(await say(text)).toMatchObject({ status: "delivered" });
      await settle(100);
    }
    await redis.start();
    const client = new Redis(redis.url);
    await expect.poll(() => client.exists(`p${count}:lease:room:r`), { timeout: 30_000 }).toBe(1);
    client.disconnect();
    expect(await say("after")).toMatchObject({ status: "delivered" });
    expect([(await store.readEvents("r")).filter(({ content }) => content.type === "text").length, taken]).toEqual([
      4,
      [],
    ]);
    await kit.close();
  });

  it("waits for nothing for ever: a Redis that does not answer", async () => {
    const bus = await fresh({ commandTimeoutMs: 200 });
    const lease = await bus.leases.acquire("k", { owner: "a", ttlMs: 400 });
    const long = await bus.leases.acquire("long", { owner: "a", ttlMs: 60_000 });
    redis.pause();
    try {
      await expect(bus.publish("t", 1)).rejects.toMatchObject(away);
      await expect(bus.subscribe("t", () => {})).rejects.toMatchObject(away);
      await expect(bus.ping()).rejects.toMatchObject(away);
      await expect(long.renew()).rejects.toMatchObject(away);
      await expect.poll(() => lease.lost.aborted, { timeout: 30_000 }).toBe(true);
      await expect(
        openRedisBus({ url: redis.url, connectTimeoutMs: 200, commandTimeoutMs: 200, logger: silentLogger }),
      ).rejects.toMatchObject(away);
    } finally {
      redis.resume();
    }
    await expect
      .poll(
        () =>
          bus.ping().then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await bus.publish("t", 2);
  });

  it("ends at once while Redis does not answer", async () => {
    const bus = await fresh({ commandTimeoutMs: 200 });
    await bus.leases.acquire("k", { owner: "a", ttlMs: 60_000 });
    redis.pause();
    try {
      await bus.close();
      expect(bus.connections).toBe(0);
    } finally {
      redis.resume();
    }
  });

  it("limits a rate for all processes together", async () => {
    const buses = [await fresh(), await another()];
    const takes = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (buses[n % 2] as RedisBus).take("offers", { burst: 10, perSecond: 0.001 })),
    );
    expect(takes.filter((wait) => wait === 0)).toHaveLength(10);
    expect(Math.min(...takes.filter((wait) => wait > 0))).toBeGreaterThan(900_000);
    const bus = buses[0] as RedisBus;
    expect(await bus.take("fast", { burst: 2, perSecond: 100, cost: 2 })).toBe(0);
    const wait = await bus.take("fast", { burst: 2, perSecond: 100, cost: 2 });
    expect(wait).toBeLessThanOrEqual(20);
    while ((await bus.take("fast", { burst: 2, perSecond: 100, cost: 2 })) > 0) await settle(1);
    await expect(bus.take("x", { burst: 1, perSecond: 1, cost: 2 })).rejects.toMatchObject({ code: "invalid_option" });
  });
});

describe("RedisBus", () => {
  it.each([
    { url: "http://x" },
    { url: "redis://me:secret@host:port" },
    { prefix: 1 },
    { commandTimeoutMs: 0 },
    { reconnectMs: 1.5 },
  ])("refuses %o", async (options) => {
    await expect(openRedisBus(options as never)).rejects.toMatchObject({ code: "invalid_option" });
  });
});
