import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { Access, Visibility } from "../binding.ts";
import { eventText, type RoomEvent } from "../event.ts";
import { gate, Rig, type TestChannel, watch } from "../rig.fixture.ts";

describe("delivery", () => {
  it("gives every channel but the speaker each event in index order, however they are posted", async () => {
    const rig = await Rig.with(["a", "b", "c"]);
    rig.b.answer = async (event) => {
      await rig.clock.sleep(event.index % 3);
      return undefined;
    };
    const all = Array.from({ length: 20 }, (_, n) => rig.say(n % 2 === 0 ? "a" : "c", `${n}`));
    await rig.clock.advance(1_000);
    await Promise.all(all);
    const log = (await rig.events()).map(eventText);
    expect(rig.b.read).toEqual(log);
    expect(rig.b.delivered).toEqual(log);
    expect(rig.a.read).toEqual(log.filter((text) => Number(text) % 2 === 1));
    expect(rig.c.read).toEqual(log.filter((text) => Number(text) % 2 === 0));
  });

  it("gives a channel one event at a time: onEvent, then deliver, then the next", async () => {
    const rig = await Rig.with(["a", "b"]);
    const steps: string[] = [];
    rig.b.answer = async (event) => {
      steps.push(`read ${eventText(event)}`);
      await rig.clock.sleep(10);
      return undefined;
    };
    rig.b.onDeliver = async (event) => {
      await rig.clock.sleep(10);
      steps.push(`delivered ${eventText(event)}`);
    };
    const both = [rig.say("a", "1"), rig.say("a", "2")];
    await rig.clock.advance(40);
    await Promise.all(both);
    expect(steps).toEqual(["read 1", "delivered 1", "read 2", "delivered 2"]);
  });

  it("goes to all channels at once: a slow one holds up neither the others nor the room", async () => {
    const rig = await Rig.with(["a", "slow", "quick"]);
    const hold = gate();
    rig.slow.answer = () => hold.promise.then(() => undefined);
    const calls = [watch(rig.say("a", "1")), watch(rig.say("a", "2"))];
    await settle();
    expect(rig.quick.delivered).toEqual(["1", "2"]);
    expect(rig.slow.read).toEqual(["1"]);
    expect(await rig.log()).toEqual(["a: 1", "a: 2"]);
    expect(calls.map(({ state }) => state)).toEqual(["pending", "pending"]);
    hold.open();
    await settle();
    expect([rig.slow.delivered, calls.map(({ state }) => state)]).toEqual([
      ["1", "2"],
      ["done", "done"],
    ]);
  });

  const accesses: [Access, boolean, string][] = [
    ["read_write", true, "delivered"],
    ["read_only", true, "source_read_only"],
    ["write_only", false, "delivered"],
    ["none", false, "source_read_only"],
  ];
  it.each(accesses)("with access %s: reads %s, writes %s", async (access, reads, writes) => {
    const rig = await Rig.with(["a", "b"]);
    await rig.kit.setAccess("room", "b", access);
    await rig.say("a", "to b");
    const result = await rig.say("b", "from b");
    expect([rig.b.read, rig.b.delivered]).toEqual(reads ? [["to b"], ["to b"]] : [[], []]);
    expect(result.status === "blocked" ? result.reason : result.status).toBe(writes);
    expect(rig.a.read).toEqual(writes === "delivered" ? ["from b"] : []);
  });

  const visibilities: [Visibility, string[]][] = [
    ["all", ["ui", "ai1", "ai2"]],
    ["none", []],
    ["transport", ["ui"]],
    ["intelligence", ["ai1", "ai2"]],
    [
      ["ui", "ai2", "gone"],
      ["ui", "ai2"],
    ],
    [[], []],
  ];
  it.each(visibilities)("of a channel with visibility %s reaches %s", async (visibility, readers) => {
    const rig = await Rig.with(["voice", "ui", "ai1", "ai2"]);
    await rig.kit.setVisibility("room", "voice", visibility);
    const { event } = (await rig.say("voice", "hello")) as { event: RoomEvent };
    const reached = [rig.ui, rig.ai1, rig.ai2].filter(({ read }) => read.length > 0).map(({ id }) => id);
    expect([event.visibility, reached]).toEqual([visibility, readers]);
  });

  it("brings nothing to the people of an output-muted channel, which still reads and writes", async () => {
    const rig = await Rig.with(["a", "b"]);
    await rig.kit.muteOutput("room", "b");
    await rig.say("a", "1");
    await rig.say("b", "2");
    await rig.kit.unmuteOutput("room", "b");
    await rig.say("a", "3");
    expect([rig.b.read, rig.b.delivered, rig.a.read]).toEqual([["1", "3"], ["3"], ["2"]]);
  });

  it("skips a channel that was detached, or lost its access, while the event waited for it", async () => {
    const rig = await Rig.with(["a", "b", "c"]);
    const hold = gate();
    for (const channel of [rig.b, rig.c]) channel.answer = () => hold.promise.then(() => undefined);
    const both = [rig.say("a", "1"), rig.say("a", "2")];
    await settle();
    await rig.kit.detachChannel("room", "b");
    await rig.kit.setAccess("room", "c", "none");
    hold.open();
    await Promise.all(both);
    expect([rig.b.read, rig.b.delivered, rig.c.read, rig.c.delivered]).toEqual([["1"], [], ["1"], []]);
  });

  it("is the work of the caller: processInbound waits for all of it", async () => {
    const rig = await Rig.with(["a", "b"]);
    rig.b.onDeliver = () => rig.clock.sleep(500);
    const call = watch(rig.say("a", "1"));
    await rig.clock.advance(499);
    expect(call.state).toBe("pending");
    await rig.clock.advance(1);
    expect(call.state).toBe("done");
  });
});

describe("a channel that fails", () => {
  const failures: [string, string, () => never | Promise<never>][] = [
    [
      "throws",
      "channel_failed",
      () => {
        throw new Error("secret words");
      },
    ],
    ["rejects", "channel_failed", () => Promise.reject(new Error("secret words"))],
    ["hangs", "timeout", () => new Promise<never>(() => {})],
  ];
  it.each(failures)("and %s in onEvent harms no other, and is reported", async (_, code, fail) => {
    const rig = await Rig.with(["a", "bad", "good"], { deliveryTimeoutMs: 1_000 });
    rig.bad.answer = fail;
    const call = watch(rig.say("a", "1"));
    await rig.clock.advance(1_000);
    expect(call.value?.status).toBe("delivered");
    expect([rig.good.delivered, rig.bad.delivered]).toEqual([["1"], ["1"]]);
    expect(rig.reported("delivery_failed")).toMatchObject([{ roomId: "room", channelId: "bad", error: { code } }]);
    rig.bad.answer = () => undefined;
    await rig.say("a", "2");
    expect(rig.bad.delivered).toEqual(["1", "2"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it.each(failures)("and %s in deliver harms no other, and is reported", async (_, code, fail) => {
    const rig = await Rig.with(["a", "bad", "good"], { deliveryTimeoutMs: 1_000 });
    rig.bad.onDeliver = fail;
    const call = watch(rig.say("a", "1"));
    await rig.clock.advance(1_000);
    expect([call.state, rig.good.delivered]).toEqual(["done", ["1"]]);
    expect(rig.reported("delivery_failed")).toMatchObject([{ channelId: "bad", error: { code } }]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("by taking too long is told to stop, and what it answers then is not taken", async () => {
    const rig = await Rig.with(["a", "ai"], { deliveryTimeoutMs: 1_000 });
    let closed = false;
    const stream = (async function* () {
      try {
        yield "late";
      } finally {
        closed = true;
      }
    })();
    const ended = stream.return.bind(stream);
    Object.assign(stream, {
      return: (value: undefined) => {
        closed = true;
        return ended(value);
      },
    });
    rig.ai.answer = async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return {
        events: [{ content: { type: "text", text: "late" }, source: { channelId: "ai", role: "assistant" } }],
        stream: { text: stream },
      };
    };
    const call = watch(rig.say("a", "1"));
    await rig.clock.advance(1_000);
    await settle();
    expect([call.state, closed, await rig.log()]).toEqual(["done", true, ["a: 1"]]);
  });
});

describe("AFTER_BROADCAST", () => {
  it("follows when all channels are through, in index order", async () => {
    const rig = await Rig.with(["a", "slow", "quick"]);
    const told: string[] = [];
    rig.kit.hook("AFTER_BROADCAST", ({ event }) => void told.push(`${eventText(event)} ${rig.slow.delivered.length}`));
    const hold = gate();
    rig.slow.onDeliver = () => hold.promise;
    await rig.kit.setVisibility("room", "quick", ["a"]);
    const calls = [rig.say("a", "1"), rig.say("quick", "2")];
    await settle();
    expect(rig.a.delivered).toEqual(["2"]);
    expect(told).toEqual([]);
    hold.open();
    await Promise.all(calls);
    expect(told).toEqual(["1 1", "2 1"]);
    expect(rig.reported("event_processed").map(({ event }) => (event as RoomEvent).index)).toEqual([3, 4]);
  });

  it("fails without harm, and nobody waits for it", async () => {
    const rig = await Rig.with(["a"]);
    rig.kit.hook("AFTER_BROADCAST", () => Promise.reject(new Error("no")), { name: "rejects" });
    rig.kit.hook("AFTER_BROADCAST", () => new Promise(() => {}), { name: "hangs", timeoutMs: 100, execution: "async" });
    expect((await rig.say("a", "1")).status).toBe("delivered");
    await rig.clock.advance(100);
    expect(rig.reported("hook_error").map(({ hook }) => hook)).toEqual(["rejects"]);
    expect(rig.reported("hook_timeout").map(({ hook }) => hook)).toEqual(["hangs"]);
  });

  it("is not told of blocked events", async () => {
    const rig = await Rig.with(["a"]);
    let told = 0;
    rig.kit.hook("AFTER_BROADCAST", () => void told++);
    await rig.kit.mute("room", "a");
    await rig.say("a", "1");
    expect(told).toBe(0);
  });
});

describe("the context of a delivery", () => {
  it("holds the room, the binding, the session and a live signal", async () => {
    const rig = await Rig.with(["a", "b"]);
    const session = {
      id: "s",
      roomId: "room",
      participantId: "ann",
      channelId: "a",
      state: "active",
      metadata: {},
    } as const;
    const controller = new AbortController();
    let aborted: boolean | undefined;
    rig.b.answer = async (_, { signal }) => {
      controller.abort();
      aborted = signal.aborted;
      return undefined;
    };
    await rig.say("a", "1", { session, signal: controller.signal });
    const [context] = rig.b.contexts;
    expect(context).toMatchObject({ room: { id: "room", eventCount: 3 }, binding: { channelId: "b" }, session });
    expect(aborted).toBe(true);
    await rig.say("a", "2");
    expect(rig.b.contexts[1]?.session).toBeUndefined();
  });

  async function history(rig: { readonly ai: TestChannel }): Promise<string[]> {
    const events = (await rig.ai.contexts.at(-1)?.history()) ?? [];
    return events.filter(({ content }) => content.type === "text").map(eventText);
  }

  it("has the events before this one, also when later ones are in already", async () => {
    const rig = await Rig.with(["a", "ai"]);
    const hold = gate();
    const seen: string[][] = [];
    rig.ai.answer = async () => {
      await hold.promise;
      seen.push(await history(rig));
      return undefined;
    };
    const calls = ["1", "2", "3"].map((text) => rig.say("a", text));
    await settle();
    hold.open();
    await Promise.all(calls);
    expect(seen).toEqual([[], ["1"], ["1", "2"]]);
  });

  it("has only what the channel may see: not the blocked, not what was for others, but its own", async () => {
    const rig = await Rig.with(["a", "b", "ai"]);
    rig.kit.hook("BEFORE_BROADCAST", ({ event }) =>
      eventText(event) === "blocked" ? { action: "block" } : { action: "allow" },
    );
    await rig.say("a", "seen");
    await rig.say("a", "blocked");
    await rig.kit.setVisibility("room", "b", "transport");
    await rig.say("b", "for people");
    await rig.kit.setVisibility("room", "b", "none");
    await rig.say("b", "for nobody");
    await rig.kit.setVisibility("room", "ai", "transport");
    await rig.say("ai", "own");
    await rig.kit.setVisibility("room", "ai", "none");
    await rig.say("ai", "own, for nobody");
    await rig.say("a", "now");
    expect(await history(rig)).toEqual(["seen", "own"]);
    expect((await rig.ai.host.timeline("room", "ai")).map(eventText).filter(Boolean)).toEqual(["seen", "own", "now"]);
  });

  it("has at most the newest 100 of those, found behind what the channel may not see", async () => {
    const rig = await Rig.with(["a", "b", "ai"]);
    for (let n = 0; n < 105; n++) await rig.say("a", `${n}`);
    await rig.kit.setVisibility("room", "b", "transport");
    for (let n = 0; n < 250; n++) await rig.say("b", "hidden");
    await rig.say("a", "now");
    const seen = await history(rig);
    expect([seen.length, seen[0], seen.at(-1)]).toEqual([100, "5", "104"]);
    expect((await rig.ai.host.timeline("room", "ai", { last: 2 })).map(eventText)).toEqual(["104", "now"]);
    expect((await rig.ai.host.timeline("room", "ai", { last: 500 })).length).toBe(100);
  });

  it("is empty for a channel whose access was taken away meanwhile", async () => {
    const rig = await Rig.with(["a", "ai"]);
    await rig.say("a", "1");
    const hold = gate();
    let seen: string[] | undefined;
    rig.ai.answer = async () => {
      await hold.promise;
      seen = await history(rig);
      return undefined;
    };
    const call = rig.say("a", "2");
    await settle();
    await rig.kit.setAccess("room", "ai", "none");
    hold.open();
    await call;
    expect(seen).toEqual([]);
  });
});
