import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { RoomKitError } from "../../errors/error.ts";
import type { Binding } from "../binding.ts";
import { InProcessLeases } from "../leases.ts";
import { MemoryStore } from "../memory-store.ts";
import type { RoomKitOptions } from "../options.ts";
import { gate, Rig, watch } from "../rig.fixture.ts";
import type { CommitOptions, CommitResult, NewEvent } from "../store.ts";

describe("processTimeoutMs", () => {
  it("gives an event up before its commit, leaves nothing of it, and frees the room", async () => {
    const rig = await Rig.with(["voice"], { processTimeoutMs: 1_000 });
    let aborted = false;
    const off = rig.kit.hook(
      "BEFORE_BROADCAST",
      (_, { signal }) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise(() => {});
      },
      { timeoutMs: 60_000 },
    );
    const stuck = watch(rig.say("voice", "stuck"));
    await rig.clock.advance(999);
    expect(stuck.state).toBe("pending");
    await rig.clock.advance(1);
    expect([stuck.error, aborted]).toEqual(["timeout", true]);
    expect(rig.reported("process_timeout")).toEqual([{ roomId: "room", channelId: "voice" }]);
    off();
    await rig.say("voice", "next");
    expect(await rig.log()).toEqual(["voice: next"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("covers the wait for the room", async () => {
    const rig = await Rig.with(["voice"], { processTimeoutMs: 1_000 });
    const hold = gate();
    rig.kit.hook("BEFORE_BROADCAST", () => hold.promise.then(() => undefined));
    const first = watch(rig.say("voice", "1"));
    await rig.clock.advance(500);
    const second = watch(rig.say("voice", "2"));
    await rig.clock.advance(400);
    hold.open();
    await settle();
    expect([first.state, second.state]).toEqual(["done", "done"]);
  });

  it("never cuts a commit that has begun", async () => {
    class SlowStore extends MemoryStore {
      slow = false;
      override async commit(
        roomId: string,
        events: readonly NewEvent[],
        options: CommitOptions,
      ): Promise<CommitResult> {
        if (this.slow) await rig.clock.sleep(100_000);
        return await super.commit(roomId, events, options);
      }
    }
    const store = new SlowStore();
    const rig: Rig = await Rig.with(["voice", "ui"], { processTimeoutMs: 1_000, store });
    store.slow = true;
    const controller = new AbortController();
    const slow = watch(rig.say("voice", "slow", { signal: controller.signal }));
    await rig.clock.advance(50_000);
    controller.abort();
    await rig.clock.advance(50_000);
    expect([slow.state, slow.value?.status, await rig.log()]).toEqual(["done", "delivered", ["voice: slow"]]);
    expect(rig.reported("process_timeout")).toEqual([]);
  });

  it("covers a store that does not answer", async () => {
    const rig = await Rig.with(["voice"], { processTimeoutMs: 1_000 });
    rig.store.findByIdempotencyKey = () => new Promise(() => {});
    const stuck = watch(rig.say("voice", "x", { key: "k" }));
    await rig.clock.advance(1_000);
    expect(stuck.error).toBe("timeout");
  });
});

describe("an abort before the commit", () => {
  it.each(["before the call", "while it waits for the room", "in its hook"])("%s leaves nothing", async (when) => {
    const rig = await Rig.with(["voice"]);
    const controller = new AbortController();
    const hold = gate();
    const off = rig.kit.hook("BEFORE_BROADCAST", () => hold.promise.then(() => undefined));
    if (when === "before the call") controller.abort();
    const first = when === "while it waits for the room" ? rig.say("voice", "first") : undefined;
    const cut = watch(rig.say("voice", "cut", { signal: controller.signal }));
    await settle();
    controller.abort(new RoomKitError("aborted", "changed my mind"));
    await settle();
    expect(cut.error).toBe("aborted");
    hold.open();
    await first;
    off();
    await rig.say("voice", "next");
    expect(await rig.log()).toEqual([...(first === undefined ? [] : ["voice: first"]), "voice: next"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("a store", () => {
  it("that fails a commit fails its message alone", async () => {
    const rig = await Rig.with(["voice"]);
    const commit = rig.store.commit.bind(rig.store);
    rig.store.commit = () => Promise.reject(new Error("disk full"));
    await expect(rig.say("voice", "lost")).rejects.toThrow("disk full");
    rig.store.commit = commit;
    await rig.say("voice", "kept");
    expect(await rig.log()).toEqual(["voice: kept"]);
  });

  it("that others closed the room in refuses, and its replies stop", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.store.patchRoom("room", { status: "closed" }, 0);
    await expect(rig.say("voice", "late")).rejects.toMatchObject({ code: "room_closed" });
    expect(rig.reported("room_refused_event")).toEqual([{ roomId: "room", channelId: "voice" }]);
    expect(rig.voice.host.binding("room", "voice")).toBeUndefined();
  });

  class SharedStore extends MemoryStore {
    override readonly scope = "shared" as never;
  }

  it("that is shared needs leases that are", () => {
    const options: RoomKitOptions = { store: new SharedStore() };
    expect(() => new Rig(options)).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("that is shared is asked again for what others may have changed", async () => {
    const store = new SharedStore();
    const leases = Object.assign(new InProcessLeases(), { scope: "shared" as never });
    const rig = await Rig.with(["voice", "ui"], { store, leases });
    const bindings = await store.listBindings("room");
    await store.putBinding({ ...(bindings[0] as Binding), muted: true });
    expect(await rig.say("voice", "x")).toMatchObject({ status: "blocked", reason: "source_muted" });
    await store.removeBinding("room", "voice");
    await expect(rig.say("voice", "x")).rejects.toMatchObject({ code: "not_attached" });
  });
});

describe("row 57: a room that another process took over", () => {
  class SharedStore extends MemoryStore {
    override readonly scope = "shared" as never;
  }

  it("refuses with `fenced`, stores nothing, says so, and ends its sessions here", async () => {
    const store = new SharedStore();
    const leases = Object.assign(new InProcessLeases(), { scope: "shared" as never });
    const rig = await Rig.with(["voice"], { store, leases });
    const session = {
      id: "s",
      roomId: "room",
      channelId: "voice",
      participantId: "ann",
      state: "active",
    } as VoiceSession;
    await rig.kit.join("room", "voice", { session });
    await store.commit("room", [], { at: 0, fence: 1_000 });
    await expect(rig.say("voice", "late")).rejects.toMatchObject({ code: "fenced" });
    await settle();
    expect([await rig.log(), rig.reported("room_fenced")]).toEqual([[], [{ roomId: "room" }]]);
    expect([rig.voice.calls.at(-1), leases.size]).toEqual([`leave ${session.id}: draining`, 0]);
    await rig.kit.close();
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

it("an event's outbox is committed with it, and not that of a blocked one", async () => {
  const rig = await Rig.with(["voice"]);
  const outbox = [{ topic: "webhook", data: { n: 1 } }];
  const content = { type: "text", text: "x" } as const;
  await rig.kit.sendEvent("room", { content, outbox });
  rig.kit.hook("BEFORE_BROADCAST", () => ({ action: "block" as const }));
  await rig.kit.sendEvent("room", { content, outbox });
  expect(await rig.store.outbox.claim(10, 1)).toEqual([
    { id: "1", roomId: "room", topic: "webhook", data: { n: 1 }, attempts: 1 },
  ]);
  expect((await rig.store.readEvents("room")).some((event) => "outbox" in event)).toBe(false);
  for (const bad of ["x", [{ data: 1 }], Array.from({ length: 101 }, () => outbox[0])])
    await expect(rig.kit.sendEvent("room", { content, outbox: bad as never })).rejects.toMatchObject({
      code: "invalid_message",
    });
});

it.each([
  "maxChainDepth",
  "processTimeoutMs",
  "deliveryTimeoutMs",
  "streamIdleTimeoutMs",
  "streamDeliveryTimeoutMs",
  "closeTimeoutMs",
  "maxReplyChars",
  "maxPendingDeliveries",
  "leaseTtlMs",
])("refuses a %s that is none", (name) => {
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "5"]) {
    expect(() => new Rig({ [name]: value })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  }
});
