import { describe, expect, it, vi } from "vitest";
import { settle } from "./fake-room.fixture.ts";
import type { AIChannelOptions } from "./options.ts";
import { look, ROOM, setUp, tool } from "./rig.fixture.ts";
import { callsDone, done, type Script, say } from "./scripted-model.fixture.ts";

function composing(scripts: readonly Script[], options: Partial<AIChannelOptions> = {}) {
  const rig = setUp(scripts, options);
  const { host, channel } = rig;
  const compose = (signal = new AbortController().signal): Promise<string> => {
    const log = [...host.log(ROOM)];
    const user = host.user(ROOM, "Ask whether they are there.");
    host.events.set(ROOM, log);
    const event = {
      ...user,
      id: "",
      index: Number.MAX_SAFE_INTEGER,
      source: { ...user.source, role: "system" as const },
    };
    return channel.composeReply(event, host.context(event, signal));
  };
  return { ...rig, compose };
}

describe("words upon an instruction", () => {
  it("are the model's, by the conversation so far, and change nothing in it", async () => {
    const r = composing([[...say("Are you", " there? "), done]]);
    r.host.user(ROOM, "hi");
    const log = [...r.host.log(ROOM)];
    expect(await r.compose()).toBe("Are you there?");
    expect(r.model.requests[0]?.messages).toEqual([
      { role: "user", content: "hi\n(Note from the system: Ask whether they are there.)" },
    ]);
    expect(r.host.log(ROOM)).toEqual(log);
    expect([r.channel.activeReplies, r.model.open]).toEqual([0, 0]);
  });

  it("run no tool, and are none where the model only wants one", async () => {
    const execute = vi.fn(() => "42");
    const r = composing([[look("a"), callsDone]], { tools: [tool(execute)] });
    expect(await r.compose()).toBe("");
    expect([r.model.requests.length, r.model.requests[0]?.toolChoice, execute.mock.calls.length]).toEqual([
      1,
      "none",
      0,
    ]);
  });

  it("are none where the model fails, which is told", async () => {
    const r = composing([[{ fail: new Error("down") }]], { retry: false });
    expect(await r.compose()).toBe("");
    expect(r.host.emitted.map(({ event }) => event)).toContain("ai_error");
  });

  it("pass the hooks of a reply", async () => {
    const r = composing([[...say("Hello?"), done]]);
    const responses = vi.fn();
    r.host.hook("ON_AI_RESPONSE", responses);
    r.host.hook("BEFORE_AI_GENERATION", () => ({ action: "modify", payload: { system: "Be brief." } }));
    expect([await r.compose(), r.model.requests[0]?.system, responses.mock.calls.length]).toEqual([
      "Hello?",
      "Be brief.",
      1,
    ]);
    const blocked = composing([[done]]);
    blocked.host.hook("BEFORE_AI_GENERATION", () => ({ action: "block", reason: "no" }));
    expect([await blocked.compose(), blocked.model.requests]).toEqual(["", []]);
  });

  it.each<[string, (r: ReturnType<typeof composing>, abort: AbortController) => unknown]>([
    ["its signal", (_, abort) => abort.abort()],
    ["detachment", (r) => r.channel.onDetached(ROOM)],
    ["close", (r) => r.channel.close()],
  ])("end by %s", async (_what, end) => {
    const r = composing([[...say("Hello"), "hang"]]);
    const abort = new AbortController();
    const words = r.compose(abort.signal).catch(({ code }) => code);
    await settle();
    expect(r.model.open).toBe(1);
    await end(r, abort);
    expect(await words).toBe("aborted");
    await r.host.clock.advance(1_000);
    expect([r.model.open, r.channel.activeReplies, r.host.clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it("take nothing that was prepared for somebody's words", async () => {
    const r = composing([
      [...say("Prepared."), done],
      [...say("Hello?"), done],
    ]);
    const user = { ...r.host.user(ROOM, "hi"), id: "", index: Number.MAX_SAFE_INTEGER };
    r.host.events.set(ROOM, []);
    await r.channel.prepareReply(user, { ...r.host.context(user), onUsed: () => {} });
    await settle();
    expect(await r.compose()).toBe("Hello?");
    expect(r.host.emitted.filter(({ event }) => event === "reply_prepared")).toEqual([]);
    await r.channel.close();
  });
});
