import { RoomKitError } from "@roomkit/core";
import { INTERRUPTED, LOG_TIMEOUT_MS } from "@roomkit/tools";
import { describe, expect, it } from "vitest";
import { read, rejection, settle } from "../fake-room.fixture.ts";
import { look, ROOM, setUpTools, tool } from "../rig.fixture.ts";
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
    expect([model.requests.length, channel.activeReplies, host.clock.pendingTimers]).toEqual([1, 0, 0]);
    expect(host.log(ROOM).at(-1)?.content).toEqual({ type: "tool-result", callId: "c1", name: "look", ...INTERRUPTED });
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
