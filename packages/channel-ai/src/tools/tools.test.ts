import { type HookPayloads, RoomKitError } from "@roomkit/core";
import { INTERRUPTED, LOG_TIMEOUT_MS, type Tool } from "@roomkit/tools";
import { describe, expect, it } from "vitest";
import { AIChannel } from "../ai-channel.ts";
import { FakeHost, read, rejection, settle } from "../fake-room.fixture.ts";
import { type AIChannelOptions, DEFAULT_FALLBACK_TEXT } from "../options.ts";
import { call, callsDone, done, type Script, ScriptedModel, say } from "../scripted-model.fixture.ts";

const ROOM = "room";

function tool(execute: Tool["execute"], more: Partial<Tool> = {}): Tool {
  return {
    name: "look",
    description: "Looks something up.",
    parameters: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
    execute,
    ...more,
  };
}

const look = (what: unknown, id?: string) => call("look", { what }, id);

function setUp(scripts: Script[], tools: Tool[], options: Partial<AIChannelOptions> = {}) {
  const host = new FakeHost();
  const model = new ScriptedModel(host.clock, ...scripts);
  const channel = new AIChannel("ai", { provider: model, tools, ...options });
  channel.register(host);
  const text = async (words = "hi", signal?: AbortSignal): Promise<AsyncIterable<string>> => {
    const event = host.user(ROOM, words, { correlationId: "turn_1" });
    const reply = await channel.onEvent(event, host.context(event, signal));
    return reply?.stream?.text as AsyncIterable<string>;
  };
  /** What the model was shown of the results of its calls, in its last request. */
  const results = (): unknown[] =>
    (model.requests.at(-1)?.messages ?? []).flatMap((message) =>
      message.role === "tool" ? [[message.content, message.isError ?? false]] : [],
    );
  return { host, model, channel, text, results };
}

describe("a tool round", () => {
  it("streams what is said before the call first, runs the tool, and goes on with the result", async () => {
    const ran: unknown[] = [];
    const run = tool((args, { roomId, callId, session }) => {
      ran.push([args, roomId, callId, session]);
      return { degrees: 12 };
    });
    const finish = { type: "finish", reason: "tool-calls", providerData: { signature: "s" } } as const;
    const { host, model, text } = setUp(
      [
        [...say("Let me look."), look("weather", "c1"), finish],
        [...say("It is 12 degrees."), done],
      ],
      [run],
    );
    const iterator = (await text())[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toBe("Let me look.");
    expect(ran).toEqual([]);
    expect((await iterator.next()).value).toBe(" It is 12 degrees.");
    expect((await iterator.next()).done).toBe(true);
    expect(ran).toEqual([[{ what: "weather" }, ROOM, "c1", undefined]]);
    expect(model.requests[1]?.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: "Let me look.",
        toolCalls: [{ id: "c1", name: "look", arguments: { what: "weather" } }],
        providerData: { signature: "s" },
      },
      { role: "tool", toolCallId: "c1", toolName: "look", content: '{"degrees":12}' },
    ]);
    // Both are in the room before the reply's text is, in the turn they belong to.
    expect(
      host
        .log(ROOM)
        .slice(1)
        .map(({ content, source, correlationId }) => [content, source, correlationId]),
    ).toEqual([
      [
        { type: "tool-call", callId: "c1", name: "look", arguments: { what: "weather" } },
        { channelId: "ai", role: "assistant" },
        "turn_1",
      ],
      [
        { type: "tool-result", callId: "c1", name: "look", result: '{"degrees":12}', isError: false },
        { channelId: "ai", role: "assistant" },
        "turn_1",
      ],
    ]);
  });

  it("shows the model its calls of earlier turns", async () => {
    const { host, model, text } = setUp(
      [
        [look("a", "c1"), callsDone],
        [...say("A."), done],
      ],
      [tool(() => "found")],
    );
    await read(await text("first"));
    host.assistant(ROOM, "A.");
    await read(await text("second"));
    expect(model.requests.at(-1)?.messages).toEqual([
      { role: "user", content: "first" },
      { role: "assistant", content: "", toolCalls: [{ id: "c1", name: "look", arguments: { what: "a" } }] },
      { role: "tool", toolCallId: "c1", toolName: "look", content: "found" },
      { role: "assistant", content: "A." },
      { role: "user", content: "second" },
    ]);
  });

  it("runs parallel calls side by side and keeps the results in the order of the calls", async () => {
    const order: string[] = [];
    const slow = tool(async (args, { signal }) => {
      const { what } = args as { what: string };
      await host.clock.sleep(what === "slow" ? 900 : 100, signal);
      order.push(what);
      return what.toUpperCase();
    });
    const { host, text, results } = setUp(
      [
        [look("slow", "a"), look("fast", "b"), callsDone],
        [...say("x"), done],
      ],
      [slow],
    );
    const reading = read(await text());
    await host.clock.advance(900);
    await reading;
    expect(order).toEqual(["fast", "slow"]);
    expect(results()).toEqual([
      ["SLOW", false],
      ["FAST", false],
    ]);
  });

  it("gives calls of one id, or of none, ids of their own", async () => {
    const { model, text } = setUp(
      [
        [look("a", "same"), look("b", "same"), look("c", ""), callsDone],
        [...say("x"), done],
      ],
      [tool(() => "")],
    );
    await read(await text());
    const ids = (model.requests[1]?.messages ?? []).flatMap((message) =>
      message.role === "tool" ? [message.toolCallId] : [],
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids).not.toContain("");
  });

  it("tells the hooks what ran", async () => {
    const { host, text } = setUp(
      [
        [look("a", "c1"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => "found")],
    );
    const told: HookPayloads["ON_TOOL_CALL"][] = [];
    host.hook("ON_TOOL_CALL", (payload) => void told.push(payload));
    await read(await text());
    const made = { id: "c1", name: "look", arguments: { what: "a" } };
    expect(told).toEqual([{ roomId: ROOM, channelId: "ai", call: made, result: "found", isError: false }]);
  });

  it("needs no words after its tools", async () => {
    const { host, text } = setUp([[look("hang up"), callsDone], [done]], [tool(() => undefined)]);
    expect(await read(await text())).toBe("");
    expect(host.emitted).toEqual([]);
  });
});

describe("a tool that does not run", () => {
  const never = tool(() => {
    throw new Error("must not run");
  });

  it.each([
    ["bad arguments", look(7), /^The call was not made: what: .*"string"/],
    ["no arguments at all", call("look", undefined), /required property "what"/],
    ["arguments that were no JSON", call("look", '{"what":'), /"object"/],
    ["a name it does not have", call("delete_everything", {}), /no such tool/],
  ])("refuses %s", async (_what, made, why) => {
    const { text, results, host } = setUp(
      [
        [made, callsDone],
        [...say("x"), done],
      ],
      [never],
    );
    await read(await text());
    expect(results()).toEqual([[expect.stringMatching(why), true]]);
    expect(host.log(ROOM).map((event) => event.content.type)).toEqual(["text", "tool-call", "tool-result"]);
  });

  it("is refused by a hook, without a word of why", async () => {
    const { host, text, results } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [never],
    );
    host.hook("BEFORE_TOOL_USE", () => ({ action: "block", reason: "internal policy 7" }));
    await read(await text());
    expect(results()).toEqual([["The call was not allowed.", true]]);
  });

  it("runs with what a hook made of its arguments, once those have been checked as well", async () => {
    const ran: unknown[] = [];
    const { host, text, results } = setUp(
      [
        [look("a", "c1"), callsDone],
        [look("b", "c2"), callsDone],
        [...say("x"), done],
      ],
      [tool((args, { callId }) => void ran.push([args, callId]))],
    );
    const told: unknown[] = [];
    host.hook("BEFORE_TOOL_USE", ({ call: made }) => {
      const args = (made.arguments as { what: string }).what === "a" ? { what: "redacted" } : { what: 7 };
      return { action: "modify", payload: { call: { ...made, id: "forged", arguments: args } } };
    });
    host.hook("ON_TOOL_CALL", ({ call: made }) => void told.push(made));
    await read(await text());
    expect(ran).toEqual([[{ what: "redacted" }, "c1"]]);
    expect(results()).toEqual([
      ["done", false],
      ["The call was not allowed.", true],
    ]);
    expect(told[0]).toEqual({ id: "c1", name: "look", arguments: { what: "redacted" } });
  });

  it("asks the hook for every call, not once for the round", async () => {
    const { host, text, results } = setUp(
      [
        [look("a"), look("b", "2"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => "ran")],
    );
    host.hook("BEFORE_TOOL_USE", ({ call: made }) =>
      (made.arguments as { what: string }).what === "b" ? { action: "block" } : { action: "allow" },
    );
    await read(await text());
    expect(results()).toEqual([
      ["ran", false],
      ["The call was not allowed.", true],
    ]);
  });
});

describe("a tool that fails", () => {
  it.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("ECONNREFUSED 10.0.0.7");
      },
      "The tool failed.",
    ],
    ["rejects", () => Promise.reject(new RoomKitError("db_down", "db.internal is down")), "The tool failed."],
    ["returns what is no JSON", () => ({ big: 1n }), "The tool failed."],
    [
      "explains itself",
      () => {
        throw new RoomKitError("tool_failed", "There is no such city.");
      },
      "There is no such city.",
    ],
  ])("and %s says no more than it should", async (_what, execute, shown) => {
    const { host, text, results } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [tool(execute)],
    );
    expect(await read(await text())).toBe("x");
    expect(results()).toEqual([[shown, true]]);
    expect(JSON.stringify(host.logs)).not.toMatch(/ECONNREFUSED|internal/);
  });

  it("is given up, and told, when its time is over", async () => {
    let seen: AbortSignal | undefined;
    const stuck = tool((_args, { signal }) => {
      seen = signal;
      return new Promise(() => {});
    });
    const { host, text, results } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [stuck],
      { toolTimeoutMs: 4_000 },
    );
    const reading = read(await text());
    await host.clock.advance(3_999);
    expect(seen?.aborted).toBe(false);
    await host.clock.advance(1);
    expect(await reading).toBe("x");
    expect(seen?.aborted).toBe(true);
    expect(results()).toEqual([["The tool took too long.", true]]);
  });

  it("may have a time of its own", async () => {
    const stuck = tool(() => new Promise(() => {}), { timeoutMs: 50 });
    const { host, text } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [stuck],
    );
    const reading = read(await text());
    await host.clock.advance(50);
    expect(await reading).toBe("x");
  });

  it("is cut to toolResultMaxLength", async () => {
    const { text, results } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => `${"y".repeat(9)}\u{1F600}`)],
      {
        toolResultMaxLength: 10,
      },
    );
    await read(await text());
    expect(results()).toEqual([["yyyyyyyyy [cut: 2 more characters]", false]]);
  });
});

describe("limits of the loop", () => {
  it("asks for words after maxToolRounds", async () => {
    let count = 0;
    const script: Script = (request) =>
      request.toolChoice === "none" ? [...say("Enough."), done] : [look(`${++count}`, `c${count}`), callsDone];
    const { model, text } = setUp([script], [tool(() => "again")], { maxToolRounds: 3 });
    expect(await read(await text())).toBe("Enough.");
    expect(model.requests.map((request) => request.toolChoice)).toEqual(["auto", "auto", "auto", "none"]);
  });

  it("gives up on a model that calls even then", async () => {
    let count = 0;
    const ran: unknown[] = [];
    const script: Script = () => [look(`${++count}`, `c${count}`), callsDone];
    const { host, model, text } = setUp([script], [tool((args) => void ran.push(args))], { maxToolRounds: 2 });
    expect(await read(await text())).toBe(DEFAULT_FALLBACK_TEXT);
    expect([model.requests.length, ran.length]).toEqual([3, 2]);
    expect(host.emitted).toEqual([
      {
        event: "ai_error",
        payload: expect.objectContaining({ error: expect.objectContaining({ code: "tool_loop" }) }),
      },
    ]);
  });

  it("refuses the same call in a third round, in whichever order its arguments come, and asks for words", async () => {
    let count = 0;
    const ran: unknown[] = [];
    const two = tool((args) => void ran.push(args), { parameters: { type: "object" } });
    const script: Script = (request) =>
      request.toolChoice === "none"
        ? [...say("Fine."), done]
        : [call("look", ++count % 2 ? { a: 1, b: 2 } : { b: 2, a: 1 }, `c${count}`), callsDone];
    const { model, text, results } = setUp([script], [two]);
    expect(await read(await text())).toBe("Fine.");
    expect([ran.length, model.requests.length]).toEqual([2, 4]);
    expect(results().at(-1)).toEqual([expect.stringMatching(/made before/), true]);
  });

  it("lets equal calls of one round run", async () => {
    let rolls = 0;
    const { text, results } = setUp(
      [
        [look("die", "a"), look("die", "b"), look("die", "c"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => `${++rolls}`)],
    );
    await read(await text());
    expect(results()).toEqual([
      ["1", false],
      ["2", false],
      ["3", false],
    ]);
  });

  it("runs maxToolCallsPerRound calls of a round and refuses the rest", async () => {
    const calls = Array.from({ length: 5 }, (_, index) => look(`${index}`, `c${index}`));
    const { text, results } = setUp(
      [
        [...calls, callsDone],
        [...say("x"), done],
      ],
      [tool(() => "ran")],
      { maxToolCallsPerRound: 3 },
    );
    await read(await text());
    expect(results().map((result) => (result as unknown[])[1])).toEqual([false, false, false, true, true]);
  });

  it("does not collect calls without end", async () => {
    const flood = Array.from({ length: 1_000 }, (_, index) => look(`${index}`, `c${index}`));
    const { model, text } = setUp([[...flood, callsDone]], [tool(() => "ran")]);
    expect(await read(await text())).toBe(DEFAULT_FALLBACK_TEXT);
    expect(model.open).toBe(0);
  });
});

describe("a reply that is cut off in a tool", () => {
  it("stops the tool, logs what became of the call, and asks the model nothing more", async () => {
    let seen: AbortSignal | undefined;
    const stuck = tool((_args, { signal }) => {
      seen = signal;
      return new Promise(() => {});
    });
    const { host, model, channel, text } = setUp(
      [
        [look("a", "c1"), callsDone],
        [...say("x"), done],
      ],
      [stuck],
    );
    const controller = new AbortController();
    const reading = rejection(read(await text("hi", controller.signal)));
    await settle();
    controller.abort();
    expect((await reading).code).toBe("aborted");
    expect(seen?.aborted).toBe(true);
    expect([model.requests.length, channel.activeReplies, host.clock.pendingTimers]).toEqual([1, 0, 0]);
    expect(host.log(ROOM).at(-1)?.content).toEqual({ type: "tool-result", callId: "c1", name: "look", ...INTERRUPTED });
  });

  it("stops waiting for a hook that takes its time", async () => {
    const { host, text } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => "ran")],
    );
    host.hook("BEFORE_TOOL_USE", () => new Promise(() => {}));
    const controller = new AbortController();
    const reading = rejection(read(await text("hi", controller.signal)));
    await settle();
    controller.abort();
    expect((await reading).code).toBe("aborted");
  });
});

describe("the room's log", () => {
  it("does not hold the reply up, not even when it never answers", async () => {
    const { host, text } = setUp(
      [
        [...say("One."), look("a"), callsDone],
        [...say("Two."), done],
      ],
      [tool(() => "ran")],
    );
    // A room that will not go on before the reply is over: waiting for it would be a deadlock.
    host.beforeInbound = () => new Promise(() => {});
    const iterator = (await text())[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toBe("One.");
    expect((await iterator.next()).value).toBe(" Two.");
    const end = iterator.next();
    await host.clock.advance(LOG_TIMEOUT_MS);
    expect((await end).done).toBe(true);
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("may refuse, without harm to the reply", async () => {
    const { host, text } = setUp(
      [
        [look("a"), callsDone],
        [...say("x"), done],
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => "ran")],
    );
    host.beforeInbound = () => Promise.reject(new RoomKitError("room_closed", "closed"));
    expect(await read(await text())).toBe("x");
    expect(host.logs).toEqual([]);
    host.beforeInbound = () => Promise.reject(new Error("disk"));
    expect(await read(await text())).toBe("x");
    expect(host.logs.map((line) => line.message)).toEqual([
      "a tool event was not logged",
      "a tool event was not logged",
    ]);
  });
});
