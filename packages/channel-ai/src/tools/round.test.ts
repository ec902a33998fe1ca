import type { HookPayloads } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { read } from "../fake-room.fixture.ts";
import { DEFAULT_FALLBACK_TEXT } from "../options.ts";
import { look, ROOM, setUpTools, tool } from "../rig.fixture.ts";
import { call, callsDone, done, type Script, say } from "../scripted-model.fixture.ts";

describe("a tool round", () => {
  it("streams what is said before the call first, runs the tool, and goes on with the result", async () => {
    const ran: unknown[] = [];
    const run = tool((args, { roomId, callId, session }) => {
      ran.push([args, roomId, callId, session]);
      return { degrees: 12 };
    });
    const finish = { type: "finish", reason: "tool-calls", providerData: { signature: "s" } } as const;
    const { host, model, text } = setUpTools(
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
    const { host, model, text } = setUpTools(
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
    const { host, text, results } = setUpTools(
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
    const { model, text } = setUpTools(
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
    const { host, text } = setUpTools(
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
    expect(told).toEqual([
      { roomId: ROOM, channelId: "ai", call: made, result: "found", isError: false, turnId: "turn_1", durationMs: 0 },
    ]);
  });

  it("needs no words after its tools", async () => {
    const { host, text } = setUpTools([[look("hang up"), callsDone], [done]], [tool(() => undefined)]);
    expect(await read(await text())).toBe("");
    expect(host.emitted).toEqual([]);
  });
});

describe("limits of the loop", () => {
  it("asks for words after maxToolRounds", async () => {
    let count = 0;
    const script: Script = (request) =>
      request.toolChoice === "none" ? [...say("Enough."), done] : [look(`${++count}`, `c${count}`), callsDone];
    const { model, text } = setUpTools([script], [tool(() => "again")], { maxToolRounds: 3 });
    expect(await read(await text())).toBe("Enough.");
    expect(model.requests.map((request) => request.toolChoice)).toEqual(["auto", "auto", "auto", "none"]);
  });

  it("gives up on a model that calls even then", async () => {
    let count = 0;
    const ran: unknown[] = [];
    const script: Script = () => [look(`${++count}`, `c${count}`), callsDone];
    const { host, model, text } = setUpTools([script], [tool((args) => void ran.push(args))], { maxToolRounds: 2 });
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
    const { model, text, results } = setUpTools([script], [two]);
    expect(await read(await text())).toBe("Fine.");
    expect([ran.length, model.requests.length]).toEqual([2, 4]);
    expect(results().at(-1)).toEqual([expect.stringMatching(/made before/), true]);
  });

  it("lets equal calls of one round run", async () => {
    let rolls = 0;
    const { text, results } = setUpTools(
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
    const { text, results } = setUpTools(
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
    const { model, text } = setUpTools([[...flood, callsDone]], [tool(() => "ran")]);
    expect(await read(await text())).toBe(DEFAULT_FALLBACK_TEXT);
    expect(model.open).toBe(0);
  });
});
