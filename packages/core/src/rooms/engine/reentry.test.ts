import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { InboundResult } from "../channel.ts";
import { eventText } from "../event.ts";
import { gate, Rig, watch } from "../rig.fixture.ts";
import { asyncScope } from "./async-scope.ts";
import { CallScopes } from "./call-scopes.ts";

describe("a call that waits for a room from inside that room", () => {
  it.each(["onEvent", "deliver"])(
    "in %s resolves at its commit, and its caller's caller waits for the rest",
    async (where) => {
      const rig = await Rig.with(["voice", "bot", "slow"]);
      let inner: InboundResult | undefined;
      const work = async (event: { source: { channelId: string } }): Promise<undefined> => {
        if (event.source.channelId === "voice") inner = await rig.say("bot", "from inside");
        return undefined;
      };
      if (where === "onEvent") rig.bot.answer = work;
      else rig.bot.onDeliver = work;
      rig.slow.answer = (event) =>
        rig.clock.sleep(eventText(event) === "from inside" ? 1_000 : 0).then(() => undefined);
      const outer = watch(rig.say("voice", "hello"));
      await rig.clock.advance(10);
      expect([inner?.status, outer.state]).toEqual(["delivered", "pending"]);
      await rig.clock.advance(1_000);
      expect([outer.state, await rig.log(), rig.slow.delivered]).toEqual([
        "done",
        ["voice: hello", "bot: from inside"],
        ["hello", "from inside"],
      ]);
      expect((await rig.events())[1]).toMatchObject({ chainDepth: 1, parentEventId: outer.value?.event?.id });
      expect(rig.reported("delivery_failed")).toEqual([]);
    },
  );

  it("speaks even to itself through another channel without waiting for itself", async () => {
    const rig = await Rig.with(["voice", "bot"]);
    rig.bot.answer = async (event) => {
      if (eventText(event) === "hello") await rig.say("voice", "for you, bot");
      return undefined;
    };
    await rig.say("voice", "hello");
    expect(rig.bot.read).toEqual(["hello", "for you, bot"]);
  });

  it("under the lock (a hook) commits before the event it looks at", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    rig.kit.hook("BEFORE_BROADCAST", async ({ event }) => {
      if (eventText(event) !== "hello") return;
      const results = await Promise.all([
        rig.say("ui", "a"),
        rig.say("ui", "b"),
        rig.kit.sendEvent("room", { content: { type: "text", text: "c" } }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(["delivered", "delivered", "delivered"]);
    });
    const result = await rig.say("voice", "hello");
    expect(result.status).toBe("delivered");
    expect(await rig.log()).toEqual(["ui: a", "ui: b", "system: c", "voice: hello"]);
    expect((await rig.events()).map(({ chainDepth }) => chainDepth)).toEqual([1, 1, 1, 0]);
    expect(rig.ui.read).toEqual(["c", "hello"]);
    expect(rig.voice.read).toEqual(["a", "b", "c"]);
  });

  it("under the lock and not waited for keeps the order of the log the order of delivery", async () => {
    const rig = await Rig.with(["voice", "ui"]);
    const inner: Promise<unknown>[] = [];
    rig.kit.hook("BEFORE_BROADCAST", ({ event }) => {
      if (eventText(event) === "hello")
        for (const text of ["a", "b", "c"]) inner.push(rig.kit.sendEvent("room", { content: { type: "text", text } }));
    });
    await rig.say("voice", "hello");
    await Promise.all(inner);
    expect(rig.ui.read).toEqual((await rig.events()).map(eventText));
    expect(rig.ui.read.toSorted()).toEqual(["a", "b", "c", "hello"]);
  });

  it("under the lock within the lock does not deadlock, and ends at the chain's limit", async () => {
    const rig = await Rig.with(["voice"]);
    const refused: string[] = [];
    rig.kit.hook("BEFORE_BROADCAST", async ({ event }) => {
      const text = `${eventText(event)}+`;
      const again = rig.kit.sendEvent("room", { content: { type: "text", text } });
      await again.catch((error: { code: string }) => refused.push(error.code));
    });
    await rig.say("voice", "x");
    expect(refused).toEqual(["chain_too_deep"]);
    expect(await rig.log()).toEqual([
      "system: x+++++ (event_chain_depth_limit)",
      "system: x++++",
      "system: x+++",
      "system: x++",
      "system: x+",
      "voice: x",
    ]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("under the lock may close, mute, attach and detach", async () => {
    const rig = await Rig.with(["voice", "ui", "ai"]);
    rig.kit.hook("BEFORE_BROADCAST", async ({ event }) => {
      if (eventText(event) === "mute me") await rig.kit.mute("room", "voice");
      if (eventText(event) === "detach me") await rig.kit.detachChannel("room", "ai");
      if (eventText(event) === "close it") await rig.kit.closeRoom("room");
    });
    expect(await rig.say("ai", "detach me").catch((error: { code: string }) => error.code)).toBe("not_attached");
    expect(await rig.say("voice", "mute me")).toMatchObject({ status: "blocked", reason: "source_muted" });
    expect(await rig.say("ui", "close it").catch((error: { code: string }) => error.code)).toBe("room_closed");
    expect(await rig.log()).toEqual(["voice: mute me (source_muted)"]);
  });

  it("in a delivery may close the room, or the kit", async () => {
    for (const what of ["room", "kit"] as const) {
      const rig = await Rig.with(["voice", "bot"]);
      rig.bot.answer = async () => {
        await (what === "room" ? rig.kit.closeRoom("room") : rig.kit.close());
        return undefined;
      };
      const call = watch(rig.say("voice", "bye"));
      await settle(10);
      expect([call.state, rig.clock.pendingTimers]).toEqual(["done", 0]);
      expect(rig.bot.calls.includes(what === "room" ? "detached" : "closed")).toBe(true);
    }
  });

  it("across two rooms that talk to each other does not deadlock", async () => {
    const rig = await Rig.with(["a", "b"]);
    await rig.kit.createRoom({ id: "other" });
    for (const id of ["a", "b"]) await rig.kit.attachChannel("other", id);
    const seen: string[] = [];
    rig.b.answer = async (event) => {
      seen.push(`${event.roomId} ${event.chainDepth}`);
      const roomId = event.roomId === "room" ? "other" : "room";
      await rig.kit.processInbound({ roomId, channelId: "a", content: { type: "text", text: "relay" } });
      return undefined;
    };
    const call = watch(rig.say("a", "hello"));
    await settle(30);
    expect(call.state).toBe("done");
    expect(seen).toEqual(["room 0", "other 1", "room 2", "other 3", "room 4"]);
    expect(rig.reported("chain_depth_exceeded")).toHaveLength(1);
  });

  it("after the event (AFTER_BROADCAST) waits as usual, but counts as a reply, so it ends", async () => {
    const rig = await Rig.with(["voice"]);
    rig.kit.hook("AFTER_BROADCAST", async ({ event }) => {
      await rig.clock.sleep(10);
      await rig.kit.sendEvent("room", { content: { type: "text", text: `${eventText(event)}+` } });
    });
    await rig.say("voice", "x");
    await rig.clock.advance(1_000);
    expect(await rig.log()).toEqual([
      "voice: x",
      "system: x+",
      "system: x++",
      "system: x+++",
      "system: x++++",
      "system: x+++++ (event_chain_depth_limit)",
    ]);
  });

  it("does not count as inside once what it was started from is over", async () => {
    const rig = await Rig.with(["voice", "bot", "ui"]);
    rig.bot.answer = (event) => {
      if (eventText(event) !== "remind me") return undefined;
      void rig.clock.sleep(1_000).then(() => rig.say("bot", "reminder"));
      return undefined;
    };
    await rig.say("voice", "remind me");
    const hold = gate();
    rig.ui.answer = () => hold.promise.then(() => undefined);
    await rig.clock.advance(1_000);
    expect((await rig.events())[1]).toMatchObject({ chainDepth: 0 });
    hold.open();
  });
});

describe("asyncScope", () => {
  it("follows asynchronous calls where the platform can", async () => {
    const scope = asyncScope<string>();
    const seen = await scope.run("inside", async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return [scope.get(), scope.run(undefined, () => scope.get())];
    });
    expect([seen, scope.get()]).toEqual([["inside", undefined], undefined]);
  });

  it.each([{}, { process: {} }, { process: { getBuiltinModule: () => undefined } }])(
    "carries nothing on %o",
    (platform) => {
      const scope = asyncScope<string>(platform);
      expect(scope.run("inside", () => scope.get())).toBeUndefined();
    },
  );
});

describe("CallScopes", () => {
  it("knows the innermost call that still runs, and none that is over", async () => {
    const calls = new CallScopes();
    const base = { chainDepth: 0, parentEventId: undefined, cascade: undefined };
    const leak = gate<string[]>();
    await calls.enter({ ...base, kind: "lock", roomId: "a" }, async () => {
      await calls.enter({ ...base, kind: "delivery", roomId: "b", chainDepth: 3 }, async () => {
        expect([calls.current()?.roomId, calls.lockOf("a")?.roomId, calls.lockOf("b"), calls.mustNotWait()]).toEqual([
          "b",
          "a",
          undefined,
          true,
        ]);
        setTimeout(() => leak.open([calls.current()?.roomId ?? "none"]), 5);
      });
      expect(calls.current()?.roomId).toBe("a");
      expect(calls.outside(() => calls.current())).toBeUndefined();
    });
    expect(await leak.promise).toEqual(["none"]);
    await calls.enter({ ...base, kind: "told", roomId: "a" }, async () => expect(calls.mustNotWait()).toBe(false));
  });
});
