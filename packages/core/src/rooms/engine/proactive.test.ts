import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { gate, Rig, watch } from "../rig.fixture.ts";

describe("an application's own event", () => {
  it("is said by the application, heard by all, with all permissions", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    const result = await rig.kit.sendEvent("room", { content: { type: "text", text: "notice" }, metadata: { a: 1 } });
    expect(result.event).toMatchObject({
      source: { channelId: "system", role: "assistant" },
      metadata: { a: 1 },
      visibility: "all",
    });
    expect([rig.voice.delivered, rig.ai.read]).toEqual([["notice"], ["notice"]]);
  });

  it("may be said as a channel, with that channel's permissions", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    const greet = (): Promise<{ status: string }> =>
      rig.kit.sendEvent("room", {
        content: { type: "text", text: "hello" },
        source: { channelId: "ai" },
        idempotencyKey: "greeting",
      });
    expect((await greet()).status).toBe("delivered");
    expect((await greet()).status).toBe("duplicate");
    await rig.kit.mute("room", "ai");
    const muted = await rig.kit.sendEvent("room", {
      content: { type: "text", text: "x" },
      source: { channelId: "ai" },
    });
    expect([muted.status, rig.ai.read, rig.voice.delivered]).toEqual(["blocked", [], ["hello"]]);
  });

  it("can reach only some", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    await rig.kit.sendEvent("room", {
      content: { type: "text", text: "hint" },
      visibility: "intelligence",
      source: { role: "system" },
    });
    expect([rig.voice.read, rig.ai.read]).toEqual([[], ["hint"]]);
  });

  it("is checked like everything from outside", async () => {
    const rig = await Rig.with([]);
    await expect(rig.kit.sendEvent("room", undefined as never)).rejects.toMatchObject({ code: "invalid_message" });
    await expect(rig.kit.sendEvent("room", { content: { type: "text" } as never })).rejects.toMatchObject({
      code: "invalid_message",
    });
  });
});

describe("deliver", () => {
  it("says it at once, to the people or to the intelligence", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    await rig.kit.deliver("room", "your taxi is here");
    await rig.kit.deliver("room", "the result is 42", { role: "system" });
    expect((await rig.events()).map(({ source }) => `${source.channelId} ${source.role}`)).toEqual([
      "system assistant",
      "system system",
    ]);
    expect(rig.voice.delivered).toEqual(["your taxi is here", "the result is 42"]);
  });

  it("waits for idle: until nothing has been said for a while", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    const hold = gate();
    rig.ui.onDeliver = (event) => (event.source.channelId === "voice" ? hold.promise : undefined);
    void rig.say("voice", "talking");
    await settle();
    const told = watch(rig.kit.deliver("room", "notice", { strategy: "wait-for-idle", quietMs: 1_000 }));
    await rig.clock.advance(5_000);
    expect(told.state).toBe("pending");
    hold.open();
    await rig.clock.advance(999);
    expect(told.state).toBe("pending");
    await rig.clock.advance(1);
    expect([told.value?.status, await rig.log()]).toEqual(["delivered", ["voice: talking", "system: notice"]]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("begins to wait anew when somebody speaks in the meantime", async () => {
    const rig = await Rig.with(["voice"]);
    const told = watch(rig.kit.deliver("room", "notice", { strategy: "wait-for-idle", quietMs: 1_000 }));
    await rig.clock.advance(900);
    await rig.say("voice", "wait");
    await rig.clock.advance(900);
    expect(told.state).toBe("pending");
    await rig.clock.advance(200);
    expect(told.state).toBe("done");
  });

  it("says it all the same when it never gets quiet", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    rig.ui.onDeliver = (event) => (event.source.channelId === "voice" ? rig.clock.sleep(29_000) : undefined);
    void rig.say("voice", "on and on");
    await settle();
    const told = watch(rig.kit.deliver("room", "notice", { strategy: "wait-for-idle", maxWaitMs: 3_000 }));
    await rig.clock.advance(3_000);
    expect(await rig.log()).toEqual(["voice: on and on", "system: notice"]);
    await rig.clock.advance(30_000);
    expect(told.state).toBe("done");
  });

  it("queued: says what waits together as one, for each role", async () => {
    const rig = await Rig.with(["voice"]);
    const controller = new AbortController();
    const all = [
      rig.kit.deliver("room", "one", { strategy: "queued" }),
      rig.kit.deliver("room", "two", { strategy: "queued" }),
      rig.kit.deliver("room", "hint", { strategy: "queued", role: "system" }),
    ];
    const withdrawn = watch(rig.kit.deliver("room", "never mind", { strategy: "queued", signal: controller.signal }));
    await settle();
    controller.abort();
    await rig.clock.advance(2_000);
    const results = await Promise.all(all);
    expect(results[0]).toEqual(results[1]);
    expect([(await rig.log()).sort(), withdrawn.error]).toEqual([["system: hint", "system: one\n\ntwo"], "aborted"]);
    const next = rig.kit.deliver("room", "three", { strategy: "queued" });
    await rig.clock.advance(1_000);
    expect((await next).status).toBe("delivered");
  });

  it("queued: says nothing when all of it was withdrawn", async () => {
    const rig = await Rig.with(["voice"]);
    const controller = new AbortController();
    const withdrawn = watch(rig.kit.deliver("room", "x", { strategy: "queued", signal: controller.signal }));
    await settle();
    controller.abort();
    await rig.clock.advance(2_000);
    expect([withdrawn.error, await rig.log(), rig.clock.pendingTimers]).toEqual(["aborted", [], 0]);
  });

  it("queued: takes so many and no more", async () => {
    const rig = await Rig.with(["voice"]);
    const all = Array.from({ length: 101 }, () => watch(rig.kit.deliver("room", "x", { strategy: "queued" })));
    await settle();
    expect(all.map(({ error }) => error).filter(Boolean)).toEqual(["queue_full"]);
    await rig.clock.advance(1_000);
    expect(all.filter(({ state }) => state === "done").length).toBe(100);
  });

  it.each(["wait-for-idle", "queued"] as const)("%s: ends with the room", async (strategy) => {
    const rig = await Rig.with(["voice"]);
    const told = watch(rig.kit.deliver("room", "x", { strategy }));
    await settle();
    await rig.kit.closeRoom("room");
    await settle();
    expect([told.error, rig.clock.pendingTimers]).toEqual(["room_closed", 0]);
  });

  it("can be given up while it waits", async () => {
    const rig = await Rig.with(["voice"]);
    const controller = new AbortController();
    const told = watch(rig.kit.deliver("room", "x", { strategy: "wait-for-idle", signal: controller.signal }));
    await settle();
    controller.abort();
    await settle();
    expect([told.error, rig.clock.pendingTimers]).toEqual(["aborted", 0]);
  });

  it("refuses a strategy there is not, and rooms there are not", async () => {
    const rig = await Rig.with([]);
    await expect(rig.kit.deliver("room", "x", { strategy: "later" as never })).rejects.toMatchObject({
      code: "invalid_option",
    });
    for (const strategy of ["immediate", "wait-for-idle", "queued"] as const) {
      await expect(rig.kit.deliver("none", "x", { strategy })).rejects.toMatchObject({ code: "unknown_room" });
    }
  });
});
