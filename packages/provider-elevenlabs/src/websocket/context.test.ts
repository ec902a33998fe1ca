import { settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Context } from "./context.ts";

const MIB = 1024 * 1024;
const message = (bytes: number) => ({ audio: new Uint8Array(bytes), alignment: undefined, final: false });

function made(): { context: Context; sent: object[]; left: number } {
  const state = { sent: [] as object[], left: 0 };
  const host = {
    send: (each: object) => void state.sent.push(each),
    drain: async () => {},
    leave: () => void state.left++,
  };
  return Object.assign(state, { context: new Context("c1", host, { text: " ", voice_settings: { speed: 1 } }) });
}

async function pending(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await settle();
  return !done;
}

describe("Context", () => {
  it("is opened by the first text, with the settings, and asks for each piece at once", () => {
    const { context, sent } = made();
    context.keepAlive();
    context.finish();
    // Either would have made a context that nobody closes.
    expect(sent).toEqual([]);
    context.say("Hello.");
    context.keepAlive();
    context.finish();
    expect(sent).toEqual([
      { text: " ", voice_settings: { speed: 1 }, context_id: "c1" },
      { text: "Hello. ", flush: true, context_id: "c1" },
      { text: "", context_id: "c1" },
      { close_context: true, context_id: "c1" },
    ]);
  });

  it("makes the WebSocket wait when too much audio waits for its reader, until half of it was read", async () => {
    const { context } = made();
    await context.deliver(message(MIB));
    await context.deliver(message(MIB));
    const third = context.deliver(message(MIB));
    expect(await pending(third)).toBe(true);
    const reader = context[Symbol.asyncIterator]();
    await reader.next();
    expect(await pending(third)).toBe(true);
    await reader.next();
    expect(await pending(third)).toBe(false);
  });

  it("lets the WebSocket go on when nobody listens any more, and leaves once", async () => {
    const state = made();
    const { context } = state;
    await context.deliver(message(MIB));
    const more = context.deliver(message(2 * MIB));
    expect(await pending(more)).toBe(true);
    context.close();
    context.close();
    expect(await pending(more)).toBe(false);
    expect(await pending(context.deliver(message(9 * MIB)))).toBe(false);
    expect(state.left).toBe(1);
    context.say("too late");
    expect(state.sent).toEqual([]);
  });
});
