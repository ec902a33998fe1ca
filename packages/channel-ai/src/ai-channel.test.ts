import { type ChannelReply, type HookPayloads, type RoomEvent, RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { AIChannel } from "./ai-channel.ts";
import { FakeHost, read, rejection, settle } from "./fake-room.fixture.ts";
import { type AIChannelOptions, DEFAULT_FALLBACK_TEXT } from "./options.ts";
import { call, callsDone, done, type Script, ScriptedModel, say } from "./scripted-model.fixture.ts";

const ROOM = "room";

function setUp(scripts: Script[], options: Partial<AIChannelOptions> = {}) {
  const host = new FakeHost();
  const model = new ScriptedModel(host.clock, ...scripts);
  const channel = new AIChannel("ai", { provider: model, ...options });
  channel.register(host);
  /** The channel's answer to an event, or to what a user says. */
  const ask = async (event: RoomEvent | string, signal?: AbortSignal): Promise<ChannelReply | undefined> => {
    const real = typeof event === "string" ? host.user(ROOM, event) : event;
    return channel.onEvent(real, host.context(real, signal));
  };
  const text = async (event: RoomEvent | string, signal?: AbortSignal): Promise<AsyncIterable<string>> => {
    const reply = await ask(event, signal);
    if (!reply?.stream) throw new Error("no reply");
    return reply.stream.text;
  };
  return { host, model, channel, ask, text };
}

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
        usage: { inputTokens: 22, outputTokens: 1, cachedInputTokens: 5 },
      },
    ]);
  });
});

describe("a model that fails", () => {
  const broken = new RoomKitError("invalid_key", "key sk-123 is wrong");
  const busy = new RoomKitError("overloaded", "busy", { retryable: true });

  it("is reported, and an apology is spoken when nothing had been said", async () => {
    const { host, channel, text } = setUp([[{ type: "error", error: broken }]]);
    expect(await read(await text("hi"))).toBe(DEFAULT_FALLBACK_TEXT);
    expect(host.emitted).toEqual([{ event: "ai_error", payload: { roomId: ROOM, channelId: "ai", error: broken } }]);
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

describe("a reply that is cut off", () => {
  const endless: Script = [...say("a"), "hang"];

  it("stops the model when the turn is cancelled while it waits for text", async () => {
    const { host, model, channel, text } = setUp([endless]);
    const statuses: unknown[] = [];
    host.hook("ON_AI_RESPONSE", ({ status, text }) => void statuses.push([status, text]));
    const controller = new AbortController();
    const reading = rejection(read(await text("hi", controller.signal)));
    await settle();
    controller.abort();
    expect((await reading).code).toBe("aborted");
    expect([model.open, model.stopped, channel.activeReplies, host.clock.pendingTimers]).toEqual([0, 1, 0, 0]);
    // No apology for a cancellation, and no error.
    expect([statuses, host.emitted]).toEqual([[["aborted", "a"]], []]);
  });

  it("stops the model even when the reader is busy with the last piece, and tells it at the next", async () => {
    const { model, channel, text } = setUp([endless]);
    const controller = new AbortController();
    const iterator = (await text("hi", controller.signal))[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort();
    await settle();
    expect([model.open, channel.activeReplies]).toEqual([0, 0]);
    expect((await rejection(iterator.next())).code).toBe("aborted");
    expect((await iterator.next()).done).toBe(true);
  });

  it("stops the model when the reader leaves", async () => {
    const { model, channel, text } = setUp([endless]);
    for await (const _piece of await text("hi")) break;
    expect([model.open, model.stopped, channel.activeReplies]).toEqual([0, 1, 0]);
  });

  it("stops the model when the reader leaves while a piece is awaited", async () => {
    const { model, channel, text } = setUp([["hang"]]);
    const iterator = (await text("hi"))[Symbol.asyncIterator]();
    const pending = rejection(iterator.next());
    await settle();
    await iterator.return?.();
    expect((await pending).code).toBe("aborted");
    expect([model.open, channel.activeReplies]).toEqual([0, 0]);
  });

  it("never asks the model when it was cancelled before it was read", async () => {
    const { model, text } = setUp([endless]);
    const controller = new AbortController();
    const reply = await text("hi", controller.signal);
    controller.abort();
    expect((await rejection(read(reply))).code).toBe("aborted");
    expect(model.requests).toHaveLength(0);
  });

  it("is cut off by a detachment from its room only, and by close everywhere", async () => {
    const { host, model, channel } = setUp([endless]);
    const readers = ["one", "two", "three"].map(async (room) => {
      const event = host.user(room, "hi");
      const reply = await channel.onEvent(event, host.context(event));
      return (await rejection(read(reply?.stream?.text as AsyncIterable<string>))).code;
    });
    await settle();
    expect([model.open, channel.activeReplies]).toEqual([3, 3]);
    await channel.onDetached("two");
    expect([model.open, channel.activeReplies]).toEqual([2, 2]);
    await channel.close();
    expect([model.open, channel.activeReplies]).toEqual([0, 0]);
    expect(await Promise.all(readers)).toEqual(["aborted", "aborted", "aborted"]);
    const event = host.user("one", "anybody?");
    expect(await channel.onEvent(event, host.context(event))).toBeUndefined();
  });

  it("leaves no listener on the turn's signal", async () => {
    const { text } = setUp([[...say("a"), done]]);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await read(await text("hi", signal));
    expect(listeners).toBe(0);
  });
});

describe("many rooms", () => {
  it("shows nothing of one room in another", async () => {
    const host = new FakeHost();
    const rooms = Array.from({ length: 20 }, (_, index) => `room${index}`);
    const secret = (room: string): string => `secret of ${room}.`;
    // The model repeats all it can see, slowly, so that the replies interleave; a tool shows what its context says.
    const model = new ScriptedModel(host.clock, (request) => {
      const seen = JSON.stringify([request.system, request.messages]);
      const room = /Room (\w+)/.exec(request.system ?? "")?.[1] ?? "";
      const wait = { wait: 1 + (Number(room.slice(4)) % 7) };
      if (request.messages.at(-1)?.role === "user")
        return [wait, ...say(`[${room}]`), call("where", { room }, "same_id"), callsDone];
      return [wait, ...say(seen.slice(0, 40)), wait, ...say(seen), done];
    });
    const channel = new AIChannel("ai", {
      provider: model,
      system: ({ room }) => `Room ${room.id}!`,
      tools: [
        {
          name: "where",
          description: "",
          parameters: { type: "object" },
          execute: async (_args, { roomId, signal }) => {
            await host.clock.sleep(3, signal);
            return secret(roomId);
          },
        },
      ],
    });
    channel.register(host);
    for (const room of rooms) host.assistant(room, secret(room));
    const replies = Promise.all(
      rooms.map(async (room) => {
        const event = host.user(room, `I am in ${room}.`);
        const reply = await channel.onEvent(event, host.context(event));
        return read(reply?.stream?.text as AsyncIterable<string>);
      }),
    );
    await host.clock.advance(100);
    const texts = await replies;
    for (const [index, room] of rooms.entries()) {
      const mentioned = new Set(texts[index]?.match(/room\d+/g));
      expect([...mentioned]).toEqual([room]);
      const logged = new Set(JSON.stringify(host.log(room).map((event) => event.content)).match(/room\d+/g));
      expect([...logged]).toEqual([room]);
      expect(host.log(room).map((event) => event.content.type)).toEqual(["text", "text", "tool-call", "tool-result"]);
    }
    expect([model.open, channel.activeReplies, host.clock.pendingTimers]).toEqual([0, 0, 0]);
  });
});

describe("options", () => {
  const provider = new ScriptedModel(new FakeHost().clock);
  it.each<[string, Partial<AIChannelOptions>]>([
    ["toolTimeoutMs", { toolTimeoutMs: 0 }],
    ["toolTimeoutMs", { toolTimeoutMs: Number.NaN }],
    ["firstTokenTimeoutMs", { firstTokenTimeoutMs: Number.POSITIVE_INFINITY }],
    ["stallTimeoutMs", { stallTimeoutMs: -1 }],
    ["maxToolRounds", { maxToolRounds: 1.5 }],
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
