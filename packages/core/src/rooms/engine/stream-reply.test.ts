import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { DeliveryContext, StreamedReply } from "../channel.ts";
import { eventText, type RoomEvent } from "../event.ts";
import { pieces, Rig, watch } from "../rig.fixture.ts";
import { cutOff, streaming, voiceAnd, whole } from "./streams.fixture.ts";

describe("a streamed reply", () => {
  it("is heard as it is made, then appended once as the replying channel's event", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["Hel", "lo."], 100);
    const heard: string[] = [];
    let offered: Partial<StreamedReply> = {};
    rig.voice.listen = async (reply) => {
      offered = { channelId: reply.channelId, correlationId: reply.correlationId as string };
      for await (const piece of reply.text) heard.push(`${piece} ${(await rig.log()).length}`);
      return { text: "Hello." };
    };
    const call = watch(
      rig.kit.processInbound({
        roomId: "room",
        channelId: "voice",
        correlationId: "turn",
        content: { type: "text", text: "hi" },
      }),
    );
    await rig.clock.advance(100);
    expect([heard, call.state]).toEqual([["Hel 1"], "pending"]);
    await rig.clock.advance(100);
    expect([heard, call.state, offered]).toEqual([
      ["Hel 1", "lo. 1"],
      "done",
      { channelId: "ai", correlationId: "turn" },
    ]);
    const [hi, reply] = (await rig.events()) as [RoomEvent, RoomEvent];
    expect(reply).toEqual({
      id: expect.any(String),
      roomId: "room",
      index: 4,
      status: "delivered",
      visibility: "all",
      content: { type: "text", text: "Hello." },
      source: { channelId: "ai", role: "assistant" },
      chainDepth: 1,
      parentEventId: hi.id,
      correlationId: "turn",
      createdAt: hi.createdAt,
    });
  });

  it("is delivered as a whole to those who did not take it as it came, and read by all", async () => {
    const rig = await voiceAnd(["ui", "deaf"]);
    await rig.kit.setAccess("room", "deaf", "write_only");
    streaming(rig, rig.ai, ["one ", "two"]);
    await rig.say("voice", "hi");
    expect([rig.voice.delivered, rig.voice.read]).toEqual([[], ["one two"]]);
    expect([rig.ui.delivered, rig.ui.read]).toEqual([
      ["hi", "one two"],
      ["hi", "one two"],
    ]);
    expect([rig.deaf.delivered, rig.ai.read]).toEqual([[], ["hi"]]);
  });

  it("goes to every channel that can take it, each at its own speed; the longest heard text is what was said", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["one ", "two ", "three"]);
    rig.ui.listen = whole;
    rig.voice.listen = async ({ text }) => {
      for await (const _ of text) {
        await rig.clock.sleep(1_000);
        break;
      }
      return { text: "one ", heard: cutOff };
    };
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(1_000);
    expect([call.state, await rig.log()]).toEqual(["done", ["voice: hi", "ai: one two three"]]);
    expect((await rig.events())[1]).not.toHaveProperty("heard");
    expect([rig.ui.delivered, rig.voice.delivered]).toEqual([["hi"], []]);
  });

  it("is what was heard when it was cut off, with the record of it", async () => {
    const rig = await voiceAnd(["ui"]);
    const stream = streaming(rig, rig.ai, ["Once ", "upon ", "a ", "time"]);
    rig.voice.listen = async ({ text }) => {
      for await (const _ of text) break;
      return { text: "On", heard: cutOff };
    };
    await rig.say("voice", "tell me");
    expect((await rig.events())[1]).toMatchObject({ content: { text: "On" }, heard: cutOff });
    expect(rig.ui.delivered).toEqual(["tell me", "On"]);
    expect(stream.state).toMatch(/closed|aborted/);
  });

  it("that was heard not at all is appended with its record, and not at all without one", async () => {
    const rig = await voiceAnd([]);
    streaming(rig, rig.ai, ["never heard"]);
    rig.voice.listen = async () => ({ text: "", heard: cutOff });
    await rig.say("voice", "1");
    rig.voice.listen = async () => ({ text: "" });
    await rig.say("voice", "2");
    expect(await rig.log()).toEqual(["voice: 1", "ai: ", "voice: 2"]);
  });

  it("of nothing is nothing", async () => {
    const rig = await voiceAnd([]);
    streaming(rig, rig.ai, []);
    await rig.say("voice", "1");
    expect(await rig.log()).toEqual(["voice: 1"]);
  });

  it("is read to its end and delivered whole where nobody can take it as it comes", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    streaming(rig, rig.ai, ["one ", "two"], 50);
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(100);
    expect([call.state, rig.voice.delivered, rig.ui.delivered]).toEqual(["done", ["one two"], ["hi", "one two"]]);
  });

  it("follows events of the same answer", async () => {
    const rig = await voiceAnd([]);
    rig.ai.answer = (event) =>
      event.source.role === "user"
        ? {
            events: [
              {
                content: { type: "tool-call", callId: "c", name: "t", arguments: {} },
                source: { channelId: "ai", role: "assistant" },
              },
            ],
            stream: { text: pieces("answer") },
          }
        : undefined;
    await rig.say("voice", "hi");
    expect((await rig.events()).map(({ content }) => content.type)).toEqual(["text", "tool-call", "text"]);
  });

  it("passes BEFORE_BROADCAST before it is appended", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["my key is 123"]);
    rig.kit.hook("BEFORE_BROADCAST", ({ event }) =>
      event.source.channelId === "ai"
        ? { action: "modify", payload: { event: { ...event, content: { type: "text", text: "my key is ***" } } } }
        : undefined,
    );
    await rig.say("voice", "hi");
    expect([await rig.log(), rig.ui.delivered]).toEqual([
      ["voice: hi", "ai: my key is ***"],
      ["hi", "my key is ***"],
    ]);
  });

  it("runs outside of lock and lane: the next message is heard and answered meanwhile", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["a", "b", "c"], 1_000);
    const first = watch(rig.say("voice", "1"));
    await rig.clock.advance(1_500);
    const second = watch(rig.say("ui", "2"));
    await rig.clock.advance(0);
    expect([rig.ai.read, rig.voice.delivered, first.state]).toEqual([["1", "2"], ["2"], "pending"]);
    await rig.clock.advance(1_500);
    expect([first.state, second.state]).toEqual(["done", "pending"]);
    await rig.clock.advance(1_500);
    expect([second.state, await rig.log()]).toEqual(["done", ["voice: 1", "ui: 2", "ai: abc", "ai: abc"]]);
  });

  it("begins for a channel after what that channel has not got yet", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["answer"]);
    const order: string[] = [];
    rig.ui.onDeliver = async (event) => {
      await rig.clock.sleep(100);
      order.push(eventText(event));
    };
    rig.ui.listen = async (reply) => {
      order.push("stream");
      return await whole(reply);
    };
    const call = rig.say("voice", "hi");
    await rig.clock.advance(100);
    await call;
    expect(order).toEqual(["hi", "stream"]);
  });

  it("hands its listener the session and the history, and knows nothing of a channel that cannot be heard", async () => {
    const rig = await voiceAnd(["deaf", "hidden"]);
    let seen: DeliveryContext | undefined;
    rig.voice.listen = (reply, context) => {
      seen = context;
      return whole(reply);
    };
    for (const channel of [rig.deaf, rig.hidden]) channel.listen = () => Promise.reject(new Error("must not be asked"));
    await rig.kit.muteOutput("room", "deaf");
    await rig.kit.setVisibility("room", "ai", ["voice", "deaf"]);
    streaming(rig, rig.ai, ["answer"]);
    const session = {
      id: "s",
      roomId: "room",
      participantId: "p",
      channelId: "voice",
      state: "active",
      metadata: {},
    } as const;
    await rig.say("voice", "hi", { session });
    expect(seen).toMatchObject({ session, binding: { channelId: "voice" }, room: { id: "room" } });
    expect((await seen?.history())?.map(eventText).filter(Boolean)).toEqual(["hi", "answer"]);
    expect([rig.deaf.delivered, rig.hidden.read, rig.reported("delivery_failed")]).toEqual([[], ["hi"], []]);
  });
});

describe("a streamed reply that is not wanted", () => {
  const reasons: [string, string][] = [
    ["source_muted", "mute"],
    ["source_read_only", "access"],
  ];
  it.each(reasons)("(%s) is closed unread and recorded as blocked", async (reason, how) => {
    const rig = await voiceAnd([]);
    const stream = streaming(rig, rig.ai, ["x"]);
    if (how === "mute") await rig.kit.mute("room", "ai");
    else await rig.kit.setAccess("room", "ai", "read_only");
    let asked = false;
    rig.voice.listen = async (reply) => {
      asked = true;
      return await whole(reply);
    };
    await rig.say("voice", "hi");
    expect([asked, stream.state, await rig.log()]).toEqual([false, "unread", ["voice: hi", `ai:  (${reason})`]]);
    expect(rig.ai.contexts[0]?.signal.aborted).toBe(true);
  });

  const stopping: [string, (rig: Rig) => Promise<unknown>, string[]][] = [
    ["muted", (rig) => rig.kit.mute("room", "ai"), ["voice: hi", "ai: one  (source_muted)"]],
    [
      "only allowed to read",
      (rig) => rig.kit.setAccess("room", "ai", "read_only"),
      ["voice: hi", "ai: one  (source_read_only)"],
    ],
    ["detached", (rig) => rig.kit.detachChannel("room", "ai"), ["voice: hi"]],
  ];
  it.each(stopping)("because its channel is %s while it runs stops there", async (_, stop, log) => {
    const rig = await voiceAnd(["ui"]);
    const stream = streaming(rig, rig.ai, ["one ", "two"], 100);
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(150);
    await stop(rig);
    await settle(5);
    expect([call.state, stream.state, await rig.log(), rig.ui.delivered]).toEqual(["done", "aborted", log, ["hi"]]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  const notHearing: [string, (rig: Rig) => Promise<unknown>][] = [
    ["output-muted", (rig) => rig.kit.muteOutput("room", "voice")],
    ["not allowed to read", (rig) => rig.kit.setAccess("room", "voice", "write_only")],
    ["detached", (rig) => rig.kit.detachChannel("room", "voice")],
  ];
  it.each(notHearing)("by a channel that is %s while it runs stops for that channel alone", async (_, stop) => {
    const rig = await voiceAnd(["ui"]);
    rig.ui.listen = whole;
    streaming(rig, rig.ai, ["one ", "two"], 100);
    let stopped = false;
    rig.voice.listen = async ({ text }, { signal }) => {
      signal.addEventListener("abort", () => {
        stopped = true;
      });
      const reader = text[Symbol.asyncIterator]();
      const first = await reader.next();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { text: first.value as string };
    };
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(150);
    await stop(rig);
    expect([stopped, call.state]).toEqual([true, "pending"]);
    await rig.clock.advance(50);
    expect([call.state, await rig.log()]).toEqual(["done", ["voice: hi", "ai: one two"]]);
    expect(rig.reported("delivery_failed")).toEqual([]);
  });
});
