import { storeConformance, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { KeptSession } from "./kept-sessions.ts";
import { MemoryStore } from "./memory-store.ts";
import type { Room } from "./room.ts";
import type { NewEvent } from "./store.ts";

const at = 1_700_000_000_000;

function room(id: string): Room {
  return {
    id,
    status: "active",
    createdAt: at,
    lastActivityAt: at,
    eventCount: 0,
    timers: {},
    metadata: {},
    version: 0,
  };
}

function event(id: string, more: Partial<NewEvent> = {}): NewEvent {
  return {
    id,
    content: { type: "text", text: id },
    source: { channelId: "voice", role: "user" },
    status: "delivered",
    chainDepth: 0,
    visibility: "all",
    createdAt: at,
    ...more,
  };
}

function session(roomId: string, sessionId: string): KeptSession {
  const who = { participantId: "ann", channelId: "voice", metadata: {} };
  return { sessionId, roomId, ...who, tokens: [sessionId], transport: null, call: null };
}

describe("MemoryStore", () => {
  describe("keeps to the contract", () => {
    for (const { name, run } of storeConformance({ open: () => new MemoryStore() })) it(name, run);
  });

  it.each([{ maxClosedRooms: -1 }, { maxClosedRooms: 1.5 }, { maxEventsPerRoom: 0 }, { maxEventsPerRoom: Number.NaN }])(
    "refuses %o",
    (options) => {
      expect(() => new MemoryStore(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    },
  );

  it("forgets the room closed first when there are too many closed ones, and never an open one", async () => {
    const store = new MemoryStore({ maxClosedRooms: 2 });
    for (const id of ["a", "b", "c", "d"]) await store.createRoom(room(id));
    for (const id of ["b", "a", "d"]) await store.patchRoom(id, { status: "closed" }, 0);
    expect((await store.listRooms()).map(({ id }) => id)).toEqual(["a", "c", "d"]);
  });

  it("keeps a room that is archived at its place among the closed ones", async () => {
    const store = new MemoryStore({ maxClosedRooms: 1 });
    await store.createRoom(room("a"));
    await store.patchRoom("a", { status: "closed" }, 0);
    await store.patchRoom("a", { status: "archived" }, 1);
    expect((await store.getRoom("a"))?.status).toBe("archived");
  });

  it("refuses more events than a room may hold, all of a commit or none", async () => {
    const store = new MemoryStore({ maxEventsPerRoom: 2 });
    await store.createRoom(room("a"));
    await store.commit("a", [event("1")], { at });
    await expect(store.commit("a", [event("2"), event("3")], { at })).rejects.toMatchObject({ code: "room_full" });
    expect(await store.readEvents("a")).toHaveLength(1);
    await store.commit("a", [event("2")], { at });
    expect((await store.getRoom("a"))?.eventCount).toBe(2);
  });

  it("refuses what is not data, and stores nothing of it", async () => {
    const store = new MemoryStore();
    await store.createRoom(room("a"));
    const bad = event("2", { idempotencyKey: "k", metadata: { callback: () => {} } });
    await expect(store.commit("a", [event("1"), bad], { at })).rejects.toMatchObject({ code: "invalid_data" });
    expect(await store.readEvents("a")).toEqual([]);
    expect((await store.commit("a", [event("3", { idempotencyKey: "k" })], { at })).status).toBe("committed");
  });

  it("keeps binary data in metadata", async () => {
    const store = new MemoryStore();
    await store.createRoom(room("a"));
    await store.commit("a", [event("1", { metadata: { bytes: new Uint8Array([1, 2]) } })], { at });
    expect((await store.readEvents("a"))[0]?.metadata).toEqual({ bytes: new Uint8Array([1, 2]) });
  });

  it("lets sessions lapse by the clock it is given", async () => {
    const clock = new VirtualClock();
    const store = new MemoryStore({ clock });
    await store.createRoom(room("a"));
    await store.sessions.keep(session("a", "s"), { ttlMs: 5_000 });
    await clock.advance(4_999);
    expect([await store.sessions.find("s"), await store.sessions.expired(1)]).toMatchObject([{ sessionId: "s" }, []]);
    await clock.advance(1);
    expect(await store.sessions.find("s")).toBe(undefined);
    expect(await store.sessions.expired(1)).toMatchObject([{ sessionId: "s" }]);
  });

  it("keeps a bounded number of sessions of a room: one more, and that which is over first is dropped", async () => {
    const store = new MemoryStore();
    for (const id of ["a", "b"]) await store.createRoom(room(id));
    const keep = (roomId: string, id: string, ttlMs: number) => store.sessions.keep(session(roomId, id), { ttlMs });
    await keep("b", "other", 1_000);
    for (let n = 0; n < 1_000; n++) await keep("a", `${n}`, n === 500 ? 30_000 : 60_000);
    await keep("a", "999", 60_000);
    expect(await store.sessions.find("500")).toMatchObject({ sessionId: "500" });
    await keep("a", "1000", 60_000);
    expect(await Promise.all(["0", "500", "1000", "other"].map((token) => store.sessions.find(token)))).toMatchObject([
      { sessionId: "0" },
      undefined,
      { sessionId: "1000" },
      { sessionId: "other" },
    ]);
  });

  it("forgets the sessions of a closed room with the room", async () => {
    const store = new MemoryStore({ maxClosedRooms: 0 });
    await store.createRoom(room("a"));
    await store.sessions.keep(session("a", "s"), { ttlMs: 60_000 });
    await store.patchRoom("a", { status: "closed" }, 0);
    expect(await store.sessions.find("s")).toBe(undefined);
  });
});
