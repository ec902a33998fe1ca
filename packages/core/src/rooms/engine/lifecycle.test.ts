import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { InboundResult } from "../channel.ts";
import { gate, Rig, TestChannel, watch } from "../rig.fixture.ts";
import type { Room } from "../room.ts";
import { dueStatus, nextDueMs } from "./timers.ts";

describe("a room", () => {
  it("is made active, with what it is given", async () => {
    const rig = new Rig();
    const room = await rig.kit.createRoom({ metadata: { tenant: "t" }, timers: { closedAfterMs: 5 } });
    expect(room).toEqual({
      id: expect.stringMatching(/^room_/),
      status: "active",
      createdAt: rig.clock.wallTime(),
      lastActivityAt: rig.clock.wallTime(),
      eventCount: 0,
      timers: { closedAfterMs: 5 },
      metadata: { tenant: "t" },
      version: 0,
    });
    expect([await rig.kit.getRoom(room.id), await rig.kit.getRoom("none")]).toEqual([room, undefined]);
    expect(rig.reported("room_created")).toEqual([{ roomId: room.id }]);
  });

  it.each([
    ["room_exists", { id: "room" }],
    ["invalid_option", { id: "" }],
    ["invalid_option", { timers: { inactiveAfterMs: 0 } }],
    ["invalid_option", { timers: { closedAfterMs: Number.NaN } }],
  ])("is refused as %s with %o", async (code, options) => {
    const rig = await Rig.with([]);
    await expect(rig.kit.createRoom(options)).rejects.toMatchObject({ code });
  });

  it("pauses and resumes", async () => {
    const rig = await Rig.with([]);
    expect((await rig.kit.pauseRoom("room")).status).toBe("paused");
    await rig.kit.pauseRoom("room");
    expect([(await rig.kit.resumeRoom("room")).status, rig.reported("room_paused")]).toEqual([
      "active",
      [{ roomId: "room" }],
    ]);
  });

  it("keeps its patches apart from those of others", async () => {
    const rig = await Rig.with([]);
    await rig.store.patchRoom("room", { metadata: { theirs: 1 } }, 0);
    await rig.kit.pauseRoom("room");
    expect(await rig.kit.getRoom("room")).toMatchObject({ status: "paused", metadata: { theirs: 1 }, version: 2 });
  });

  it("row 58: that is closed refuses everything, stores nothing, says so, and can be read", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    await rig.say("voice", "before");
    await rig.kit.mute("room", "ai");
    let asked = 0;
    rig.kit.hook("BEFORE_BROADCAST", () => void asked++);
    expect((await rig.kit.closeRoom("room")).status).toBe("closed");
    const refused: Promise<unknown>[] = [
      rig.say("voice", "x"),
      rig.say("ai", "x"),
      rig.kit.sendEvent("room", { content: { type: "text", text: "x" } }),
      rig.kit.deliver("room", "x"),
      rig.kit.deliver("room", "x", { strategy: "wait-for-idle" }),
      rig.kit.deliver("room", "x", { strategy: "queued" }),
      rig.kit.attachChannel("room", "voice"),
      rig.kit.detachChannel("room", "voice"),
      rig.kit.unmute("room", "ai"),
      rig.kit.setTimers("room", {}),
      rig.kit.pauseRoom("room"),
      rig.kit.ensureParticipant("room", { id: "x" }),
    ];
    const codes = await Promise.all(refused.map((call) => call.catch((error: { code: string }) => error.code)));
    expect(codes).toEqual(refused.map(() => "room_closed"));
    expect(rig.reported("room_refused_event").map(({ channelId }) => channelId)).toEqual([
      "voice",
      "ai",
      "system",
      "system",
    ]);
    expect(asked).toBe(0);
    expect([await rig.log(), (await rig.kit.timeline("room", { last: 1 })).length]).toEqual([["voice: before"], 1]);
    expect((await rig.kit.getRoom("room"))?.eventCount).toBe(3);
    expect((await rig.voice.host.timeline("room", "voice")).length).toBe(3);
  });

  it("closes once: sessions end, channels and hooks are let go", async () => {
    const rig = await Rig.with(["voice"]);
    rig.kit.hook("BEFORE_BROADCAST", () => {}, { roomId: "room" });
    await Promise.all([rig.kit.closeRoom("room"), rig.kit.closeRoom("room")]);
    await rig.kit.closeRoom("room");
    expect([rig.voice.calls, rig.reported("room_closed")]).toEqual([["attached", "detached"], [{ roomId: "room" }]]);
    expect([rig.voice.host.binding("room", "voice"), rig.voice.host.hasHooks("BEFORE_BROADCAST", "room")]).toEqual([
      undefined,
      false,
    ]);
    expect((await rig.kit.listBindings("room")).length).toBe(1);
  });

  it("closes after what was committed has been delivered, but not later than it may", async () => {
    for (const late of [false, true]) {
      const rig = await Rig.with(["voice", "ui"], { closeTimeoutMs: 1_000 });
      const hold = gate();
      rig.ui.onDeliver = () => hold.promise;
      void rig.say("voice", "bye");
      await settle();
      const closing = watch(rig.kit.closeRoom("room"));
      await rig.clock.advance(999);
      expect(closing.state).toBe("pending");
      if (late) await rig.clock.advance(1);
      else hold.open();
      await settle();
      expect([closing.state, rig.ui.delivered]).toEqual(["done", ["bye"]]);
    }
  });

  it("is archived, closing first", async () => {
    const rig = await Rig.with(["voice"]);
    expect((await rig.kit.archiveRoom("room")).status).toBe("archived");
    expect((await rig.kit.archiveRoom("room")).status).toBe("archived");
    expect([rig.reported("room_closed").length, rig.reported("room_archived")]).toEqual([1, [{ roomId: "room" }]]);
    await expect(rig.say("voice", "x")).rejects.toMatchObject({ code: "room_closed" });
  });

  it("that is unknown is so everywhere", async () => {
    const rig = new Rig();
    for (const call of [
      rig.kit.closeRoom("none"),
      rig.kit.pauseRoom("none"),
      rig.kit.timeline("none"),
      rig.kit.listBindings("none"),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "unknown_room" });
    }
  });
});

describe("timers", () => {
  const room = (more: Partial<Room>): Room => ({
    id: "r",
    status: "active",
    createdAt: 0,
    lastActivityAt: 1_000,
    eventCount: 0,
    timers: {},
    metadata: {},
    version: 0,
    ...more,
  });

  const table: [string, Partial<Room>, number, string | undefined, number | undefined][] = [
    ["none", {}, 9_999, undefined, undefined],
    ["not yet", { timers: { inactiveAfterMs: 500 } }, 1_499, undefined, 1],
    ["inactive", { timers: { inactiveAfterMs: 500 } }, 1_500, "paused", 0],
    ["inactive and paused", { status: "paused", timers: { inactiveAfterMs: 500 } }, 1_500, undefined, undefined],
    ["both, first", { timers: { inactiveAfterMs: 500, closedAfterMs: 900 } }, 1_600, "paused", 0],
    ["both, paused", { status: "paused", timers: { inactiveAfterMs: 500, closedAfterMs: 900 } }, 1_600, undefined, 300],
    ["both, long ago", { timers: { inactiveAfterMs: 500, closedAfterMs: 900 } }, 1_900, "closed", 0],
    ["closing shorter than pausing", { timers: { inactiveAfterMs: 900, closedAfterMs: 500 } }, 1_500, "closed", 0],
  ];
  it.each(table)("%s", (_, more, now, due, next) => {
    const quietMs = now - 1_000;
    expect([dueStatus(room(more), quietMs), nextDueMs(room(more), quietMs)]).toEqual([due, next]);
  });

  it("run by themselves: paused, awake again with an event, paused, closed", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.kit.setTimers("room", { inactiveAfterMs: 1_000, closedAfterMs: 3_000 });
    const status = async (): Promise<string | undefined> => (await rig.kit.getRoom("room"))?.status;
    await rig.clock.advance(999);
    expect(await status()).toBe("active");
    await rig.clock.advance(1);
    expect(await status()).toBe("paused");
    await rig.clock.advance(500);
    await rig.say("voice", "awake");
    expect(await status()).toBe("active");
    await rig.clock.advance(1_000);
    expect(await status()).toBe("paused");
    await rig.clock.advance(1_999);
    expect(await status()).toBe("paused");
    await rig.clock.advance(1);
    expect([await status(), rig.voice.calls.at(-1), rig.clock.pendingTimers]).toEqual(["closed", "detached", 0]);
  });

  it("count from the last activity without a timer of its own for each", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.kit.setTimers("room", { closedAfterMs: 1_000 });
    for (let n = 0; n < 10; n++) {
      await rig.clock.advance(900);
      await rig.say("voice", `${n}`);
      expect(rig.clock.pendingTimers).toBe(1);
    }
    await rig.clock.advance(1_000);
    expect((await rig.kit.getRoom("room"))?.status).toBe("closed");
  });

  it("of a room where something is still being said wait for it", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    await rig.kit.setTimers("room", { closedAfterMs: 1_000 });
    rig.ui.onDeliver = () => rig.clock.sleep(5_000);
    void rig.say("voice", "a long story");
    await rig.clock.advance(4_500);
    expect((await rig.kit.getRoom("room"))?.status).toBe("active");
    await rig.clock.advance(2_000);
    expect((await rig.kit.getRoom("room"))?.status).toBe("closed");
  });

  it("can be taken away, and end with the kit", async () => {
    const rig = await Rig.with([]);
    await rig.kit.setTimers("room", { closedAfterMs: 1_000 });
    await rig.kit.setTimers("room", {});
    expect(rig.clock.pendingTimers).toBe(0);
    await rig.kit.createRoom({ timers: { closedAfterMs: 1_000 } });
    expect(rig.clock.pendingTimers).toBe(1);
    await rig.kit.close();
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("longer than a platform timer can be are reached in steps", async () => {
    const rig = new Rig();
    const days = 24 * 3_600_000;
    const { id } = await rig.kit.createRoom({ timers: { closedAfterMs: 60 * days } });
    await rig.clock.advance(60 * days - 1);
    expect((await rig.kit.getRoom(id))?.status).toBe("active");
    await rig.clock.advance(1);
    expect((await rig.kit.getRoom(id))?.status).toBe("closed");
  });

  it("after a restart run on once they have been checked", async () => {
    const before = await Rig.with([]);
    await before.kit.setTimers("room", { inactiveAfterMs: 1_000, closedAfterMs: 10_000 });
    await before.kit.createRoom({ id: "old", timers: { closedAfterMs: 100 } });
    const rig = new Rig({ store: before.store });
    await rig.clock.advance(2_000);
    expect((await rig.kit.getRoom("room"))?.status).toBe("active");
    const changed = await rig.kit.checkAllTimers();
    expect(changed.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(["old closed", "room paused"]);
    expect((await rig.kit.checkRoomTimers("room")).status).toBe("paused");
    await rig.clock.advance(8_000);
    expect((await rig.kit.getRoom("room"))?.status).toBe("closed");
  });

  it.each([1, -1])("row 69: do not follow a wall clock that jumps by %i h in the middle of a call", async (hours) => {
    const rig = await Rig.with(["voice"]);
    const wallTime = rig.clock.wallTime;
    await rig.kit.setTimers("room", { inactiveAfterMs: 60_000, closedAfterMs: 120_000 });
    const status = async (): Promise<string | undefined> => (await rig.kit.getRoom("room"))?.status;
    await rig.clock.advance(50_000);
    await rig.say("voice", "before");
    Object.assign(rig.clock, { wallTime: () => wallTime() + hours * 3_600_000 });
    await rig.clock.advance(59_999);
    expect((await rig.kit.checkRoomTimers("room")).status).toBe("active");
    await rig.say("voice", "after");
    await rig.clock.advance(59_999);
    expect(await status()).toBe("active");
    await rig.clock.advance(1);
    expect(await status()).toBe("paused");
    await rig.clock.advance(59_999);
    expect(await status()).toBe("paused");
    await rig.clock.advance(1);
    expect(await status()).toBe("closed");
  });

  it("that cannot do their work try again", async () => {
    const rig = await Rig.with([]);
    await rig.kit.setTimers("room", { closedAfterMs: 1_000 });
    const patch = rig.store.patchRoom.bind(rig.store);
    rig.store.patchRoom = () => Promise.reject(new Error("down"));
    await rig.clock.advance(1_500);
    rig.store.patchRoom = patch;
    await rig.clock.advance(1_000);
    expect((await rig.kit.getRoom("room"))?.status).toBe("closed");
  });
});

describe("closing the kit", () => {
  it("ends everything once: work under way, sessions, channels; the store is not its own to close", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    let closed = 0;
    rig.store.close = async () => void closed++;
    rig.ui.answer = async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return undefined;
    };
    const call = watch(rig.say("voice", "hi"));
    await settle();
    await Promise.all([rig.kit.close(), rig.kit.close()]);
    await rig.kit.close();
    expect([call.state, closed, rig.voice.calls, rig.ui.calls]).toEqual([
      "done",
      0,
      ["attached", "closed"],
      ["attached", "closed"],
    ]);
    expect((await rig.store.getRoom("room"))?.status).toBe("active");
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("is held up by nobody for longer than it may, and one failure skips nothing", async () => {
    const rig = await Rig.with(["throws", "rejects", "hangs", "good", "voice"], { closeTimeoutMs: 1_000 });
    rig.throws.close = () => {
      throw new Error("x");
    };
    rig.rejects.onClose = () => Promise.reject(new Error("x"));
    rig.hangs.onClose = () => new Promise(() => {});
    rig.good.answer = () => new Promise(() => {});
    rig.kit.hook("AFTER_BROADCAST", () => new Promise(() => {}), { timeoutMs: 1_000_000 });
    void rig.say("voice", "never answered").catch(() => {});
    await settle();
    const closing = watch(rig.kit.close());
    await rig.clock.advance(4_000);
    expect([closing.state, rig.good.calls.at(-1)]).toEqual(["done", "closed"]);
  });

  it("refuses everything afterwards", async () => {
    const rig = await Rig.with(["voice"]);
    expect(rig.kit.closing.aborted).toBe(false);
    const closed = rig.kit.close();
    expect(rig.kit.closing.reason).toMatchObject({ code: "kit_closed" });
    await closed;
    const calls: Promise<InboundResult | unknown>[] = [
      rig.say("voice", "x"),
      rig.kit.createRoom(),
      rig.kit
        .attachChannel("room", "voice")
        .catch((error) => Promise.reject(error.code === "unknown_channel" ? { code: "kit_closed" } : error)),
      rig.kit.mute("room", "voice"),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "kit_closed" });
    expect(() => rig.kit.registerChannel(new TestChannel("new"))).toThrow(
      expect.objectContaining({ code: "kit_closed" }),
    );
  });
});
