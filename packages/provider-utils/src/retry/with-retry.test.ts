import { RoomKitError } from "@roomkit/core";
import { settle, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { ProviderError } from "../errors/provider-error.ts";
import { checkRetryOptions, type RetryContext, type RetryOptions, retry, withRetry } from "./with-retry.ts";

const failure = (options: { retryAfterMs?: number } = {}): ProviderError =>
  new ProviderError("overloaded", "busy", { provider: "vendor", ...options });

/** A stream that fails so many times, after yielding `before` items each time. */
function flaky(failures: number, error: () => unknown = failure, before = 0) {
  const attempts: number[] = [];
  async function* start(attempt: number): AsyncGenerator<string> {
    attempts.push(attempt);
    for (let i = 0; i < before; i++) yield `early ${i}`;
    if (attempt < failures) throw error();
    yield "done";
  }
  return { start, attempts };
}

async function collect<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of stream) into.push(item);
  return into;
}

function setUp(options: RetryOptions = {}) {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const waits: number[] = [];
  const context: RetryContext & RetryOptions = {
    ...options,
    signal: controller.signal,
    clock,
    random: () => 1,
    onRetry: ({ waitMs }) => waits.push(waitMs),
  };
  return { clock, controller, waits, context };
}

describe("withRetry", () => {
  it("tries again with doubling waits", async () => {
    const { clock, waits, context } = setUp({ retries: 4, baseMs: 100, maxMs: 300 });
    const { start, attempts } = flaky(4);
    const done = collect(withRetry(start, context));
    await clock.advance(5_000);
    expect(await done).toEqual(["done"]);
    expect(attempts).toEqual([0, 1, 2, 3, 4]);
    expect(waits).toEqual([100, 200, 300, 300]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("spreads its waits between half and all", async () => {
    const { clock, waits, context } = setUp({ retries: 1, baseMs: 100 });
    const done = collect(withRetry(flaky(1).start, { ...context, random: () => 0 }));
    await clock.advance(50);
    expect(await done).toEqual(["done"]);
    expect(waits).toEqual([50]);
  });

  it("waits as long as the vendor asks, and not at all when that is too long", async () => {
    const { clock, waits, context } = setUp({ baseMs: 100, maxMs: 2_000 });
    const done = collect(withRetry(flaky(1, () => failure({ retryAfterMs: 1_500 })).start, context));
    await clock.advance(1_500);
    expect(await done).toEqual(["done"]);
    expect(waits).toEqual([1_500]);
    const late = flaky(1, () => failure({ retryAfterMs: 30_000 }));
    await expect(collect(withRetry(late.start, context))).rejects.toMatchObject({ retryAfterMs: 30_000 });
    expect(late.attempts).toEqual([0]);
  });

  it("never tries again after something was yielded", async () => {
    const { context } = setUp();
    const { start, attempts } = flaky(1, failure, 1);
    const got: string[] = [];
    await expect(collect(withRetry(start, context), got)).rejects.toMatchObject({ kind: "overloaded" });
    expect(got).toEqual(["early 0"]);
    expect(attempts).toEqual([0]);
  });

  it("gives up after its retries, and at once for what cannot succeed or is not ours", async () => {
    const { clock, context } = setUp({ retries: 1 });
    const often = flaky(5);
    const done = collect(withRetry(often.start, context)).catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(await done).toMatchObject({ kind: "overloaded" });
    expect(often.attempts).toEqual([0, 1]);
    for (const error of [new ProviderError("auth", "no", { provider: "v" }), new TypeError("bug")]) {
      const { start, attempts } = flaky(1, () => error);
      await expect(collect(withRetry(start, context))).rejects.toBe(error);
      expect(attempts).toEqual([0]);
    }
  });

  it("can be aborted while it waits, leaving no timer", async () => {
    const { clock, controller, context } = setUp({ baseMs: 1_000 });
    const { start, attempts } = flaky(1);
    const done = collect(withRetry(start, context)).catch((error: unknown) => error);
    await settle();
    expect(clock.pendingTimers).toBe(1);
    controller.abort();
    expect(RoomKitError.is(await done, "aborted")).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    expect(attempts).toEqual([0]);
  });

  it("says aborted rather than what the abort made fail", async () => {
    const { controller, context } = setUp();
    const { start } = flaky(1, () => {
      controller.abort();
      return failure();
    });
    await expect(collect(withRetry(start, context))).rejects.toMatchObject({ code: "aborted" });
  });

  it("returns the stream under it when the consumer stops", async () => {
    const { context } = setUp();
    let returned = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        returned = true;
      }
    }
    for await (const item of withRetry(endless, context)) if (item === 2) break;
    expect(returned).toBe(true);
  });
});

describe("retry", () => {
  it("repeats an action", async () => {
    const { clock, context } = setUp({ retries: 2, baseMs: 100 });
    const attempts: number[] = [];
    const done = retry(async (attempt) => {
      attempts.push(attempt);
      if (attempt < 2) throw failure();
      return "open";
    }, context);
    await clock.advance(300);
    expect(await done).toBe("open");
    expect(attempts).toEqual([0, 1, 2]);
  });
});

describe("checkRetryOptions", () => {
  it("refuses nonsense", () => {
    for (const bad of [
      { retries: -1 },
      { retries: 1.5 },
      { retries: 11 },
      { baseMs: -1 },
      { baseMs: 500, maxMs: 100 },
    ]) {
      expect(() => checkRetryOptions(bad)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
    expect(() => checkRetryOptions({ retries: 0 })).not.toThrow();
    expect(() => checkRetryOptions(undefined)).not.toThrow();
  });
});
