import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { VoiceSession } from "../../contracts/voice.ts";
import { RoomKitError } from "../../errors/error.ts";
import { FAIL_CLOSED, type HookHandler, type HookOptions, HookTrigger } from "../hooks.ts";
import { HookEngine } from "./hook-engine.ts";

const session: VoiceSession = {
  id: "s",
  roomId: "room",
  participantId: "p",
  channelId: "c",
  state: "active",
  metadata: {},
};
const payload = { roomId: "room", session, text: "original", turnId: "t" };
const notFailClosed = { roomId: "room", channelId: "ai", system: "original" };

function make(): { engine: HookEngine; clock: VirtualClock; reports: string[] } {
  const clock = new VirtualClock();
  const reports: string[] = [];
  const engine = new HookEngine(clock, {
    error: (hook, trigger, error) => reports.push(`error ${hook} ${trigger} ${error.code}`),
    timeout: (hook, trigger) => reports.push(`timeout ${hook} ${trigger}`),
  });
  return { engine, clock, reports };
}

describe("sync hooks", () => {
  it("run in order of priority, equal ones as they were added, those of the room among those of all", async () => {
    const { engine } = make();
    const order: string[] = [];
    const add = (name: string, options: HookOptions): void => {
      engine.add("ON_TRANSCRIPTION", async () => void order.push(name), options);
    };
    add("c", { priority: 5, roomId: "room" });
    add("a", { priority: -1 });
    add("b1", {});
    add("b2", { roomId: "room" });
    add("b3", {});
    add("other room", { roomId: "other" });
    await engine.run("ON_TRANSCRIPTION", payload);
    expect(order).toEqual(["a", "b1", "b3", "b2", "c"]);
  });

  it("each see what those before them made of it; what a modification leaves out stays", async () => {
    const { engine } = make();
    engine.add("ON_TRANSCRIPTION", ({ text }) => ({ action: "modify", payload: { text: `${text}!` } }));
    engine.add("ON_TRANSCRIPTION", () => ({ action: "allow" }));
    engine.add("ON_TRANSCRIPTION", async ({ text }) => ({ action: "modify", payload: { text: `${text}?` } }));
    expect(await engine.run("ON_TRANSCRIPTION", payload)).toEqual({
      allowed: true,
      payload: { ...payload, text: "original!?" },
    });
  });

  it("may make a text empty: that is a modification", async () => {
    const { engine } = make();
    engine.add("ON_TRANSCRIPTION", () => ({ action: "modify", payload: { text: "" } }));
    expect((await engine.run("ON_TRANSCRIPTION", payload)).payload.text).toBe("");
  });

  it("that block end it: the rest are not asked, observers not told, and it is said who and why", async () => {
    const { engine } = make();
    const told: string[] = [];
    engine.add("ON_TRANSCRIPTION", () => ({ action: "modify", payload: { text: "redacted" } }));
    engine.add("ON_TRANSCRIPTION", () => ({ action: "block", reason: "rude" }), { name: "manners" });
    engine.add("ON_TRANSCRIPTION", () => void told.push("later"));
    engine.add("ON_TRANSCRIPTION", () => void told.push("observer"), { execution: "async" });
    const outcome = await engine.run("ON_TRANSCRIPTION", payload);
    expect(outcome).toEqual({
      allowed: false,
      payload: { ...payload, text: "redacted" },
      hook: "manners",
      reason: "rude",
    });
    await settle();
    expect(told).toEqual([]);
  });

  it("block with a reason even when they give none", async () => {
    const { engine } = make();
    engine.add("BEFORE_BROADCAST", () => ({ action: "block" }));
    const event = { content: { type: "text", text: "" }, source: { channelId: "c", role: "user" } } as const;
    expect(await engine.run("BEFORE_BROADCAST", { roomId: "room", event })).toMatchObject({
      allowed: false,
      hook: "BEFORE_BROADCAST",
      reason: "blocked",
    });
  });

  it("removed while others run are not asked", async () => {
    const { engine } = make();
    let asked = false;
    engine.add("ON_TRANSCRIPTION", () => void remove());
    const remove = engine.add("ON_TRANSCRIPTION", () => {
      asked = true;
    });
    await engine.run("ON_TRANSCRIPTION", payload);
    expect(asked).toBe(false);
  });

  it("end with the caller's signal", async () => {
    const { engine, clock } = make();
    const controller = new AbortController();
    let heard = false;
    engine.add("ON_TRANSCRIPTION", (_, { signal }) => {
      signal.addEventListener("abort", () => {
        heard = true;
      });
      return new Promise(() => {});
    });
    const running = engine
      .run("ON_TRANSCRIPTION", payload, controller.signal)
      .catch((error: RoomKitError) => error.code);
    await settle();
    controller.abort();
    expect([await running, heard, clock.pendingTimers]).toEqual(["aborted", true, 0]);
    await expect(engine.run("ON_TRANSCRIPTION", payload, controller.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("row 59: a broken hook", () => {
  const broken: [string, string, HookHandler<never>][] = [
    [
      "throws",
      "error broken TRIGGER hook_failed",
      () => {
        throw new Error("bug");
      },
    ],
    ["rejects", "error broken TRIGGER own_code", () => Promise.reject(new RoomKitError("own_code", "bug"))],
    ["hangs", "timeout broken TRIGGER", () => new Promise<never>(() => {})],
    ["answers nonsense", "error broken TRIGGER invalid_hook_result", () => "yes" as never],
    [
      "answers an action there is not",
      "error broken TRIGGER invalid_hook_result",
      () => ({ action: "maybe" }) as never,
    ],
    ["modifies without a payload", "error broken TRIGGER invalid_hook_result", () => ({ action: "modify" }) as never],
    [
      "modifies to the wrong type",
      "error broken TRIGGER invalid_hook_result",
      () => ({ action: "modify", payload: { FIELD: 7 } }) as never,
    ],
    [
      "modifies to undefined",
      "error broken TRIGGER invalid_hook_result",
      () => ({ action: "modify", payload: { FIELD: undefined } }) as never,
    ],
    [
      "modifies to null",
      "error broken TRIGGER invalid_hook_result",
      () => ({ action: "modify", payload: { FIELD: null } }) as never,
    ],
    [
      "moves it to another room",
      "error broken TRIGGER invalid_hook_result",
      () => ({ action: "modify", payload: { roomId: "other" } }) as never,
    ],
  ];

  async function run(trigger: "ON_TRANSCRIPTION" | "BEFORE_AI_GENERATION", field: string, handler: HookHandler<never>) {
    const { engine, clock, reports } = make();
    const named: HookHandler<never> = (given, context) => {
      const result = handler(given, context) as { payload?: Record<string, unknown> } | undefined;
      if (!result?.payload || !("FIELD" in result.payload)) return result as never;
      return { ...result, payload: { [field]: result.payload.FIELD } } as never;
    };
    engine.add(trigger, named as never, { name: "broken", timeoutMs: 100 });
    const given = trigger === "ON_TRANSCRIPTION" ? payload : notFailClosed;
    const running = engine.run(trigger, given as never);
    await clock.advance(100);
    return { outcome: await running, reports, pending: clock.pendingTimers, given };
  }

  it.each(broken)("that %s blocks where nothing may leak", async (_, report, handler) => {
    const { outcome, reports, pending } = await run("ON_TRANSCRIPTION", "text", handler);
    expect(outcome).toMatchObject({ allowed: false, hook: "broken", reason: "hook_failed" });
    expect([reports, pending]).toEqual([[report.replace("TRIGGER", "ON_TRANSCRIPTION")], 0]);
  });

  it.each(broken)("that %s changes nothing elsewhere", async (_, report, handler) => {
    const { outcome, reports, given } = await run("BEFORE_AI_GENERATION", "system", handler);
    expect(outcome).toEqual({ allowed: true, payload: given });
    expect(reports).toEqual([report.replace("TRIGGER", "BEFORE_AI_GENERATION")]);
  });

  it("may set a field that had no value", async () => {
    const { engine } = make();
    engine.add("BEFORE_AI_GENERATION", () => ({ action: "modify", payload: { system: "new" } }));
    const outcome = await engine.run("BEFORE_AI_GENERATION", { ...notFailClosed, system: undefined });
    expect(outcome.payload.system).toBe("new");
  });

  it("fails closed for exactly these triggers", () => {
    expect([...FAIL_CLOSED].sort()).toEqual([
      "BEFORE_TOOL_USE",
      "BEFORE_TTS",
      "ON_PARTIAL_TRANSCRIPTION",
      "ON_RECORDING_STARTED",
      "ON_TRANSCRIPTION",
    ]);
  });

  it("that is late is not heard any more, not even its error", async () => {
    const { engine, clock, reports } = make();
    engine.add("ON_TRANSCRIPTION", () => clock.sleep(500).then(() => Promise.reject(new Error("late"))), {
      timeoutMs: 100,
    });
    const running = engine.run("ON_TRANSCRIPTION", payload);
    await clock.advance(1_000);
    expect((await running).allowed).toBe(false);
    expect(reports).toHaveLength(1);
  });
});

describe("observers", () => {
  it("are told side by side what the sync hooks made of it, and cannot change it", async () => {
    const { engine, reports } = make();
    const told: string[] = [];
    engine.add(
      "ON_TRANSCRIPTION",
      async ({ text }) => {
        await new Promise(() => {});
        told.push(text);
      },
      { execution: "async" },
    );
    engine.add(
      "ON_TRANSCRIPTION",
      ({ text }) => {
        told.push(text);
        return { action: "block" };
      },
      { execution: "async" },
    );
    engine.add("ON_TRANSCRIPTION", () => Promise.reject(new Error("x")), { execution: "async", name: "fails" });
    engine.add("ON_TRANSCRIPTION", () => ({ action: "modify", payload: { text: "redacted" } }));
    expect((await engine.run("ON_TRANSCRIPTION", payload)).allowed).toBe(true);
    await settle();
    expect([told, reports]).toEqual([["redacted"], ["error fails ON_TRANSCRIPTION hook_failed"]]);
  });

  it("of a trigger that is only told include its sync hooks", async () => {
    const { engine } = make();
    const told: string[] = [];
    engine.add("ON_INPUT_AUDIO_LEVEL", () => void told.push("sync"));
    engine.add("ON_INPUT_AUDIO_LEVEL", () => void told.push("async"), { execution: "async" });
    const all = engine.notify("ON_INPUT_AUDIO_LEVEL", { roomId: "room", session, db: 0 });
    expect(told).toEqual(["sync", "async"]);
    await all;
  });

  it("that are too slow are passed by beyond 1,000 at once, and that is reported once", async () => {
    const { engine, clock, reports } = make();
    let told = 0;
    engine.add(
      "ON_INPUT_AUDIO_LEVEL",
      () => {
        told++;
        return new Promise(() => {});
      },
      { name: "slow", timeoutMs: 100 },
    );
    for (let n = 0; n < 1_200; n++) void engine.notify("ON_INPUT_AUDIO_LEVEL", { roomId: "room", session, db: 0 });
    expect([told, reports]).toEqual([1_000, ["error slow ON_INPUT_AUDIO_LEVEL hook_overloaded"]]);
    await clock.advance(100);
    await engine.idle();
    void engine.notify("ON_INPUT_AUDIO_LEVEL", { roomId: "room", session, db: 0 });
    expect(told).toBe(1_001);
  });
});

describe("registration", () => {
  it("answers has and hasSync for all rooms and one, and forgets what was removed", () => {
    const { engine } = make();
    const state = (): boolean[] =>
      ["room", "other"].flatMap((room) => [engine.has("BEFORE_TTS", room), engine.hasSync("BEFORE_TTS", room)]);
    expect(state()).toEqual([false, false, false, false]);
    const inRoom = engine.add("BEFORE_TTS", () => {}, { roomId: "room", execution: "async" });
    expect(state()).toEqual([true, false, false, false]);
    const everywhere = engine.add("BEFORE_TTS", () => {});
    expect(state()).toEqual([true, true, true, true]);
    everywhere();
    everywhere();
    expect(state()).toEqual([true, false, false, false]);
    inRoom();
    expect(state()).toEqual([false, false, false, false]);
    engine.add("BEFORE_TTS", () => {}, { roomId: "room" });
    engine.removeRoom("room");
    expect(state()).toEqual([false, false, false, false]);
    engine.add("BEFORE_TTS", () => {});
    engine.add("BEFORE_TTS", () => {}, { roomId: "room" });
    engine.clear();
    expect(state()).toEqual([false, false, false, false]);
  });

  it.each([
    ["a trigger there is not", "NEVER", () => {}, {}],
    ["a name every object has", "toString", () => {}, {}],
    ["no function", "BEFORE_TTS", "handler", {}],
    ["an execution there is not", "BEFORE_TTS", () => {}, { execution: "later" }],
    ["a priority that is none", "BEFORE_TTS", () => {}, { priority: Number.NaN }],
    ["no time", "BEFORE_TTS", () => {}, { timeoutMs: 0 }],
  ])("refuses %s", (_, trigger, handler, options) => {
    const { engine } = make();
    expect(() => engine.add(trigger as HookTrigger, handler as never, options as HookOptions)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });

  it("knows every trigger by its own name", () => {
    for (const [name, trigger] of Object.entries(HookTrigger)) expect(trigger).toBe(name);
  });
});
