import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { InboundMessage } from "../channel.ts";
import { eventText, type RoomEvent } from "../event.ts";
import { gate, Rig, TestChannel } from "../rig.fixture.ts";

describe("an inbound message", () => {
  it("becomes an event with everything it said", async () => {
    const rig = await Rig.with(["voice"]);
    const result = await rig.kit.processInbound({
      roomId: "room",
      channelId: "voice",
      participantId: "ann",
      role: "assistant",
      content: { type: "text", text: "hello" },
      idempotencyKey: "key",
      correlationId: "turn",
      createdAt: 42,
      metadata: { a: 1 },
    });
    const event = {
      id: expect.stringMatching(/^event_/),
      roomId: "room",
      index: 1,
      status: "delivered",
      chainDepth: 0,
      visibility: "all",
      source: { channelId: "voice", participantId: "ann", role: "assistant" },
      content: { type: "text", text: "hello" },
      idempotencyKey: "key",
      correlationId: "turn",
      createdAt: 42,
      metadata: { a: 1 },
    };
    expect(result).toEqual({ status: "delivered", event });
    expect(await rig.events()).toEqual([event]);
  });

  it("is the user's, and said now, unless it says otherwise", async () => {
    const rig = await Rig.with(["voice"]);
    const { event } = (await rig.say("voice", "hello")) as { event: RoomEvent };
    expect([event.source.role, event.createdAt]).toEqual(["user", rig.clock.wallTime()]);
  });

  it("counts from 0 without a gap; blocked events count, refused ones do not", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    rig.kit.hook("BEFORE_BROADCAST", ({ event }) =>
      event.content.type === "text" && event.content.text.startsWith("bad") ? { action: "block" } : { action: "allow" },
    );
    await rig.say("voice", "a", { key: "a" });
    await rig.say("voice", "bad");
    await rig.kit.mute("room", "ui");
    await rig.say("ui", "muted");
    await rig.say("voice", "a", { key: "a" });
    await rig.say("voice", "x", { signal: AbortSignal.abort() }).catch(() => {});
    await rig.say("nobody", "x").catch(() => {});
    await rig.say("voice", "b");
    const events = await rig.store.readEvents("room");
    expect(events.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await rig.log()).toEqual([
      "voice: a",
      "voice: bad (hook:BEFORE_BROADCAST)",
      "ui: muted (source_muted)",
      "voice: b",
    ]);
  });

  const bad: [string, unknown][] = [
    ["nothing", undefined],
    ["no content", { roomId: "room", channelId: "voice" }],
    ["content of no known type", { roomId: "room", channelId: "voice", content: { type: "image" } }],
    ["text that is none", { roomId: "room", channelId: "voice", content: { type: "text", text: 1 } }],
    ["no channel", { roomId: "room", content: { type: "text", text: "" } }],
    ["a role there is not", { roomId: "room", channelId: "voice", role: "god", content: { type: "text", text: "" } }],
    [
      "a time that is none",
      { roomId: "room", channelId: "voice", createdAt: Number.NaN, content: { type: "text", text: "" } },
    ],
    ["an empty key", { roomId: "room", channelId: "voice", idempotencyKey: "", content: { type: "text", text: "" } }],
    ["no room", { channelId: "voice", content: { type: "text", text: "" } }],
  ];
  it.each(bad)("with %s is refused as invalid_message", async (_, message) => {
    const rig = await Rig.with(["voice"]);
    await expect(rig.kit.processInbound(message as InboundMessage)).rejects.toMatchObject({ code: "invalid_message" });
    expect(await rig.log()).toEqual([]);
  });

  it.each([
    ["unknown_room", { roomId: "none", channelId: "voice" }],
    ["unknown_channel", { roomId: "room", channelId: "none" }],
    ["not_attached", { roomId: "room", channelId: "loose" }],
  ])("is refused as %s", async (code, where) => {
    const rig = await Rig.with(["voice"]);
    rig.kit.registerChannel(new TestChannel("loose"));
    const message = { ...where, content: { type: "text", text: "x" } } as const;
    await expect(rig.kit.processInbound(message)).rejects.toMatchObject({ code });
    expect(await rig.log()).toEqual([]);
  });

  it("makes its participant known, once, and as what it is known already", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.kit.ensureParticipant("room", { id: "bob", role: "owner" });
    const say = (participantId: string): Promise<unknown> =>
      rig.kit.processInbound({
        roomId: "room",
        channelId: "voice",
        participantId,
        content: { type: "text", text: "x" },
      });
    await Promise.all([say("ann"), say("ann"), say("bob")]);
    const found = await rig.kit.listParticipants("room");
    expect(found.map(({ id, role }) => `${id} ${role}`)).toEqual(["bob owner", "ann member"]);
  });

  it("that nobody is to answer goes to people, and intelligence reads it later", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    await rig.kit.attachChannel("room", "ai", { category: "intelligence" });
    const reply = { content: { type: "text", text: "yes" }, source: { channelId: "ai", role: "assistant" } } as const;
    const seen: string[][] = [];
    rig.ai.answer = async (_, context) => {
      seen.push((await context.history()).map(eventText).filter(Boolean));
      return { events: [reply] };
    };
    const content = { type: "text", text: "between us" } as const;
    await rig.kit.processInbound({ roomId: "room", channelId: "voice", content }, { unanswered: true });
    expect([rig.ui.delivered, rig.ai.read, rig.ai.delivered]).toEqual([["between us"], [], ["between us"]]);
    await rig.say("voice", "and?");
    expect([seen, await rig.log()]).toEqual([[["between us"]], ["voice: between us", "voice: and?", "ai: yes"]]);
  });

  it("says who sees it, within what its channel may reach", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    await rig.kit.attachChannel("room", "ai", { category: "intelligence" });
    const say = (text: string) =>
      rig.kit.processInbound({
        ...{ roomId: "room", channelId: "voice", visibility: "intelligence" },
        content: { type: "text", text },
      });
    await say("for the model");
    await rig.kit.setVisibility("room", "voice", "transport");
    await say("for nobody");
    expect([rig.ui.read, rig.ai.read]).toEqual([[], ["for the model"]]);
  });

  it("makes a paused room active again", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.kit.pauseRoom("room");
    await rig.say("voice", "hello");
    expect((await rig.kit.getRoom("room"))?.status).toBe("active");
  });

  it("is refused while too much is queued, and taken again afterwards", async () => {
    const rig = await Rig.with(["voice", "slow"], { maxPendingDeliveries: 2 });
    const hold = gate();
    rig.slow.answer = () => hold.promise.then(() => undefined);
    const first = [rig.say("voice", "1"), rig.say("voice", "2")];
    await settle();
    await expect(rig.say("voice", "3")).rejects.toMatchObject({ code: "room_busy", retryable: true });
    hold.open();
    await Promise.all(first);
    await rig.say("voice", "4");
    expect(await rig.log()).toEqual(["voice: 1", "voice: 2", "voice: 4"]);
  });
});

describe("row 56: the same idempotency key again", () => {
  it("gives back the original event, whatever it says now, and asks no hook", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    let asked = 0;
    rig.kit.hook("BEFORE_BROADCAST", () => void asked++);
    const first = await rig.say("voice", "one", { key: "k" });
    const second = await rig.say("voice", "two", { key: "k" });
    expect(second).toEqual({ status: "duplicate", event: first.event });
    expect([asked, await rig.log(), rig.ui.read]).toEqual([1, ["voice: one"], ["one"]]);
  });

  it("does so when both come at once", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    const results = await Promise.all(Array.from({ length: 5 }, (_, n) => rig.say("voice", `${n}`, { key: "k" })));
    expect(results.map(({ status }) => status).sort()).toEqual([
      "delivered",
      "duplicate",
      "duplicate",
      "duplicate",
      "duplicate",
    ]);
    expect(new Set(results.map(({ event }) => event?.id)).size).toBe(1);
    expect([await rig.log(), rig.ui.read]).toEqual([["voice: 0"], ["0"]]);
  });

  it("does so for a blocked event, and across a restart", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.kit.mute("room", "voice");
    const first = await rig.say("voice", "one", { key: "k" });
    const again = new Rig({ store: rig.store });
    again.kit.registerChannel(new TestChannel("voice"));
    const second = await again.say("voice", "one", { key: "k" });
    expect([first.status, second]).toEqual(["blocked", { status: "duplicate", event: first.event }]);
  });

  it("does so when another process stored it after we looked", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    const original = await rig.say("voice", "one", { key: "k" });
    rig.store.findByIdempotencyKey = async () => undefined;
    expect(await rig.say("voice", "one", { key: "k" })).toEqual({ status: "duplicate", event: original.event });
    expect(rig.ui.read).toEqual(["one"]);
  });
});

describe("BEFORE_BROADCAST", () => {
  it("blocks: the event is stored with who blocked it, reaches nobody and is reported", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    rig.kit.hook("BEFORE_BROADCAST", () => ({ action: "block", reason: "rude" }), { name: "manners" });
    const result = await rig.say("voice", "oi");
    expect(result).toMatchObject({
      status: "blocked",
      reason: "rude",
      event: { status: "blocked", blockedBy: "hook:manners" },
    });
    expect([rig.ui.read, rig.ui.delivered, rig.ai.read]).toEqual([[], [], []]);
    expect(rig.reported("event_blocked")).toEqual([{ roomId: "room", event: result.event, reason: "rude" }]);
    expect(rig.reported("event_processed")).toEqual([]);
  });

  it("rewrites what is said, also to nothing, and never who says it", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    rig.kit.hook("BEFORE_BROADCAST", ({ event }) => ({
      action: "modify",
      payload: {
        event: {
          ...event,
          content: { type: "text", text: "" },
          source: { ...event.source, channelId: "ai", participantId: "redacted" },
          idempotencyKey: "forged",
          metadata: { redacted: true },
          visibility: ["ai"],
        },
      },
    }));
    const { event } = (await rig.say("voice", "my number is 1234")) as { event: RoomEvent };
    expect(event).toMatchObject({
      content: { text: "" },
      source: { channelId: "voice", participantId: "redacted" },
      metadata: { redacted: true },
      visibility: ["ai"],
    });
    expect(event.idempotencyKey).toBeUndefined();
    expect([rig.ui.read, rig.ai.read]).toEqual([[], [""]]);
  });

  it("that breaks lets the event pass as it was, and is reported", async () => {
    const rig = await Rig.with(["voice"]);
    rig.kit.hook(
      "BEFORE_BROADCAST",
      () => {
        throw new Error("bug");
      },
      { name: "throws" },
    );
    rig.kit.hook(
      "BEFORE_BROADCAST",
      () => ({ action: "modify", payload: { event: { content: { type: "text" } } } }) as never,
      {
        name: "nonsense",
      },
    );
    expect((await rig.say("voice", "hello")).status).toBe("delivered");
    expect(rig.reported("hook_error").map(({ hook }) => hook)).toEqual(["throws", "nonsense"]);
    expect(await rig.log()).toEqual(["voice: hello"]);
  });

  it("runs alone in its room: the next event's hooks wait, another room's do not", async () => {
    const rig = await Rig.with(["voice"]);
    await rig.kit.createRoom({ id: "other" });
    await rig.kit.attachChannel("other", "voice");
    const hold = gate();
    const asked: string[] = [];
    rig.kit.hook("BEFORE_BROADCAST", async ({ roomId, event }) => {
      asked.push(`${roomId} ${(event.content as { text: string }).text}`);
      if (roomId === "room") await hold.promise;
    });
    const both = [rig.say("voice", "1"), rig.say("voice", "2")];
    await rig.kit.processInbound({ roomId: "other", channelId: "voice", content: { type: "text", text: "3" } });
    expect(asked).toEqual(["room 1", "other 3"]);
    hold.open();
    await Promise.all(both);
    expect(asked).toEqual(["room 1", "other 3", "room 2"]);
  });
});
