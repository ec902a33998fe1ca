import { describe, expect, it } from "vitest";
import { read, rejection, settle } from "../fake-room.fixture.ts";
import { setUp } from "../rig.fixture.ts";
import { done, type Script, say } from "../scripted-model.fixture.ts";

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
