import { RoomKitError } from "@roomkit/core";
import { LOG_TIMEOUT_MS, NOT_BEGUN, OUTCOME_UNKNOWN, STOPPED } from "@roomkit/tools";
import { describe, expect, it } from "vitest";
import { read, rejection, settle } from "../fake-room.fixture.ts";
import { look, type Rig, ROOM, setUpTools, tool } from "../rig.fixture.ts";
import { callsDone, done, say } from "../scripted-model.fixture.ts";

describe("a reply that is cut off in a tool", () => {
  it("stops the tool, logs what became of the call, and asks the model nothing more", async () => {
    let seen: AbortSignal | undefined;
    const stuck = tool((_args, { signal }) => {
      seen = signal;
      return new Promise(() => {});
    });
    const { host, model, channel, text } = setUpTools(
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
    expect([model.requests.length, channel.activeReplies]).toEqual([1, 0]);
    expect(host.log(ROOM).at(-1)?.content.type).toBe("tool-call");
    await host.clock.advance(15_000);
    expect(host.clock.pendingTimers).toBe(0);
    expect(host.log(ROOM).at(-1)?.content).toEqual({
      type: "tool-result",
      callId: "c1",
      name: "look",
      ...OUTCOME_UNKNOWN,
    });
  });

  const booked = ({ host }: Rig, afterMs: number): Promise<string> => host.clock.sleep(afterMs).then(() => "table 7");
  /** How the tool ends that was cut off at 500 ms, and what the log, the hooks and the next turn's model are told. */
  it.each<[string, (rig: Rig, signal: AbortSignal) => Promise<unknown>, string | RegExp, boolean]>([
    ["is deaf to its signal and finishes 3 s later", (rig) => booked(rig, 3_500), "table 7", false],
    ["finishes at the next moment", (rig) => booked(rig, 501), "table 7", false],
    ["stops", (rig, signal) => rig.host.clock.sleep(3_500, signal), STOPPED.result, true],
    [
      "stops with an AbortError of its own",
      (_rig, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new DOMException("off", "AbortError")));
        }),
      STOPPED.result,
      true,
    ],
    [
      "fails for its own reasons",
      async (rig) => {
        await rig.host.clock.sleep(3_500);
        throw new RoomKitError("tool_failed", "The shop is closed.");
      },
      "The shop is closed.",
      true,
    ],
    ["never says", () => new Promise(() => {}), /not known: it may have been done/, true],
  ])("whose tool %s", async (_what, execute, told, isError) => {
    let rig: Rig | undefined;
    const runs: number[] = [];
    rig = setUpTools(
      [
        [look("a", "c1"), callsDone],
        [...say("x"), done],
      ],
      [
        tool((_args, { signal }) => {
          runs.push(1);
          return execute(rig as Rig, signal);
        }),
      ],
    );
    const { host, model, text } = rig;
    const hooked: unknown[] = [];
    host.hook("ON_TOOL_CALL", ({ result, isError: failed }) => void hooked.push([result, failed]));
    const controller = new AbortController();
    const reading = rejection(read(await text("hi", controller.signal)));
    await host.clock.advance(500);
    controller.abort();
    expect((await reading).code).toBe("aborted");
    // Until it is known, the next turn hears that the call may have been done.
    const known = host.log(ROOM).some(({ content }) => content.type === "tool-result");
    await read(await text("wait"));
    if (!known) expect(JSON.stringify(model.requests.at(-1)?.messages)).toMatch(/may have been done/);
    await host.clock.advance(20_000);
    const as = typeof told === "string" ? told : expect.stringMatching(told);
    const results = host.log(ROOM).filter(({ content }) => content.type === "tool-result");
    expect(results.map(({ content }) => content)).toMatchObject([{ callId: "c1", result: as, isError }]);
    expect(hooked).toEqual([[as, isError]]);
    await read(await text("well?"));
    expect(rig.results()).toEqual([[as, isError]]);
    expect([runs.length, host.clock.pendingTimers]).toEqual([1, 0]);
  });

  it("does not ask a tool whose hook was still thinking", async () => {
    const ran: unknown[] = [];
    const { host, text } = setUpTools([[look("a", "c1"), callsDone], [done]], [tool(() => void ran.push(1))]);
    host.hook("BEFORE_TOOL_USE", () => host.clock.sleep(1_000).then(() => ({ action: "allow" }) as const));
    const controller = new AbortController();
    const reading = rejection(read(await text("hi", controller.signal)));
    await host.clock.advance(500);
    controller.abort();
    await reading;
    await host.clock.advance(5_000);
    expect([ran, host.log(ROOM).at(-1)?.content]).toEqual([
      [],
      { type: "tool-result", callId: "c1", name: "look", result: NOT_BEGUN.result, isError: true },
    ]);
  });

  it.each(["close", "onDetached"] as const)("is over with its channel: %s leaves no timer", async (end) => {
    const { host, channel, text } = setUpTools(
      [[look("a", "c1"), callsDone], [done]],
      [tool(() => new Promise(() => {}))],
    );
    const controller = new AbortController();
    const reading = rejection(read(await text("hi", controller.signal)));
    await settle();
    controller.abort();
    await reading;
    await channel[end](ROOM);
    await settle();
    expect(host.clock.pendingTimers).toBe(0);
    expect(host.log(ROOM).at(-1)?.content).toMatchObject(OUTCOME_UNKNOWN);
  });

  it("stops waiting for a hook that takes its time", async () => {
    const { host, text } = setUpTools(
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
    const { host, text } = setUpTools(
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

  it("has the tool events before the reply is over", async () => {
    const { host, text } = setUpTools(
      [
        [look("a"), callsDone],
        [...say("x"), done],
      ],
      [tool(() => "ran")],
    );
    host.beforeInbound = () => host.clock.sleep(300);
    let over = false;
    const reading = read(await text()).then(() => {
      over = true;
    });
    await host.clock.advance(599);
    expect([over, host.log(ROOM).length]).toEqual([false, 2]);
    await host.clock.advance(1);
    await reading;
    expect(host.log(ROOM).map(({ content }) => content.type)).toEqual(["text", "tool-call", "tool-result"]);
  });

  it("may refuse, without harm to the reply", async () => {
    const { host, text } = setUpTools(
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
