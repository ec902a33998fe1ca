import { type HookHandler, type HookPayloads, RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { read } from "../fake-room.fixture.ts";
import { look, ROOM, setUpTools, tool } from "../rig.fixture.ts";
import { call, callsDone, done, say } from "../scripted-model.fixture.ts";

describe("a tool that does not run", () => {
  const never = tool(() => {
    throw new Error("must not run");
  });

  it.each([
    ["bad arguments", look(7), /^The call was not made \(invalid_arguments\): what: .*"string"/],
    ["no arguments at all", call("look", undefined), /required property "what"/],
    ["arguments that were no JSON", call("look", '{"what":'), /"object"/],
    ["a name it does not have", call("delete_everything", {}), /no such tool/],
  ])("refuses %s", async (_what, made, why) => {
    const { text, results, host } = setUpTools(
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

  it.each<[string, HookHandler<"BEFORE_TOOL_USE">, string]>([
    [
      "for a reason",
      () => ({ action: "block", reason: "The shop is closed." }),
      "The call was not allowed: The shop is closed.",
    ],
    ["without one", () => ({ action: "block" }), "The call was not allowed."],
  ])("is refused by a hook %s", async (_what, hook, told) => {
    const { host, text, results } = setUpTools(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [never],
    );
    host.hook("BEFORE_TOOL_USE", hook);
    await read(await text());
    expect(results()).toEqual([[told, true]]);
  });

  it("runs with what a hook made of its arguments, once those have been checked as well", async () => {
    const ran: unknown[] = [];
    const { host, text, results } = setUpTools(
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
    const { host, text, results } = setUpTools(
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
    const { host, text, results } = setUpTools(
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

  const down = new RoomKitError("db_down", "db.internal is down");
  const thrown = new Error("ECONNREFUSED 10.0.0.7");
  it.each<[string, () => unknown, unknown]>([
    ["throws", () => Promise.reject(thrown), { code: "tool_threw", cause: thrown }],
    ["throws nothing to speak of", () => Promise.reject(undefined), { code: "tool_threw" }],
    ["throws a RoomKitError", () => Promise.reject(down), down],
    ["gives what is no JSON", () => ({ big: 1n }), { code: "invalid_result", cause: expect.any(TypeError) }],
    ["explains itself", () => Promise.reject(new RoomKitError("tool_failed", "No such city.")), undefined],
  ])("and %s is told to whoever wrote it, and nobody else", async (_what, execute, error) => {
    const { host, text } = setUpTools(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [tool(execute)],
    );
    const told: HookPayloads["ON_ERROR"][] = [];
    host.hook("ON_ERROR", (payload) => void told.push(payload));
    expect(await read(await text())).toBe("x");
    expect(told).toMatchObject(error ? [{ roomId: ROOM, where: "tool:look", error }] : []);
    expect(host.emitted).toEqual([]);
    expect(JSON.stringify([host.logs, host.log(ROOM)])).not.toMatch(/ECONNREFUSED|internal/);
  });

  it("is given up, and told, when its time is over", async () => {
    let seen: AbortSignal | undefined;
    const stuck = tool((_args, { signal }) => {
      seen = signal;
      return new Promise(() => {});
    });
    const { host, text, results } = setUpTools(
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
    // Given up is not undone.
    expect(results()).toEqual([[expect.stringMatching(/^The tool took too long\..*may have been done/), true]]);
  });

  it("may have a time of its own", async () => {
    const stuck = tool(() => new Promise(() => {}), { timeoutMs: 50 });
    const { host, text } = setUpTools(
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
    const { text, results } = setUpTools(
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
