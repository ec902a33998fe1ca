import { type HookPayloads, RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { read, rejection } from "../fake-room.fixture.ts";
import { type AIChannelOptions, DEFAULT_FALLBACK_TEXT } from "../options.ts";
import { ROOM, setUp } from "../rig.fixture.ts";
import { done, type Script, say } from "../scripted-model.fixture.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });

describe("a function of the application's that fails", () => {
  const fail = (): never => {
    throw new Error("no customer 4711");
  };
  it.each<[string, Partial<AIChannelOptions>, string]>([
    ["system throws", { system: fail }, "instructions_failed"],
    ["system rejects", { system: async () => fail() }, "instructions_failed"],
    ["system gives no string", { system: () => ({ text: "Be brief." }) as never }, "instructions_failed"],
    ["system gives null", { system: () => null as never }, "instructions_failed"],
    ["respondTo throws", { respondTo: fail }, "respond_to_failed"],
  ])("is apologised for and reported: %s", async (what, options, expected) => {
    const { host, model, text } = setUp([[...say("x"), done]], options);
    const told: HookPayloads["ON_ERROR"][] = [];
    host.hook("ON_ERROR", (payload) => void told.push(payload));
    expect(await read(await text("hi"))).toBe(DEFAULT_FALLBACK_TEXT);
    expect(told).toEqual([{ roomId: ROOM, where: "reply:ai", error: code(expected) }]);
    expect(told[0]?.error.cause).toEqual(/throws|rejects/.test(what) ? new Error("no customer 4711") : undefined);
    expect(host.emitted.map(({ event }) => event)).toEqual(["ai_error"]);
    expect([model.requests, JSON.stringify(host.logs).includes("4711")]).toEqual([[], false]);
  });

  it.each([async () => true, async () => false, async () => fail()])(
    "a promise of respondTo has said nothing: %s",
    async (respondTo) => {
      const { host, model, text } = setUp([[...say("x"), done]], { respondTo: respondTo as never });
      const told: HookPayloads["ON_ERROR"][] = [];
      host.hook("ON_ERROR", (payload) => void told.push(payload));
      expect(await read(await text("hi"))).toBe(DEFAULT_FALLBACK_TEXT);
      expect(told.map(({ error }) => [error.code, (error.cause as { code: string }).code])).toEqual([
        ["respond_to_failed", "invalid_option"],
      ]);
      expect(model.requests).toEqual([]);
    },
  );

  it("is no failure when the turn is over, nor when there are no instructions", async () => {
    const turn = new AbortController();
    const system = (): Promise<string> => {
      turn.abort();
      return new Promise(() => {});
    };
    const late = setUp([[done]], { system });
    expect((await rejection(late.ask("hi", turn.signal))).code).toBe("aborted");
    expect(late.host.emitted).toEqual([]);
    expect(await read(await setUp([[...say("Hi."), done]], { system: () => undefined }).text())).toBe("Hi.");
  });
});

describe("a model that fails", () => {
  const broken = new RoomKitError("invalid_key", "key sk-123 is wrong");
  const busy = new RoomKitError("overloaded", "busy", { retryable: true });

  it("row 61: is reported, and an apology is spoken when nothing had been said", async () => {
    const { host, channel, text } = setUp([[{ type: "error", error: broken }]]);
    const errors: unknown[] = [];
    host.hook("ON_ERROR", (payload) => void errors.push(payload));
    expect(await read(await text("hi"))).toBe(DEFAULT_FALLBACK_TEXT);
    const told = { roomId: ROOM, channelId: "ai", error: broken, provider: "scripted" };
    expect(host.emitted).toEqual([{ event: "ai_error", payload: told }]);
    expect(errors).toEqual([{ roomId: ROOM, where: "reply:ai", error: broken }]);
    expect(JSON.stringify(host.logs)).not.toContain("sk-123");
    expect(channel.activeReplies).toBe(0);
  });

  it("just ends when something had been said, or when no apology is wanted", async () => {
    const late = setUp([[...say("I think"), { fail: new Error("socket") }]]);
    expect(await read(await late.text("hi"))).toBe("I think");
    expect(late.host.emitted).toEqual([
      { event: "ai_error", payload: expect.objectContaining({ error: code("provider_error") }) },
    ]);
    const silent = setUp([[{ type: "error", error: broken }]], { fallbackText: false });
    expect(await read(await silent.text("hi"))).toBe("");
  });

  it("is tried once more, after a pause, when that may help and nothing was yielded", async () => {
    const { host, model, text } = setUp([[{ type: "error", error: busy }], [...say("Hi."), done]]);
    const reading = read(await text("hi"));
    await host.clock.advance(249);
    expect(model.requests).toHaveLength(1);
    await host.clock.advance(1);
    expect(await reading).toBe("Hi.");
    expect(host.emitted).toEqual([]);
  });

  it.each<[string, Script[], Partial<AIChannelOptions>, number]>([
    ["not a second time", [[{ type: "error", error: busy }]], {}, 2],
    ["not when it cannot help", [[{ type: "error", error: broken }]], {}, 1],
    ["not when something was yielded", [[...say("I"), { type: "error", error: busy }]], {}, 1],
    ["not when told not to", [[{ type: "error", error: busy }]], { retry: false }, 1],
  ])("is tried once more: %s", async (_what, scripts, options, requests) => {
    const { host, model, text } = setUp(scripts, options);
    const reading = read(await text("hi"));
    await host.clock.advance(1_000);
    await reading;
    expect(model.requests).toHaveLength(requests);
    expect(host.emitted).toHaveLength(1);
  });

  it("has failed when it says nothing at all", async () => {
    const empty = setUp([[done]]);
    const reading = read(await empty.text("hi"));
    await empty.host.clock.advance(250);
    expect(await reading).toBe(DEFAULT_FALLBACK_TEXT);
    expect(empty.model.requests).toHaveLength(2);
    expect(empty.host.emitted).toEqual([
      { event: "ai_error", payload: expect.objectContaining({ error: code("empty_reply") }) },
    ]);
    const filtered = setUp([[{ type: "finish", reason: "content-filter" }]]);
    expect(await read(await filtered.text("hi"))).toBe(DEFAULT_FALLBACK_TEXT);
    expect(filtered.model.requests).toHaveLength(1);
  });

  it("has failed when it stays silent too long", async () => {
    const { host, model, text } = setUp([["hang"]], { firstTokenTimeoutMs: 3_000, retry: false });
    const reading = read(await text("hi"));
    await host.clock.advance(3_000);
    expect(await reading).toBe(DEFAULT_FALLBACK_TEXT);
    expect([model.open, host.clock.pendingTimers]).toEqual([0, 0]);
  });

  it("is not waited for while the reader takes its time", async () => {
    const { host, text } = setUp([[...say("a", "b"), done]], { stallTimeoutMs: 1_000 });
    const iterator = (await text("hi"))[Symbol.asyncIterator]();
    await iterator.next();
    await host.clock.advance(60_000);
    expect(await iterator.next()).toEqual({ value: "b", done: false });
    expect((await iterator.next()).done).toBe(true);
  });

  it("counts as failed when the room's history cannot be read", async () => {
    const { host, channel } = setUp([[...say("x"), done]]);
    const event = host.user(ROOM, "hi");
    const history = () => new Promise<never>(() => {});
    const reply = await channel.onEvent(event, host.context(event, undefined, { history }));
    const reading = read(reply?.stream?.text as AsyncIterable<string>);
    await host.clock.advance(10_000);
    expect(await reading).toBe(DEFAULT_FALLBACK_TEXT);
    expect(host.emitted).toEqual([{ event: "ai_error", payload: expect.objectContaining({ error: code("timeout") }) }]);
  });
});
