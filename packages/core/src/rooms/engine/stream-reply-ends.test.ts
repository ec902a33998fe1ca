import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../../errors/error.ts";
import type { StreamDelivery } from "../channel.ts";
import type { RoomKitOptions } from "../options.ts";
import { gate, Rig, readAll, watch } from "../rig.fixture.ts";
import { cutOff, streaming, voiceAnd, whole } from "./streams.fixture.ts";

describe("cancelling a streamed reply (the caller's signal)", () => {
  it("stops the model and keeps what was heard", async () => {
    const rig = await voiceAnd([]);
    const stream = streaming(rig, rig.ai, ["one ", "two ", "three"], 100);
    rig.voice.listen = async ({ text }, { signal }) => {
      let heard = "";
      try {
        for await (const piece of text) heard += piece;
      } catch {
        return { text: heard.slice(0, 2), heard: { ...cutOff, interrupted: signal.aborted } };
      }
      return { text: heard };
    };
    const controller = new AbortController();
    const call = watch(rig.say("voice", "hi", { signal: controller.signal }));
    await rig.clock.advance(150);
    controller.abort();
    await settle(5);
    expect([call.value?.status, stream.state, await rig.log()]).toEqual([
      "delivered",
      "aborted",
      ["voice: hi", "ai: on"],
    ]);
    expect((await rig.events())[1]).toMatchObject({ heard: cutOff, metadata: { ended: "cancelled" } });
    expect([rig.reported("ai_error"), rig.reported("delivery_failed"), rig.clock.pendingTimers]).toEqual([[], [], 0]);
  });

  it("keeps what a listener was given that just throws", async () => {
    const rig = await voiceAnd([]);
    streaming(rig, rig.ai, ["one ", "two"], 100);
    const controller = new AbortController();
    const call = rig.say("voice", "hi", { signal: controller.signal });
    await rig.clock.advance(100);
    controller.abort();
    await call;
    expect([await rig.log(), rig.reported("delivery_failed")]).toEqual([["voice: hi", "ai: one "], []]);
  });

  it("keeps nothing of a reply that reached nobody", async () => {
    const rig = await Rig.with(["voice", "ai"]);
    const stream = streaming(rig, rig.ai, ["one ", "two"], 100);
    const controller = new AbortController();
    const call = rig.say("voice", "hi", { signal: controller.signal });
    await rig.clock.advance(100);
    controller.abort();
    await call;
    expect([stream.state, await rig.log()]).toEqual(["aborted", ["voice: hi"]]);
  });

  it("waits a bounded time for a listener that does not stop", async () => {
    const rig = await voiceAnd(["ui"], { deliveryTimeoutMs: 500 });
    streaming(rig, rig.ai, ["one "]);
    rig.voice.listen = async ({ text }) => {
      await readAll(text);
      return await new Promise(() => {});
    };
    const controller = new AbortController();
    const call = watch(rig.say("voice", "hi", { signal: controller.signal }));
    await rig.clock.advance(10_000);
    expect(call.state).toBe("pending");
    controller.abort();
    await rig.clock.advance(500);
    expect([call.state, await rig.log(), rig.clock.pendingTimers]).toEqual(["done", ["voice: hi", "ai: one "], 0]);
  });
});

describe("a streamed reply that fails", () => {
  it("is reported, and what came of it is kept as what was heard", async () => {
    const rig = await voiceAnd(["ui"]);
    const told: string[] = [];
    rig.kit.hook("ON_ERROR", ({ where, error }) => void told.push(`${where} ${error.code}`));
    rig.ai.answer = () => ({
      stream: {
        text: (async function* () {
          yield "half ";
          throw new RoomKitError("provider_down", "it broke");
        })(),
      },
    });
    rig.voice.listen = async ({ text }) => {
      let heard = "";
      try {
        for await (const piece of text) heard += piece;
      } catch {}
      return { text: heard };
    };
    await rig.say("voice", "hi");
    expect([await rig.log(), told]).toEqual([["voice: hi", "ai: half "], ["reply:ai provider_down"]]);
    expect(rig.reported("ai_error")).toMatchObject([
      { roomId: "room", channelId: "ai", error: { code: "provider_down" } },
    ]);
    expect((await rig.events())[1]?.metadata).toEqual({ ended: "failed" });
  });

  it("is reported once when its listener passes the error on, or nobody listens", async () => {
    for (const listens of [true, false]) {
      const rig = await voiceAnd(["ui"]);
      if (!listens) rig.voice.listen = undefined;
      rig.ai.answer = () => ({
        stream: {
          text: (async function* () {
            yield "half";
            throw "just words";
          })(),
        },
      });
      await rig.say("voice", "hi");
      expect(await rig.log()).toEqual(["voice: hi", "ai: half"]);
      expect(rig.reported("ai_error")).toMatchObject([{ error: { code: "stream_failed", cause: "just words" } }]);
      expect(rig.reported("delivery_failed")).toEqual([]);
      expect(rig.voice.delivered).toEqual(listens ? [] : ["half"]);
    }
  });

  it.each<[string, string, RoomKitOptions]>([
    ["says nothing for too long", "timeout", { streamIdleTimeoutMs: 500 }],
    ["is too long", "reply_too_long", { maxReplyChars: 3 }],
  ])("because it %s ends as %s", async (_, code, options) => {
    const rig = await voiceAnd([], options);
    streaming(rig, rig.ai, ["abc", "def"], 1_000 / 2.5);
    if (code === "timeout") streaming(rig, rig.ai, ["abc", "def"], 600);
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(3_000);
    expect([call.state, rig.reported("ai_error")]).toMatchObject(["done", [{ error: { code } }]]);
    expect(await rig.log()).toEqual(code === "timeout" ? ["voice: hi"] : ["voice: hi", "ai: abc"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("a listener that fails", () => {
  it("before its first word gets the reply as a whole", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["one ", "two"]);
    rig.voice.listen = () => Promise.reject(new Error("no session"));
    rig.ui.listen = whole;
    await rig.say("voice", "hi");
    expect([rig.voice.delivered, rig.ui.delivered, await rig.log()]).toEqual([
      ["one two"],
      ["hi"],
      ["voice: hi", "ai: one two"],
    ]);
    expect(rig.reported("delivery_failed")).toMatchObject([{ channelId: "voice" }]);
  });

  it("alone does not lose the reply: it is read to its end", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["one ", "two"]);
    rig.voice.listen = async ({ text }) => {
      for await (const _ of text) throw new Error("speaker broke");
      return { text: "" };
    };
    await rig.say("voice", "hi");
    expect([await rig.log(), rig.ui.delivered, rig.voice.delivered]).toEqual([
      ["voice: hi", "ai: one two"],
      ["hi", "one two"],
      [],
    ]);
  });

  it.each([
    ["gives back nonsense", async () => ({}) as StreamDelivery],
    [
      "throws at once",
      () => {
        throw new Error("x");
      },
    ],
  ])("because it %s harms nobody", async (_, listen) => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["one"]);
    rig.voice.listen = listen;
    await rig.say("voice", "hi");
    expect(rig.ui.delivered).toEqual(["hi", "one"]);
    expect(rig.reported("delivery_failed")).toHaveLength(1);
  });

  it("when asked whether it can is not asked to", async () => {
    const rig = await voiceAnd(["ui"]);
    streaming(rig, rig.ai, ["one"]);
    rig.voice.canStream = () => {
      throw new Error("x");
    };
    await rig.say("voice", "hi");
    expect([rig.voice.delivered, rig.reported("delivery_failed").length]).toEqual([["one"], 1]);
  });

  it("by never ending is stopped in the end", async () => {
    const rig = await voiceAnd([], { streamDeliveryTimeoutMs: 5_000, deliveryTimeoutMs: 1_000 });
    streaming(rig, rig.ai, ["one"]);
    let told = false;
    rig.voice.listen = async ({ text }, { signal }) => {
      await readAll(text);
      signal.addEventListener("abort", () => {
        told = true;
      });
      return await new Promise(() => {});
    };
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(5_999);
    expect([told, call.state]).toEqual([true, "pending"]);
    await rig.clock.advance(1);
    expect([call.state, await rig.log(), rig.reported("delivery_failed")]).toMatchObject([
      "done",
      ["voice: hi", "ai: one"],
      [{ channelId: "voice", error: { code: "timeout" } }],
    ]);
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("closing", () => {
  it("the room stops a running reply and refuses it", async () => {
    const rig = await voiceAnd([]);
    const stream = streaming(rig, rig.ai, ["one ", "two"], 100);
    rig.voice.listen = async ({ text }) => {
      try {
        await readAll(text);
      } catch {}
      return { text: "one ", heard: cutOff };
    };
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(150);
    await rig.kit.closeRoom("room");
    await settle();
    expect([call.state, stream.state, await rig.log()]).toEqual(["done", "aborted", ["voice: hi"]]);
    expect(rig.reported("room_refused_event")).toEqual([{ roomId: "room", channelId: "ai" }]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("the kit stops a running reply and keeps what was heard", async () => {
    const rig = await voiceAnd([]);
    const stream = streaming(rig, rig.ai, ["one ", "two"], 100);
    rig.voice.listen = async ({ text }) => {
      try {
        await readAll(text);
      } catch {}
      return { text: "one ", heard: cutOff };
    };
    const hold = gate();
    rig.voice.onClose = () => hold.promise;
    const call = watch(rig.say("voice", "hi"));
    await rig.clock.advance(150);
    const closing = rig.kit.close();
    await settle(5);
    expect([call.state, stream.state, await rig.log()]).toEqual(["done", "aborted", ["voice: hi", "ai: one "]]);
    hold.open();
    await closing;
    expect(rig.clock.pendingTimers).toBe(0);
  });
});
