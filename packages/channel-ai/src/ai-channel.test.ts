import type { HookPayloads } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { AIChannel } from "./ai-channel.ts";
import { FakeHost, read, rejection, settle } from "./fake-room.fixture.ts";
import type { AIChannelOptions } from "./options.ts";
import { ROOM, setUp } from "./rig.fixture.ts";
import { call, done, ScriptedModel, say } from "./scripted-model.fixture.ts";

const code = (value: string): unknown => expect.objectContaining({ code: value });

describe("whom it answers", () => {
  it("answers what a user says, with the text as it comes", async () => {
    const { text } = setUp([[...say("Hel", "lo", " there."), done]]);
    const pieces: string[] = [];
    for await (const piece of await text("hi")) pieces.push(piece);
    expect(pieces).toEqual(["Hel", "lo", " there."]);
  });

  it("answers nothing else", async () => {
    const { host, model, ask } = setUp([[...say("x"), done]]);
    const voice = { channelId: "voice", role: "user" } as const;
    const silent = [
      host.assistant(ROOM, "my own words"),
      host.add(ROOM, { type: "text", text: "another assistant" }, { channelId: "ai2", role: "assistant" }),
      host.add(ROOM, { type: "text", text: "a note" }, { channelId: "crm", role: "system" }),
      host.user(ROOM, " \n"),
      host.user(ROOM, "blocked", { status: "blocked" }),
      host.add(ROOM, { type: "system", code: "attached" }, voice),
      host.add(ROOM, { type: "tool-call", callId: "1", name: "t", arguments: {} }, voice),
      host.add(ROOM, { type: "tool-result", callId: "1", name: "t", result: "", isError: false }, voice),
    ];
    for (const event of silent) expect(await ask(event)).toBeUndefined();
    expect(model.requests).toHaveLength(0);
  });

  it("answers whom respondTo names, but never itself", async () => {
    const { host, ask } = setUp([[...say("x"), done]], { respondTo: (event) => event.source.role === "assistant" });
    const other = host.add(ROOM, { type: "text", text: "over to you" }, { channelId: "ai2", role: "assistant" });
    expect(await ask(other)).toBeDefined();
    expect(await ask(host.assistant(ROOM, "mine"))).toBeUndefined();
    expect(await ask("a user")).toBeUndefined();
  });

  it.each([null, undefined, 1, "yes", {}])("does not answer where respondTo says %j", async (said) => {
    const { ask, model } = setUp([[...say("x"), done]], { respondTo: (() => said) as never });
    expect([await ask("a user"), model.requests]).toEqual([undefined, []]);
  });

  it("must be registered first", async () => {
    const host = new FakeHost();
    const channel = new AIChannel("ai", { provider: new ScriptedModel(host.clock) });
    const event = host.user(ROOM, "hi");
    expect((await rejection(channel.onEvent(event, host.context(event)))).code).toBe("not_registered");
  });
});

describe("what the model is asked", () => {
  it("gets instructions, conversation, tools and settings", async () => {
    const tool = { name: "t", description: "d", parameters: { type: "object" }, execute: () => "" };
    const { host, model, text } = setUp([[...say("x"), done]], {
      system: "Be brief.",
      tools: [tool],
      temperature: 0.2,
      maxOutputTokens: 99,
      providerOptions: { effort: "low" },
    });
    host.user(ROOM, "one");
    host.assistant(ROOM, "two");
    await read(await text("three"));
    expect(model.requests).toEqual([
      {
        system: "Be brief.",
        messages: [
          { role: "user", content: "one" },
          { role: "assistant", content: "two" },
          { role: "user", content: "three" },
        ],
        tools: [{ name: "t", description: "d", parameters: { type: "object" } }],
        toolChoice: "auto",
        temperature: 0.2,
        maxOutputTokens: 99,
        providerOptions: { effort: "low" },
      },
    ]);
  });

  it("has instructions written for each reply by a function", async () => {
    const { model, text } = setUp([[...say("x"), done]], { system: async ({ room }) => `Room ${room.id}` });
    await read(await text("hi"));
    expect(model.requests[0]?.system).toBe(`Room ${ROOM}`);
  });

  it("shows at most historyEvents events and maxHistoryChars characters", async () => {
    const { host, model, text } = setUp([[...say("x"), done]], { historyEvents: 2, maxHistoryChars: 12 });
    host.user(ROOM, "a");
    host.assistant(ROOM, "b");
    host.user(ROOM, "c");
    host.assistant(ROOM, "d");
    await read(await text("now"));
    expect(model.requests[0]?.messages.map((message) => message.content)).toEqual(["c", "d", "now"]);
    host.assistant(ROOM, "0123456789");
    await read(await text("now"));
    expect(model.requests[1]?.messages.map((message) => message.content)).toEqual(["now"]);
  });

  it("is not asked before the reply is read", async () => {
    const { model, channel, ask } = setUp([[...say("x"), done]]);
    await ask("hi");
    await settle();
    expect([model.requests.length, channel.activeReplies]).toEqual([0, 0]);
  });

  it("lets a hook change the instructions or forbid the reply", async () => {
    const { host, model, ask, text } = setUp([[...say("x"), done]], { system: "old" });
    let allow = true;
    host.hook("BEFORE_AI_GENERATION", ({ system }) =>
      allow ? { action: "modify", payload: { system: `${system} and new` } } : { action: "block" },
    );
    await read(await text("hi"));
    expect(model.requests[0]?.system).toBe("old and new");
    allow = false;
    expect(await ask("hi")).toBeUndefined();
  });
});

describe("what is spoken", () => {
  it("leaves thinking out", async () => {
    const { text } = setUp([[{ type: "reasoning-delta", text: "secret" }, ...say("", "Hi."), done]]);
    expect(await read(await text("hi"))).toBe("Hi.");
  });

  it("ends at maxReplyChars and stops the model there", async () => {
    const { model, text } = setUp([[...say("0123", "4567", "89"), "hang"]], { maxReplyChars: 6 });
    expect(await read(await text("hi"))).toBe("012345");
    expect([model.open, model.stopped]).toEqual([0, 1]);
  });

  it("can be read once", async () => {
    const { text } = setUp([[...say("x"), done]]);
    const reply = await text("hi");
    await read(reply);
    expect(() => reply[Symbol.asyncIterator]()).toThrowError(expect.objectContaining({ code: "stream_consumed" }));
  });

  it("is announced with its usage when it is over", async () => {
    const tool = { name: "t", description: "d", parameters: { type: "object" }, execute: () => "" };
    const { host, text } = setUp(
      [
        [call("t", {}), { type: "finish", reason: "tool-calls", usage: { inputTokens: 10, outputTokens: 1 } }],
        [...say("Done."), { type: "finish", reason: "stop", usage: { inputTokens: 12, cachedInputTokens: 5 } }],
      ],
      { tools: [tool] },
    );
    const heard: HookPayloads["ON_AI_RESPONSE"][] = [];
    host.hook("ON_AI_RESPONSE", (payload) => void heard.push(payload));
    await read(await text("hi"));
    expect(heard).toEqual([
      {
        roomId: ROOM,
        channelId: "ai",
        text: "Done.",
        status: "completed",
        toolCalls: 1,
        turnId: "turn_1",
        provider: "scripted",
        durationMs: 0,
        usage: { inputTokens: 22, outputTokens: 1, cachedInputTokens: 5 },
      },
    ]);
  });
});

describe("options", () => {
  const provider = new ScriptedModel(new FakeHost().clock);
  it.each<[string, Partial<AIChannelOptions>]>([
    ["toolTimeoutMs", { toolTimeoutMs: 0 }],
    ["toolTimeoutMs", { toolTimeoutMs: Number.NaN }],
    ["firstTokenTimeoutMs", { firstTokenTimeoutMs: Number.POSITIVE_INFINITY }],
    ["stallTimeoutMs", { stallTimeoutMs: -1 }],
    ["maxToolRounds", { maxToolRounds: -1 }],
    ["maxToolCallsPerRound", { maxToolCallsPerRound: 0 }],
    ["maxIdenticalCalls", { maxIdenticalCalls: 0 }],
    ["toolResultMaxLength", { toolResultMaxLength: 0 }],
    ["historyEvents", { historyEvents: 101 }],
    ["maxHistoryChars", { maxHistoryChars: 0 }],
    ["maxReplyChars", { maxReplyChars: 0 }],
    ["retryDelayMs", { retryDelayMs: -1 }],
    ["maxOutputTokens", { maxOutputTokens: 0 }],
    ["temperature", { temperature: -1 }],
    ["provider", { provider: {} as never }],
  ])("refuses a bad %s", (name, options) => {
    expect(() => new AIChannel("ai", { provider, ...options })).toThrowError(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(name) }),
    );
  });

  it("refuses tools for a provider that takes none, and an empty id", () => {
    const weak = { name: "weak", capabilities: { tools: false }, generate: provider.generate.bind(provider) };
    const tools = [{ name: "t", description: "", parameters: { type: "object" }, execute: () => "" }];
    expect(() => new AIChannel("ai", { provider: weak, tools })).toThrowError(code("invalid_option") as Error);
    expect(() => new AIChannel("", { provider })).toThrowError(code("invalid_option") as Error);
  });
});
