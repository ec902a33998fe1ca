import { getEventListeners } from "node:events";
import { collect, settle, itemSource as source } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RoomKitError } from "../errors/error.ts";
import { abortable } from "./abortable.ts";

describe("abortable", () => {
  it("reads to the end, which it need not close, and stops watching the signal", async () => {
    const { signal } = new AbortController();
    const { iterable, state } = source([1, 2], "end");
    expect(await collect(abortable(iterable, signal))).toEqual([1, 2]);
    expect(state.returned).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("ends while the source waits, and closes it", async () => {
    const controller = new AbortController();
    const { iterable, state } = source([1], "wait");
    const got: number[] = [];
    const reading = collect(abortable(iterable, controller.signal), got).catch((error: unknown) => error);
    await settle();
    controller.abort(new RoomKitError("closed", "x"));
    expect(await reading).toMatchObject({ code: "closed" });
    expect([got, state.returned]).toEqual([[1], 1]);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("gives nothing more once aborted, and begins nothing when it was before", async () => {
    const controller = new AbortController();
    const { iterable, state } = source([1, 2], "end");
    const stream = abortable(iterable, controller.signal);
    expect((await stream.next()).value).toBe(1);
    controller.abort();
    await expect(stream.next()).rejects.toMatchObject({ code: "aborted" });
    expect(state).toEqual({ asked: 1, returned: 1 });
    const other = source([1], "end");
    await expect(abortable(other.iterable, controller.signal).next()).rejects.toMatchObject({ code: "aborted" });
    expect(other.state).toEqual({ asked: 0, returned: 0 });
  });

  it("passes on what the source throws, and closes it for a reader that stops", async () => {
    const { signal } = new AbortController();
    const broken = source([1], new TypeError("broken"));
    await expect(collect(abortable(broken.iterable, signal))).rejects.toThrow("broken");
    expect(broken.state.returned).toBe(0);
    const { iterable, state } = source([1, 2], "wait");
    for await (const item of abortable(iterable, signal)) if (item === 1) break;
    expect(state.returned).toBe(1);
  });
});
