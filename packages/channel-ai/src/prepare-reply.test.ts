import { type AIPart, MAX_PREPARED_CHARS, MAX_PREPARED_MS, type PreparationContext } from "@roomkit/core";
import { describe, expect, it, vi } from "vitest";
import { read, rejection, settle } from "./fake-room.fixture.ts";
import type { AIChannelOptions } from "./options.ts";
import { look, ROOM, setUp, tool } from "./rig.fixture.ts";
import { callsDone, done, type Script, say } from "./scripted-model.fixture.ts";

function prepare(scripts: readonly Script[], options: Partial<AIChannelOptions> = {}) {
  const rig = setUp(scripts, options);
  const { host, channel, model } = rig;
  const used: number[] = [];
  /** Prepares the reply to what is about to be said, in a room. */
  const draft = async (text: string, signal = new AbortController().signal, room = ROOM): Promise<void> => {
    const log = [...host.log(room)];
    const event = { ...host.user(room, text), id: "", index: Number.MAX_SAFE_INTEGER };
    host.events.set(room, log);
    const context: PreparationContext = { ...host.context(event, signal), onUsed: (ms) => used.push(ms) };
    await channel.prepareReply(event, context);
    await settle();
  };
  const fate = (): unknown[] =>
    host.emitted.flatMap(({ event, payload }) =>
      event === "reply_prepared" ? [(payload as { used: boolean }).used] : [],
    );
  /** That nothing runs, and nothing waits. */
  const over = async (): Promise<void> => {
    await settle();
    await host.clock.advance(1_000);
    expect([model.open, host.clock.pendingTimers]).toEqual([0, 0]);
  };
  return { ...rig, used, draft, fate, over };
}

describe("a prepared reply", () => {
  it("is the reply to the very same, for which the model was asked before", async () => {
    const r = prepare([[{ wait: 200 }, ...say("Hello", " you"), done]]);
    await r.draft("hi");
    await r.host.clock.advance(300);
    const responses = vi.fn();
    r.host.hook("ON_AI_RESPONSE", responses);
    expect([r.model.requests.length, r.fate(), r.host.log(ROOM)]).toEqual([1, [], []]);
    expect(await read(await r.text("hi"))).toBe("Hello you");
    expect([r.model.requests.length, r.fate(), r.used]).toEqual([1, [true], [300]]);
    expect(responses).toHaveBeenCalledOnce();
    await r.over();
  });

  it("is handed on while it is still being made", async () => {
    const r = prepare([[...say("Hello"), { wait: 500 }, ...say(" you"), done]]);
    await r.draft("hi");
    const reading = read(await r.text("hi"));
    await r.host.clock.advance(500);
    expect(await reading).toBe("Hello you");
    await r.over();
  });

  it.each<[string, (r: ReturnType<typeof prepare>) => unknown, string]>([
    ["other words", () => {}, "hi there"],
    ["the same after other words", (r) => r.host.user(ROOM, "well"), "hi"],
    [
      "other instructions",
      (r) => r.host.hook("BEFORE_AI_GENERATION", () => ({ action: "modify", payload: { system: "x" } })),
      "hi",
    ],
  ])("is none to %s", async (_what, change, text) => {
    const r = prepare([say("Old"), [...say("New"), done]]);
    await r.draft("hi");
    change(r);
    expect(await read(await r.text(text))).toBe("New");
    expect([r.model.requests.length, r.fate(), r.used]).toEqual([2, [false], []]);
    await r.over();
  });

  it("reads no further than its first tool, which is run when it is the reply", async () => {
    const execute = vi.fn(() => "42");
    const after = vi.fn((): AIPart => callsDone);
    const script: Script = () =>
      ({
        *[Symbol.iterator]() {
          yield* [...say("Let me see. "), look("a"), look("b")];
          yield after();
        },
      }) as never;
    const r = prepare([script, [...say("It is 42."), done]], { tools: [tool(execute)] });
    await r.draft("hi");
    expect([execute.mock.calls.length, after.mock.calls.length]).toEqual([0, 0]);
    expect(await read(await r.text("hi"))).toBe("Let me see. It is 42.");
    expect([execute.mock.calls.length, r.model.requests.length, r.fate()]).toEqual([2, 2, [true]]);
    await r.over();
  });

  it("reads no more ahead than it may", async () => {
    let made = 0;
    const script: Script = () =>
      ({
        *[Symbol.iterator]() {
          for (; made < 50; made++) yield* say("x".repeat(399));
          yield done;
        },
      }) as never;
    const r = prepare([script]);
    await r.draft("hi");
    expect(made).toBeLessThanOrEqual(MAX_PREPARED_CHARS / 400);
    expect(await read(await r.text("hi"))).toHaveLength(8_000);
    await r.over();
  });

  it("that failed by then is made anew", async () => {
    const r = prepare([[{ fail: new Error("down") }], [...say("Hello"), done]], { retry: false });
    await r.draft("hi");
    expect(await read(await r.text("hi"))).toBe("Hello");
    expect([r.model.requests.length, r.fate()]).toEqual([2, [false]]);
    await r.over();
  });

  it("that fails later fails as any other", async () => {
    const r = prepare([[...say("Hello"), { wait: 500 }, { fail: new Error("down") }]]);
    await r.draft("hi");
    const reading = read(await r.text("hi"));
    await r.host.clock.advance(500);
    expect([await reading, r.fate(), r.host.emitted.some(({ event }) => event === "ai_error")]).toEqual([
      "Hello",
      [true],
      true,
    ]);
    await r.over();
  });

  it("is stopped with the reply it is, and not by what it was prepared for", async () => {
    const r = prepare([[...say("Hello"), "hang"]], { stallTimeoutMs: 60_000 });
    const [preparation, turn] = [new AbortController(), new AbortController()];
    await r.draft("hi", preparation.signal);
    const text = await r.text("hi", turn.signal);
    const reading = rejection(read(text));
    await settle();
    preparation.abort();
    await r.host.clock.advance(MAX_PREPARED_MS);
    expect([r.fate(), r.model.open]).toEqual([[true], 1]);
    turn.abort();
    expect((await reading).code).toBe("aborted");
    await r.over();
  });

  it.each<[string, (r: ReturnType<typeof prepare>, abort: AbortController) => unknown]>([
    ["its signal", (_, abort) => abort.abort()],
    ["the next one in the room", async (r) => r.draft("hi there").then(() => r.channel.onDetached(ROOM))],
    ["detachment", (r) => r.channel.onDetached(ROOM)],
    ["close", (r) => r.channel.close()],
    ["time", (r) => r.host.clock.advance(MAX_PREPARED_MS)],
  ])("is ended by %s", async (what, end) => {
    const r = prepare([[...say("Hello"), { wait: 14_999 }, ...say("x"), "hang"]]);
    const abort = new AbortController();
    await r.draft("hi", abort.signal);
    expect(r.model.open).toBe(1);
    await end(r, abort);
    expect(r.fate()).toEqual(what.startsWith("the next") ? [false, false] : [false]);
    await r.over();
    expect(r.used).toEqual([]);
  });

  it("there is none where it would not be answered, or instructions are written for each reply", async () => {
    const quiet = prepare([[done]], { respondTo: () => false });
    const written = prepare([[done]], { system: () => "x" });
    const asked = prepare([[done]]);
    asked.host.hook("BEFORE_AI_GENERATION", () => undefined);
    const closed = prepare([[done]]);
    await closed.channel.close();
    for (const r of [quiet, written, asked, closed]) {
      await r.draft("hi");
      expect([r.model.requests, r.fate(), r.host.clock.pendingTimers]).toEqual([[], [], 0]);
    }
  });

  it("ends with a room whose log cannot be read", async () => {
    const r = prepare([[done]]);
    const event = r.host.user(ROOM, "hi");
    const history = async (): Promise<never> => {
      throw new Error("no log");
    };
    const context = { ...r.host.context(event), history, onUsed: () => {} };
    await expect(r.channel.prepareReply(event, context)).rejects.toThrow("no log");
    expect([r.model.requests, r.fate(), r.host.clock.pendingTimers]).toEqual([[], [], 0]);
  });

  it("of one room is none of another", async () => {
    const r = prepare([
      [...say("one"), done],
      [...say("two"), done],
    ]);
    await r.draft("hi");
    await r.draft("hi", undefined, "other");
    expect(await read(await r.text("hi"))).toBe("one");
    await r.channel.onDetached("other");
    expect(r.fate()).toEqual([true, false]);
    await r.over();
  });
});
