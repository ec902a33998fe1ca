import { type KeptSession, type NewEvent, type Room, RoomKit, silentLogger } from "@roomkit/core";
import { leaseConformance, storeConformance } from "@roomkit/testing";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, postgresPrograms, startPostgres } from "../../../tools/engines.ts";
import { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from "./index.ts";

const room = (id: string): Room =>
  ({
    id,
    status: "active",
    createdAt: 0,
    lastActivityAt: 0,
    eventCount: 0,
    timers: {},
    metadata: {},
    version: 0,
  }) as const;
const event = (text: string, idempotencyKey?: string): NewEvent => ({
  ...{ id: text, content: { type: "text", text }, source: { channelId: "voice", role: "user" } },
  ...{ status: "delivered", chainDepth: 0, visibility: "all", createdAt: 0, idempotencyKey },
});

const session = (call: unknown): KeptSession => ({
  ...{ sessionId: "s", roomId: "r", participantId: "ann", channelId: "voice", metadata: {}, tokens: ["token"] },
  ...{ transport: null, call },
});

describe.skipIf(postgresPrograms === undefined)("PostgresStore on a PostgreSQL of this machine", () => {
  let postgres: Engine;
  let count = 0;
  const opened: PostgresStore[] = [];
  const openAs = async (schema: string, more: PostgresStoreOptions = {}): Promise<PostgresStore> => {
    const store = await openPostgresStore({ url: postgres.url, schema, maxConnections: 4, ...more });
    opened.push(store);
    return store;
  };
  const fresh = (more: PostgresStoreOptions = {}): Promise<PostgresStore> => openAs(`s${++count}`, more);
  const another = (): Promise<PostgresStore> => openAs(`s${count}`);
  const held = (): number => opened.reduce((sum, store) => sum + store.connections, 0);

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await postgres.stop();
  });

  describe("keeps to the contract", () => {
    for (const { name, run } of storeConformance({ open: fresh, another, held, timeoutMs: 60_000 })) it(name, run);
  });

  describe("has leases that keep to the contract", () => {
    const leasesOf = async (opening: Promise<PostgresStore>) => {
      const store = await opening;
      return Object.assign(Object.create(store.leases), {
        acquire: store.leases.acquire.bind(store.leases),
        close: () => store.close(),
      });
    };
    const options = { open: () => leasesOf(fresh()), another: () => leasesOf(another()), held, timeoutMs: 60_000 };
    for (const { name, run } of leaseConformance(options)) it(name, run);
  });

  it("is brought up to date once, however many processes begin at once, and by nobody who must not", async () => {
    await expect(fresh({ migrate: false })).rejects.toMatchObject({ code: "store_outdated" });
    const stores = await Promise.all(Array.from({ length: 6 }, () => openAs("together")));
    await stores[0]?.createRoom(room("r"));
    expect(await (await openAs("together", { migrate: false })).getRoom("r")).toMatchObject({ id: "r" });
    await Promise.all(stores.map((store) => store.close()));
  });

  it("goes on after its connections were cut, and says what it cannot do while Postgres is gone", async () => {
    const store = await fresh({ connectTimeoutMs: 500 });
    await store.createRoom(room("r"));
    await store.commit("r", [event("before")], { at: 0, outbox: [{ topic: "t", data: 1 }] });
    const lease = await store.leases.acquire("r", { owner: "a", ttlMs: 60_000 });
    await postgres.kill();
    const gone = { code: "store_unavailable", retryable: true };
    await expect(store.ping()).rejects.toMatchObject(gone);
    await expect(store.commit("r", [event("lost")], { at: 0 })).rejects.toMatchObject(gone);
    await expect(store.leases.acquire("x", { owner: "a", ttlMs: 1_000 })).rejects.toMatchObject(gone);
    await expect(lease.renew()).rejects.toMatchObject(gone);
    await postgres.start();
    // Killed between commit and delivery: what was committed is there, and delivered now.
    expect((await store.readEvents("r")).map(({ id }) => id)).toEqual(["before"]);
    expect(await store.outbox.claim(10, 1_000)).toMatchObject([{ topic: "t", data: 1, attempts: 1 }]);
    expect(await lease.renew()).toBe(true);
    await store.commit("r", [event("after")], { at: 0, fence: lease.fence });
  });

  it("waits for nothing for ever: a Postgres that does not answer", async () => {
    const store = await fresh({ statementTimeoutMs: 300, connectTimeoutMs: 300 });
    await store.createRoom(room("r"));
    const away = { code: "store_unavailable", retryable: true };
    postgres.pause();
    try {
      await expect(store.ping()).rejects.toMatchObject(away);
      await expect(store.getRoom("r")).rejects.toMatchObject(away);
    } finally {
      postgres.resume();
    }
    expect(await store.getRoom("r")).toMatchObject({ id: "r" });
  });

  it("holds one room for two kits, which write to it at once and take turns", async () => {
    const stores = [await fresh(), await another()];
    const kits = stores.map((store) => new RoomKit({ store, leases: store.leases, logger: silentLogger }));
    await kits[0]?.createRoom({ id: "r" });
    const say = (kit: RoomKit, text: string) => kit.sendEvent("r", { content: { type: "text", text } });
    const results = await Promise.all(kits.flatMap((kit, k) => [0, 1, 2].map((n) => say(kit, `${k} ${n}`))));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => "delivered"));
    const log = (await (stores[0] as PostgresStore).readEvents("r")).map(
      ({ content }) => (content as { text: string }).text,
    );
    for (const k of [0, 1])
      expect(log.filter((text) => text.startsWith(`${k}`))).toEqual([0, 1, 2].map((n) => `${k} ${n}`));
    await Promise.all(kits.map((kit) => kit.close()));
  });

  it("fences the kit whose room another process took over: it stores nothing, and its session ends", async () => {
    const [store, other] = [await fresh(), await another()];
    const kit = new RoomKit({ store, leases: store.leases, logger: silentLogger });
    const left: string[] = [];
    kit.registerChannel({
      ...{ id: "voice", kind: "test", category: "transport", register: () => {}, close: async () => {} },
      ...{ onEvent: async () => undefined, deliver: async () => {}, join: async () => {} },
      leave: async (_, reason) => void left.push(reason),
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
    await say("mine");
    const lease = await other.leases.acquire("room:r", { owner: "heir", ttlMs: 60_000, takeOver: true });
    await other.commit("r", [event("heir")], { at: 0, fence: lease.fence });
    await expect(say("zombie")).rejects.toMatchObject({ code: "fenced" });
    await expect.poll(() => left, { timeout: 30_000 }).toEqual(["draining"]);
    const log = (await other.readEvents("r")).map(({ index, content }) => [index, (content as { text?: string }).text]);
    expect(log.slice(-2)).toEqual([
      [log.length - 2, "mine"],
      [log.length - 1, "heir"],
    ]);
    expect(await lease.renew()).toBe(true);
    await kit.close();
  });

  it("lets a process that stood still while it kept a session write over no newer one", async () => {
    const store = await fresh();
    await store.createRoom(room("r"));
    await store.sessions.keep(session("mine"), { ttlMs: 60_000, fence: 1 });
    const schema = `s${count}`;
    const heir = new pg.Client({ connectionString: postgres.url });
    await heir.connect();
    try {
      await heir.query("BEGIN");
      await heir.query(`SELECT FROM ${schema}.sessions FOR UPDATE`);
      // It has looked at the room's fence, and waits.
      const late = store.sessions.keep(session("zombie"), { ttlMs: 60_000, fence: 1 });
      const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}.sessions%'`;
      await expect.poll(async () => (await heir.query(waiting)).rowCount, { timeout: 4_000 }).toBe(1);
      await heir.query(`UPDATE ${schema}.rooms SET fence = 2`);
      await heir.query(`UPDATE ${schema}.sessions SET fence = 2, body = $1`, [JSON.stringify(session("heir"))]);
      await heir.query("COMMIT");
      expect(await late).toBe(false);
      expect(await store.sessions.find("token")).toEqual(session("heir"));
    } finally {
      await heir.end();
    }
  });

  it("writes no index when a session is kept again", async () => {
    const store = await fresh({ maxConnections: 1 });
    await store.createRoom(room("r"));
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      const counts = `SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_user_tables
        WHERE schemaname = 's${count}' AND relname = 'sessions'`;
      let row = { all: 0, hot: 0 };
      // Postgres counts when it comes to it.
      for (let n = 0; row.all < 20 && n < 5_000; n++) {
        await store.sessions.keep(session("said ".repeat(n % 2_000)), { ttlMs: 60_000, fence: 1 });
        const [found] = (await client.query(counts)).rows;
        row = { all: Number(found.all), hot: Number(found.hot) };
      }
      expect(row.all).toBeGreaterThanOrEqual(20);
      expect(row.hot).toBeGreaterThan(0.8 * row.all);
    } finally {
      await client.end();
    }
  });

  it("lets a bounded number of statements wait for a connection", async () => {
    const store = await fresh({ maxConnections: 1, maxWaiting: 3 });
    const codes = await Promise.all(
      Array.from({ length: 8 }, () =>
        store.ping().then(
          () => "",
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(codes.filter((code) => code === "store_busy").length).toBeGreaterThan(0);
    expect(codes.filter((code) => code === "").length).toBeGreaterThan(0);
  });

  it("gives a commit with a key taken by an event that was not first its own events", async () => {
    const store = await fresh();
    await store.createRoom(room("r"));
    await store.commit("r", [event("1", "a"), event("2", "b"), event("3", "b")], { at: 0 });
    const again = await store.commit("r", [event("4", "c"), event("5", "b")], { at: 0 });
    expect(again).toMatchObject({ status: "committed", events: [{ index: 3 }, { index: 4 }] });
    expect(await store.findByIdempotencyKey("r", "b")).toMatchObject({ id: "2" });
  });
});

describe("PostgresStore", () => {
  it.each([
    { url: "mysql://x" },
    { schema: "Drop Table" },
    { ssl: 1 },
    { maxConnections: 0 },
    { statementTimeoutMs: Number.POSITIVE_INFINITY },
    { migrate: "yes" },
  ])("refuses %o", async (options) => {
    await expect(openPostgresStore(options as never)).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("says when it cannot connect", async () => {
    const opening = openPostgresStore({ url: "postgres://nobody@127.0.0.1:1/none", connectTimeoutMs: 500 });
    await expect(opening).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
  });
});
