import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { ChannelReply } from "../channel.ts";
import { type EventDraft, eventText, type RoomEvent } from "../event.ts";
import { pieces, Rig, type TestChannel } from "../rig.fixture.ts";

function draft(text: string, more: Partial<EventDraft> = {}): EventDraft {
  return { content: { type: "text", text }, source: { channelId: "ai", role: "assistant" }, ...more };
}

/** Answers every event that is not its own kind's. */
function answering(channel: TestChannel, text: (event: RoomEvent) => string): void {
  channel.answer = (event) => ({
    events: [draft(text(event), { source: { channelId: channel.id, role: "assistant" } })],
  });
}

describe("a reply", () => {
  it("is appended one level deeper, joined to what it answers, and delivered to all but its channel", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    rig.ai.answer = (event) =>
      event.source.role === "user" ? { events: [draft("one"), draft("two", { correlationId: "own" })] } : undefined;
    const { event } = (await rig.kit.processInbound({
      roomId: "room",
      channelId: "voice",
      content: { type: "text", text: "hello" },
      correlationId: "turn",
    })) as { event: RoomEvent };
    const [, one, two] = await rig.events();
    const shared = {
      chainDepth: 1,
      parentEventId: event.id,
      status: "delivered",
      source: { channelId: "ai", role: "assistant" },
    };
    expect(one).toMatchObject({ ...shared, correlationId: "turn", content: { text: "one" } });
    expect(two).toMatchObject({ ...shared, correlationId: "own", content: { text: "two" } });
    expect([rig.voice.delivered, rig.ui.delivered, rig.ai.read]).toEqual([
      ["one", "two"],
      ["hello", "one", "two"],
      ["hello"],
    ]);
  });

  it("is the channel's own, whatever it says about its source", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    rig.ai.answer = () => ({
      events: [draft("x", { source: { channelId: "voice", role: "user", participantId: "bot" } })],
    });
    await rig.say("voice", "hello");
    expect((await rig.events())[1]?.source).toEqual({ channelId: "ai", role: "user", participantId: "bot" });
  });

  it("reaches no more than its binding allows", async () => {
    const rig = await Rig.with(["voice", "ui", "ai", "ai2"]);
    await rig.kit.setVisibility("room", "ai", "transport");
    rig.ai.answer = () => ({ events: [draft("a", { visibility: "all" }), draft("b", { visibility: ["ui", "ai2"] })] });
    await rig.say("voice", "hello");
    expect([rig.voice.read, rig.ui.read, rig.ai2.read]).toEqual([["a"], ["hello", "a", "b"], ["hello"]]);
  });

  it("passes the hooks like everything else", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    rig.kit.hook(
      "BEFORE_BROADCAST",
      ({ event }) => (event.source.role === "assistant" ? { action: "block" } : undefined),
      {
        name: "gag",
      },
    );
    answering(rig.ai, () => "secret");
    await rig.say("voice", "hello");
    expect([await rig.log(), rig.voice.read]).toEqual([["voice: hello", "ai: secret (hook:gag)"], []]);
  });

  it("does not wait for slow channels, nor they for it", async () => {
    const rig = await Rig.with(["voice", "slow", "ai"]);
    rig.slow.answer = () => rig.clock.sleep(1_000).then(() => undefined);
    answering(rig.ai, () => "answer");
    const call = rig.say("voice", "hello");
    await settle();
    expect([rig.voice.delivered, rig.slow.read]).toEqual([["answer"], ["hello"]]);
    await rig.clock.advance(2_000);
    await call;
    expect(rig.slow.read).toEqual(["hello", "answer"]);
  });

  it("of a muted channel is recorded as blocked; the channel still reads and does its work", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    await rig.kit.mute("room", "ai");
    let worked = 0;
    rig.ai.answer = () => {
      worked++;
      return { events: [draft("unheard")] };
    };
    await rig.say("voice", "hello");
    expect([worked, await rig.log(), rig.voice.read]).toEqual([1, ["voice: hello", "ai: unheard (source_muted)"], []]);
    await rig.kit.unmute("room", "ai");
    await rig.say("voice", "again");
    expect((await rig.log()).slice(2)).toEqual(["voice: again", "ai: unheard"]);
  });

  it("of a channel that may only read is recorded as blocked", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    await rig.kit.setAccess("room", "ai", "read_only");
    answering(rig.ai, () => "x");
    await rig.say("voice", "hello");
    expect(await rig.log()).toEqual(["voice: hello", "ai: x (source_read_only)"]);
  });

  const nonsense: [string, unknown][] = [
    ["events that are no list", { events: "text" }],
    ["an event without content", { events: [{}] }],
    ["an event that is nothing", { events: [null] }],
    ["far too many events", { events: Array.from({ length: 257 }, () => draft("x")) }],
    ["a stream without text", { stream: {} }],
  ];
  it.each(nonsense)("with %s is its channel's failure and nobody else's", async (_, reply) => {
    const rig = await Rig.with(["voice", "ai", "ui"]);
    rig.ai.answer = () => reply as ChannelReply;
    expect((await rig.say("voice", "hello")).status).toBe("delivered");
    expect(rig.reported("delivery_failed")).toMatchObject([{ channelId: "ai" }]);
    expect([await rig.log(), rig.ui.delivered]).toEqual([["voice: hello"], ["hello"]]);
  });

  it("is cancelled by its own signal, and the message it answers is kept, whenever that comes", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    const signals: AbortSignal[] = [];
    rig.ai.answer = (_event, { signal }) => {
      signals.push(signal);
      return { stream: { text: pieces("never read to its end") } };
    };
    rig.voice.listen = (_reply, { signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ text: "never" })));
    const speaking = new AbortController();
    const cut = rig.say("voice", "tell me", { replySignal: speaking.signal });
    await settle(5);
    speaking.abort();
    expect(await cut).toMatchObject({ status: "delivered" });
    expect(await rig.say("voice", "too early", { replySignal: AbortSignal.abort() })).toMatchObject({
      status: "delivered",
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(await rig.log()).toEqual(["voice: tell me", "ai: never", "voice: too early"]);
  });

  it("that comes after its channel was detached is not stored", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    rig.ai.answer = async () => {
      await rig.kit.detachChannel("room", "ai");
      return { events: [draft("too late")] };
    };
    await rig.say("voice", "hello");
    expect(await rig.log()).toEqual(["voice: hello"]);
    expect(rig.reported("delivery_failed")).toMatchObject([{ channelId: "ai", error: { code: "not_attached" } }]);
  });

  it("that comes after its room was closed is refused", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    rig.ai.answer = async () => {
      await rig.kit.closeRoom("room");
      return { events: [draft("too late")] };
    };
    await rig.say("voice", "hello");
    expect(await rig.log()).toEqual(["voice: hello"]);
    expect(rig.reported("room_refused_event")).toEqual([{ roomId: "room", channelId: "ai" }]);
    expect(rig.reported("delivery_failed")).toEqual([]);
  });
});

describe("row 59: a chain of replies", () => {
  it.each([1, 2, 5, 9])("ends at depth %s with a blocked event and a report", async (maxChainDepth) => {
    const rig = await Rig.with(["voice", "ai1", "ai2"], { maxChainDepth });
    for (const ai of [rig.ai1, rig.ai2]) answering(ai, (event) => `${eventText(event)}+`);
    rig.ai2.answer = (event) =>
      event.source.channelId === "ai1" ? { events: [draft(`${eventText(event)}+`)] } : undefined;
    await rig.say("voice", "x");
    const log = await rig.events();
    expect(log.map(({ chainDepth }) => chainDepth)).toEqual(
      Array.from({ length: maxChainDepth + 1 }, (_, depth) => depth),
    );
    expect(log.map(({ status }) => status)).toEqual([
      ...Array.from({ length: maxChainDepth }, () => "delivered"),
      "blocked",
    ]);
    expect(log.at(-1)?.blockedBy).toBe("event_chain_depth_limit");
    expect(rig.reported("chain_depth_exceeded")).toHaveLength(1);
    expect(rig.reported("event_blocked")).toMatchObject([{ reason: "event_chain_depth_limit" }]);
  });

  it("cannot be answered silently either: a stream at the limit is closed unread and recorded", async () => {
    const rig = await Rig.with(["voice", "ai"], { maxChainDepth: 1 });
    const text = pieces("x");
    rig.ai.answer = () => ({ stream: { text } });
    await rig.say("voice", "hello");
    expect(await text.next()).toEqual({ value: undefined, done: true });
    expect(await rig.log()).toEqual(["voice: hello", "ai:  (event_chain_depth_limit)"]);
  });

  it("does not count a channel that has nothing to say", async () => {
    const rig = await Rig.with(["voice", "ai"], { maxChainDepth: 1 });
    rig.ai.answer = () => ({ events: [] });
    await rig.say("voice", "hello");
    expect([await rig.log(), rig.reported("chain_depth_exceeded")]).toEqual([["voice: hello"], []]);
  });

  it("that grows wide instead of deep ends too", async () => {
    const names = ["ai1", "ai2", "ai3", "ai4", "ai5"] as const;
    const rig = await Rig.with(["voice", ...names]);
    for (const name of names) answering(rig[name], () => name);
    await rig.say("voice", "x");
    const events = await rig.events();
    const blocked = events.filter(({ blockedBy }) => blockedBy === "cascade_limit");
    // 5 replies, 20 to those, then the budget of 50 is used up; what is over it is recorded and answered by nobody.
    expect(events.filter(({ status }) => status === "delivered").length).toBe(51);
    expect([blocked.length > 0, events.length < 300]).toEqual([true, true]);
  });
});
