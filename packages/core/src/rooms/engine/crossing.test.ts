import { settle } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { FaultyStore, SharedLeases } from "../faulty-store.fixture.ts";
import { MemoryStore } from "../memory-store.ts";
import { gate, Rig, TestChannel, watch } from "../rig.fixture.ts";

/** Calls into one room that cross: what each leaves is what the last one says, and nobody is forgotten. */
const session = (): VoiceSession =>
  ({ id: "s", roomId: "room", channelId: "voice", participantId: "p", state: "active" }) as unknown as VoiceSession;

describe("a channel that is attached while it is detached", () => {
  it("is told that it is attached after it was told that it is not", async () => {
    const rig = await Rig.with(["voice"]);
    const slow = gate();
    await rig.kit.join("room", "voice", { session: session() });
    rig.voice.calls.length = 0;
    rig.voice.leave = async () => await slow.promise;
    const detached = watch(rig.kit.detachChannel("room", "voice"));
    await settle();
    const attached = watch(rig.kit.attachChannel("room", "voice"));
    await settle();
    expect([rig.voice.calls, attached.state]).toEqual([[], "pending"]);
    slow.open();
    await settle();
    expect(rig.voice.calls).toEqual(["detached", "attached"]);
    expect([detached.state, attached.state, rig.voice.host.binding("room", "voice")?.access]).toEqual([
      "done",
      "done",
      "read_write",
    ]);
  });

  it.each(["detach first", "attach first"])("is asked, where both come at once: %s", async (order) => {
    const rig = await Rig.with(["voice"]);
    rig.voice.calls.length = 0;
    const both = [
      () => rig.kit.detachChannel("room", "voice"),
      () => rig.kit.attachChannel("room", "voice", { muted: true }),
    ];
    if (order === "attach first") both.reverse();
    await Promise.all(both.map((call) => call()));
    const there = rig.voice.host.binding("room", "voice") !== undefined;
    expect(rig.voice.calls.at(-1)).toBe(there ? "attached" : "detached");
    expect(await rig.store.listBindings("room")).toHaveLength(there ? 1 : 0);
  });

  it("is told all the same where the detachment could not be written into the log", async () => {
    const rig = await Rig.with(["voice"]);
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = async () => {
      throw new Error("disk full");
    };
    const detached = watch(rig.kit.detachChannel("room", "voice"));
    await settle();
    rig.store.commit = commit;
    expect([detached.error, rig.voice.calls.at(-1)]).toEqual(["disk full", "detached"]);
    await rig.kit.attachChannel("room", "voice");
    expect(rig.voice.calls.at(-1)).toBe("attached");
  });
});

describe("a session that leaves while it joins", () => {
  it("has not joined", async () => {
    const rig = await Rig.with(["voice"]);
    const slow = gate();
    rig.voice.onJoin = () => slow.promise;
    const one = session();
    const joined = watch(rig.kit.join("room", "voice", { session: one }));
    await settle();
    await rig.kit.leave(one);
    slow.open();
    await settle();
    expect([joined.error, rig.voice.calls]).toEqual(["session_ended", ["attached", "join s", "leave s: left"]]);
  });

  it("has not joined, where its channel was detached and is back", async () => {
    const rig = await Rig.with(["voice"]);
    const slow = gate();
    rig.voice.onJoin = () => slow.promise;
    const joined = watch(rig.kit.join("room", "voice", { session: session() }));
    await settle();
    await rig.kit.detachChannel("room", "voice");
    await rig.kit.attachChannel("room", "voice");
    slow.open();
    await settle();
    expect(joined.error).toBe("session_ended");
  });
});

describe("a room that turns out to be closed", () => {
  const ended = ["attached", "join s", "leave s: room_closed", "detached"];

  it("ends its sessions, where the store had closed it and could not say so", async () => {
    class LateStore extends MemoryStore {
      lost = false;
      override async patchRoom(...args: Parameters<MemoryStore["patchRoom"]>): ReturnType<MemoryStore["patchRoom"]> {
        const room = await super.patchRoom(...args);
        if (this.lost) throw new Error("connection lost");
        return room;
      }
    }
    const store = new LateStore();
    const rig = await Rig.with(["voice"], { store });
    await rig.kit.setTimers("room", { closedAfterMs: 60_000 });
    await rig.kit.join("room", "voice", { session: session() });
    store.lost = true;
    const closing = watch(rig.kit.closeRoom("room"));
    await settle();
    store.lost = false;
    const said = watch(rig.say("voice", "hello?"));
    await settle();
    expect([closing.error, said.error]).toEqual(["connection lost", "room_closed"]);
    expect(rig.voice.calls).toEqual(ended);
    expect([rig.reported("room_closed").length, rig.clock.pendingTimers]).toEqual([1, 0]);
    expect((await rig.kit.closeRoom("room")).status).toBe("closed");
    expect(rig.reported("room_closed")).toHaveLength(1);
  });

  it("ends its sessions, where another process has closed it", async () => {
    const store = new FaultyStore();
    const rig = await Rig.with(["voice"], { store, leases: new SharedLeases() });
    await rig.kit.join("room", "voice", { session: session() });
    const room = await store.getRoom("room");
    await store.patchRoom("room", { status: "closed" }, room?.version ?? 0);
    const said = watch(rig.say("voice", "hello?"));
    await settle();
    expect([said.error, rig.voice.calls]).toEqual(["room_closed", ended]);
  });
});

it.each(["pauseRoom", "resumeRoom"] as const)("%s does not open a room that others close meanwhile", async (change) => {
  const rig = await Rig.with(["voice"]);
  if (change === "resumeRoom") await rig.kit.pauseRoom("room");
  await rig.kit.join("room", "voice", { session: session() });
  const patch = rig.store.patchRoom.bind(rig.store);
  rig.store.patchRoom = async (roomId, wanted, version) => {
    rig.store.patchRoom = patch;
    await patch(roomId, { status: "closed" }, version);
    return await patch(roomId, wanted, version);
  };
  const changed = watch(rig.kit[change]("room"));
  await settle();
  expect([changed.error, (await rig.store.getRoom("room"))?.status]).toEqual(["room_closed", "closed"]);
  expect(rig.voice.calls.slice(-2)).toEqual(["leave s: room_closed", "detached"]);
});

it("what was changed while the store was away does not open a room that others close meanwhile", async () => {
  const store = new FaultyStore();
  const rig = await Rig.with(["voice"], { store, leases: new SharedLeases() });
  await rig.kit.join("room", "voice", { session: session() });
  store.fault = "refuses";
  await rig.kit.pauseRoom("room");
  store.fault = "up";
  const room = await store.getRoom("room");
  await store.patchRoom("room", { status: "closed" }, room?.version ?? 0);
  await rig.clock.advance(20_000);
  expect((await store.getRoom("room"))?.status).toBe("closed");
});

it("what the store said of a room before others changed it changes nothing, when whoever asked has given up", async () => {
  const store = new FaultyStore();
  const rig = await Rig.with(["voice"], { store, leases: new SharedLeases() });
  const late = gate();
  const list = store.listBindings.bind(store);
  store.listBindings = async (roomId) => {
    const bindings = await list(roomId);
    store.listBindings = list;
    await late.promise;
    return bindings;
  };
  const controller = new AbortController();
  const said = watch(rig.say("voice", "hello?", { signal: controller.signal }));
  await settle();
  controller.abort();
  await settle();
  rig.kit.registerChannel(new TestChannel("screen"));
  await rig.kit.attachChannel("room", "screen");
  late.open();
  await settle();
  expect([said.error, rig.voice.host.binding("room", "screen")?.access]).toEqual(["aborted", "read_write"]);
});

it("timers asked for while the kit closes do not run", async () => {
  const rig = await Rig.with(["voice"]);
  const slow = gate();
  const patch = rig.store.patchRoom.bind(rig.store);
  rig.store.patchRoom = async (...args) => {
    await slow.promise;
    return await patch(...args);
  };
  const set = watch(rig.kit.setTimers("room", { closedAfterMs: 1_000 }));
  const closed = watch(rig.kit.close());
  await settle();
  slow.open();
  await settle();
  expect([set.state, closed.state, rig.clock.pendingTimers]).toEqual(["done", "done", 0]);
});

describe("a channel whose onBindingChanged is asynchronous and fails", () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  beforeEach(() => void process.on("unhandledRejection", note));
  afterEach(() => void process.off("unhandledRejection", note));

  it("is reported", async () => {
    const rig = await Rig.with(["voice"]);
    rig.voice.onBindingChanged = async () => {
      throw new Error("no");
    };
    await rig.kit.mute("room", "voice");
    await new Promise((resolve) => setImmediate(resolve));
    expect([unhandled, rig.reported("delivery_failed").length]).toEqual([[], 1]);
  });
});
