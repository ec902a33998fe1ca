import { seededRandom, settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { silentLogger } from "../../log/logger.ts";
import { eventText } from "../event.ts";
import { type Fault, FaultyStore, SharedLeases } from "../faulty-store.fixture.ts";
import { RoomKit } from "../kit.ts";
import type { RoomKitOptions } from "../options.ts";
import { TestChannel, watch } from "../rig.fixture.ts";

const TOLD = [
  ...(["store_unreachable", "store_reachable", "events_not_kept", "room_fenced", "room_closed"] as const),
  ...(["leases_unreachable", "process_timeout", "delivery_failed"] as const),
];

const session = (id: string): VoiceSession =>
  ({ id, roomId: "room", channelId: "voice", participantId: "ann", state: "active", metadata: {} }) as VoiceSession;

/** A call in a room: a caller's channel and one that reads. */
async function call(options: RoomKitOptions = {}) {
  const clock = new VirtualClock();
  const store = new FaultyStore();
  const leases = new SharedLeases({ clock });
  const kit = new RoomKit({ clock, store, leases, owner: "a", logger: silentLogger, keepSessions: false, ...options });
  const told: string[] = [];
  for (const name of TOLD) {
    kit.on(name, (payload) => {
      const { count, error } = payload as { count?: number; error?: { code: string } };
      told.push([name, count, name === "events_not_kept" ? error?.code : undefined].filter(Boolean).join(" "));
    });
  }
  const [voice, ai] = [new TestChannel("voice"), new TestChannel("ai", "intelligence")];
  await kit.createRoom({ id: "room" });
  for (const channel of [voice, ai]) {
    kit.registerChannel(channel);
    await kit.attachChannel("room", channel.id);
  }
  await kit.join("room", "voice", { session: session("s") });
  const indexes: number[] = [];
  kit.on("event_processed", ({ event }) => indexes.push(event.index));
  let count = 0;
  const say = (text = `${count}`, key?: string) => {
    count++;
    return kit.processInbound({
      ...{ roomId: "room", channelId: "voice", content: { type: "text", text } },
      idempotencyKey: key,
    });
  };
  /** The log, without what the system wrote: each text with its index. */
  const log = async (): Promise<string[]> => {
    store.fault = "up";
    const events = await store.readEvents("room");
    expect(events.map(({ index }) => index)).toEqual(events.map((_, i) => i));
    return events.filter(({ content }) => content.type === "text").map((event) => `${event.index} ${eventText(event)}`);
  };
  return { clock, store, leases, kit, told, voice, ai, say, log, indexes };
}

describe("a call while its store is down", () => {
  it.each(["refuses", "dies", "stalls"] as const)("goes on, and is in the log once: the store %s", async (fault) => {
    const { clock, store, told, ai, say, log, indexes } = await call();
    await say("before");
    store.fault = fault;
    const first = watch(say("one"));
    await clock.advance(1_000);
    await say("two", "k");
    expect(await say("two again", "k")).toMatchObject({ status: "duplicate", event: { content: { text: "two" } } });
    expect(first.value).toMatchObject({ status: "delivered", event: { index: 3 } });
    expect(ai.read).toEqual(["before", "one", "two"]);
    // One turn waited for it; the others know.
    const calls = store.calls;
    await say("three");
    expect(store.calls).toBe(calls);
    await store.resume();
    await clock.advance(2_000);
    await say("after");
    expect(await log()).toEqual(["2 before", "3 one", "4 two", "5 three", "6 after"]);
    expect(indexes).toEqual([2, 3, 4, 5, 6]);
    expect(told).toEqual(["store_unreachable", "store_reachable"]);
  });

  it("shows the model what was said before and meanwhile", async () => {
    const { store, ai, say } = await call();
    const seen: string[][] = [];
    ai.answer = async (_, context) => void seen.push((await context.history()).map(eventText).filter(Boolean));
    await say("before");
    store.fault = "refuses";
    await say("one");
    await say("two");
    expect(seen.at(-1)).toEqual(["before", "one"]);
    expect(await ai.host.participants("room")).toEqual([]);
  });

  it("asks once more where a connection broke, and says nothing", async () => {
    const { store, told, say, log } = await call();
    const commit = store.commit.bind(store);
    let cut = true;
    store.commit = async (...args) => {
      if (!cut) return await commit(...args);
      cut = false;
      store.fault = "dies";
      return await commit(...args).finally(() => {
        store.fault = "up";
      });
    };
    const said = await say("one", "k");
    expect(said).toMatchObject({ status: "delivered", event: { index: 2 } });
    expect([await log(), told]).toEqual([["2 one"], []]);
  });

  it("is written behind what waits, while that is being written", async () => {
    const { clock, store, say, log } = await call();
    store.fault = "refuses";
    await say("one");
    await say("two");
    store.fault = "up";
    const commit = store.commit.bind(store);
    let open = (): void => {};
    store.commit = async (...args) => {
      await new Promise<void>((resolve) => {
        open = resolve;
      });
      return await commit(...args);
    };
    await clock.advance(150);
    // The first is on its way.
    await say("three");
    store.commit = commit;
    open();
    await clock.advance(1_000);
    expect(await log()).toEqual(["2 one", "3 two", "4 three"]);
  });

  it("keeps so much and no more", async () => {
    const { clock, store, say, log } = await call({ maxKeptEvents: 2 });
    store.fault = "refuses";
    await say("one");
    await say("two");
    await expect(say("three")).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
    store.fault = "up";
    await clock.advance(1_000);
    await say("four");
    expect(await log()).toEqual(["2 one", "3 two", "4 four"]);
    const small = await call({ maxKeptLength: 2_000 });
    small.store.fault = "refuses";
    await expect(small.say("x".repeat(2_000))).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("is lost where another process took the room over, and that is said", async () => {
    const { clock, store, told, say, log, kit } = await call();
    store.fault = "refuses";
    await say("one");
    await say("two");
    store.fault = "up";
    await store.commit("room", [], { at: 0, fence: 9_000 });
    await clock.advance(1_000);
    expect(told).toEqual(["store_unreachable", "events_not_kept 2 fenced", "room_fenced", "store_reachable"]);
    expect(await log()).toEqual([]);
    await kit.close();
  });

  it("ends with its room: the store learns of it later", async () => {
    const { clock, store, leases, told, kit, say, log } = await call();
    store.fault = "refuses";
    await say("one");
    expect((await kit.closeRoom("room")).status).toBe("closed");
    await expect(say("two")).rejects.toMatchObject({ code: "store_unavailable" });
    // Nobody else has it until all is written.
    expect(leases.size).toBe(1);
    store.fault = "up";
    await clock.advance(1_000);
    expect([await log(), (await store.getRoom("room"))?.status, leases.size]).toEqual([["2 one"], "closed", 0]);
    expect(told).toEqual(["store_unreachable", "room_closed", "store_reachable"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ["the store comes back", "up", 3_000, []],
    ["it does not", "refuses", 20_000, ["events_not_kept 1 kit_closed"]],
  ] as const)("ends with its kit, which waits for the store a while: %s", async (_, fault, ms, lost) => {
    const { clock, store, leases, told, kit, say, log } = await call();
    store.fault = "refuses";
    await say("one");
    const closed = watch(kit.close());
    await clock.advance(2_000);
    expect(closed.state).toBe("pending");
    store.fault = fault;
    await clock.advance(ms);
    expect(closed.state).toBe("done");
    expect(told.filter((name) => name.startsWith("events"))).toEqual(lost);
    expect(await log()).toEqual(fault === "up" ? ["2 one"] : []);
    expect([clock.pendingTimers, leases.size]).toEqual([0, 0]);
  });

  it("is not begun, and a room without one is not written to, where another may have been", async () => {
    const { clock, store, kit, say } = await call();
    await say("before");
    store.fault = "refuses";
    await expect(kit.createRoom({ id: "other" })).rejects.toMatchObject({ code: "store_unavailable" });
    await kit.leave(session("s"));
    store.fault = "up";
    await clock.advance(2_000);
    const idle = await call();
    await idle.kit.detachChannel("room", "voice").catch(() => {});
    await idle.kit.attachChannel("room", "voice");
    idle.store.fault = "refuses";
    // Its lease was given back after that, and is another now.
    await expect(idle.say("x")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("loses what the store refuses, and nothing else", async () => {
    const { clock, store, told, say } = await call();
    store.fault = "refuses";
    for (const text of ["one", "two", "three"]) await say(text);
    store.fault = "up";
    const commit = store.commit.bind(store);
    store.commit = async (roomId, events, options) => {
      if (events.some((event) => event.content.type === "text" && event.content.text === "two"))
        throw new Error("does not like it");
      return await commit(roomId, events, options);
    };
    await clock.advance(1_000);
    await say("four");
    const texts = (await store.readEvents("room")).map((event) => `${event.index} ${eventText(event)}`).slice(2);
    expect(texts).toEqual(["2 one", "3 three", "4 four"]);
    expect(told).toEqual(["store_unreachable", "events_not_kept 1 store_failed", "store_reachable"]);
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))("has each text once and in order, seed %i", async (seed) => {
    const random = seededRandom(seed);
    const { clock, store, told, ai, say, log, indexes } = await call();
    const faults: Fault[] = ["up", "up", "refuses", "dies", "stalls"];
    const texts: string[] = [];
    const pending: Promise<unknown>[] = [];
    const shuffled = (waiting: (() => void)[]) =>
      waiting
        .map((go) => ({ go, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ go }) => go);
    for (let step = 0; step < 60; step++) {
      const what = random();
      if (what < 0.25) {
        const fault = faults[Math.floor(random() * faults.length)] as Fault;
        if (store.fault === "stalls" || fault === "up") await store.resume(shuffled);
        store.fault = fault;
      } else if (what < 0.7) {
        texts.push(`t${step}`);
        pending.push(say(`t${step}`, random() < 0.5 ? `k${step}` : undefined));
        await settle();
      } else await clock.advance(Math.floor(random() * 1_500));
    }
    await store.resume(shuffled);
    await clock.advance(30_000);
    await Promise.all(pending);
    expect((await log()).map((line) => line.replace(/^\d+ /, ""))).toEqual(texts);
    expect(ai.read).toEqual(texts);
    expect(indexes).toEqual(texts.map((_, i) => i + 2));
    expect(told.filter((name) => !/^store_/.test(name))).toEqual([]);
    expect(told.filter((name) => name === "store_unreachable").length).toBe(
      told.filter((name) => name === "store_reachable").length,
    );
  });
});
