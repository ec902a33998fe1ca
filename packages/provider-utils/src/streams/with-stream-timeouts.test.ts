import { getEventListeners } from "node:events";
import { RoomKitError } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type StreamTimeoutOptions, withStreamTimeouts } from "./with-stream-timeouts.ts";

/** A source that yields after given waits and notes how it ended. `-1` never yields. */
function source(clock: VirtualClock, waits: readonly number[]) {
  const state = { aborted: false, returned: false };
  async function* open(signal: AbortSignal): AsyncGenerator<number> {
    signal.addEventListener("abort", () => {
      state.aborted = true;
    });
    try {
      for (const [index, wait] of waits.entries()) {
        if (wait < 0)
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
        if (wait > 0) await clock.sleep(wait, signal);
        yield index;
      }
    } finally {
      state.returned = true;
    }
  }
  return { open, state };
}

function setUp(options: Partial<StreamTimeoutOptions> = {}) {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const all: StreamTimeoutOptions = {
    provider: "vendor",
    signal: controller.signal,
    clock,
    firstByteMs: 100,
    stallMs: 50,
    ...options,
  };
  return { clock, controller, all };
}

async function collect<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of stream) into.push(item);
  return into;
}

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe("withStreamTimeouts", () => {
  it("passes a stream that is quick enough, and leaves nothing behind", async () => {
    const { clock, all } = setUp();
    const { open, state } = source(clock, [99, 49, 49]);
    const done = collect(withStreamTimeouts(open, all));
    await clock.advance(200);
    expect(await done).toEqual([0, 1, 2]);
    expect(clock.pendingTimers).toBe(0);
    expect(state.aborted).toBe(false);
  });

  it("gives up before the first item and closes the source", async () => {
    const { clock, all } = setUp();
    const { open, state } = source(clock, [-1]);
    const done = caught(collect(withStreamTimeouts(open, all)));
    await clock.advance(100);
    expect(await done).toMatchObject({
      kind: "timeout",
      retryable: true,
      message: "vendor sent no first answer within 100 ms",
    });
    await clock.advance(0);
    expect(state).toEqual({ aborted: true, returned: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it("counts the opening into the first wait, and ends what opens too late", async () => {
    const { clock, all } = setUp();
    const { open, state } = source(clock, [0]);
    const late = async (signal: AbortSignal) => {
      await clock.sleep(150);
      return open(signal);
    };
    const done = caught(collect(withStreamTimeouts(late, all)));
    await clock.advance(100);
    expect(await done).toMatchObject({ kind: "timeout" });
    await clock.advance(100);
    expect(state.aborted).toBe(false); // it never began
    expect(clock.pendingTimers).toBe(0);
  });

  it("notices a stall, after what came was passed on", async () => {
    const { clock, all } = setUp();
    const { open, state } = source(clock, [0, 0, -1]);
    const got: number[] = [];
    const done = caught(collect(withStreamTimeouts(open, all), got));
    await clock.advance(50);
    expect(await done).toMatchObject({ kind: "timeout", message: "vendor sent no further answer within 50 ms" });
    expect(got).toEqual([0, 1]);
    await clock.advance(0);
    expect(state).toEqual({ aborted: true, returned: true });
  });

  it("does not count the consumer's own time", async () => {
    const { clock, all } = setUp();
    const { open } = source(clock, [0, 0]);
    const done = (async () => {
      const got: number[] = [];
      for await (const item of withStreamTimeouts(open, all)) {
        got.push(item);
        await clock.sleep(10_000);
      }
      return got;
    })();
    await clock.advance(30_000);
    expect(await done).toEqual([0, 1]);
  });

  it("ends with an abort at once, although the source is stuck", async () => {
    const { clock, controller, all } = setUp();
    const { open, state } = source(clock, [0, -1]);
    const done = caught(collect(withStreamTimeouts(open, all)));
    await clock.advance(10);
    controller.abort();
    expect(await done).toMatchObject({ code: "aborted" });
    await clock.advance(0);
    expect(state).toEqual({ aborted: true, returned: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not open anything for a signal that is aborted already", async () => {
    const { all } = setUp({ signal: AbortSignal.abort() });
    const open = (): never => expect.unreachable();
    await expect(collect(withStreamTimeouts(open, all))).rejects.toMatchObject({ code: "aborted" });
  });

  it("closes the source when the consumer stops", async () => {
    const { clock, all } = setUp();
    const { open, state } = source(clock, [0, 0, -1]);
    for await (const item of withStreamTimeouts(open, all)) if (item === 1) break;
    await clock.advance(0);
    expect(state).toEqual({ aborted: true, returned: true });
  });

  it("has no limit with 0", async () => {
    const { clock, all } = setUp({ firstByteMs: 0, stallMs: 0 });
    const { open } = source(clock, [100_000, 100_000]);
    const done = collect(withStreamTimeouts(open, all));
    await clock.advance(200_000);
    expect(await done).toEqual([0, 1]);
  });

  it("throws our errors for what the source throws, also from opening", async () => {
    const { all } = setUp();
    const reset = (): Promise<never> => Promise.reject(Object.assign(new Error("x"), { code: "ECONNRESET" }));
    await expect(collect(withStreamTimeouts(reset, all))).rejects.toMatchObject({ kind: "network" });
    const mapError = () => new RoomKitError("own", "x");
    await expect(collect(withStreamTimeouts(reset, { ...all, mapError }))).rejects.toMatchObject({ code: "own" });
  });

  it("stops watching the caller's signal", async () => {
    const { signal } = new AbortController();
    const { clock, all } = setUp({ signal });
    await collect(withStreamTimeouts(source(clock, [0, 0, 0]).open, all));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
