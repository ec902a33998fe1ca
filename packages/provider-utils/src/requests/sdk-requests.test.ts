import { RoomKitError, silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it, vi } from "vitest";
import { ProviderError } from "../errors/provider-error.ts";
import { loadOnce } from "./load-once.ts";
import { checkRequestSettings, type RequestSettings, SdkRequests } from "./sdk-requests.ts";

const provider = "vendor";
const { signal } = new AbortController();

/** A client whose stream says nothing for so long before each item, ms. */
interface Client {
  speak(pausesMs: readonly number[], signal: AbortSignal): AsyncIterable<string>;
}

function setUp(settings: RequestSettings = {}) {
  const clock = new VirtualClock();
  const warn = vi.fn();
  const client: Client = {
    async *speak(pausesMs, inner) {
      for (const [index, ms] of pausesMs.entries()) {
        if (ms > 0) await clock.sleep(ms, inner);
        yield `item ${index}`;
      }
    },
  };
  const load = vi.fn(async () => client);
  const requests = new SdkRequests<Client>(
    { ...settings, clock, logger: { ...silentLogger, warn } },
    {
      provider,
      load,
      errorOf: (error) =>
        RoomKitError.is(error) ? error : new ProviderError("server", "mapped", { provider, cause: error }),
      firstByteMs: 100,
      stallMs: 50,
    },
  );
  const ask = async (...pausesMs: number[]): Promise<string[]> => {
    const items: string[] = [];
    const stream = requests.stream(async (made, inner) => made.speak(pausesMs, inner), signal);
    for await (const item of stream) items.push(item);
    return items;
  };
  return { clock, load, requests, ask, warn };
}

describe("SdkRequests", () => {
  it("loads the SDK when it is needed, once", async () => {
    const { requests, load, ask } = setUp();
    expect(load).not.toHaveBeenCalled();
    await requests.warmUp();
    expect(await ask(0, 0)).toEqual(["item 0", "item 1"]);
    expect(load).toHaveBeenCalledOnce();
  });

  it.each<[string, RequestSettings, number[], string[] | string]>([
    ["within the usual limits", {}, [99, 49], ["item 0", "item 1"]],
    ["no first item", {}, [101], "no first answer within 100 ms"],
    ["no second item", {}, [1, 51], "no further answer within 50 ms"],
    ["later than the options allow", { firstByteMs: 10, stallMs: 5 }, [9, 6], "no further answer within 5 ms"],
    ["as the options allow", { firstByteMs: 0, stallMs: 500 }, [900, 400], ["item 0", "item 1"]],
  ])("waits: %s", async (_name, settings, pausesMs, expected) => {
    const { clock, ask } = setUp(settings);
    const done = ask(...pausesMs).catch((error: Error) => error.message);
    await clock.advance(5_000);
    expect(await done).toEqual(Array.isArray(expected) ? expected : expect.stringContaining(expected));
    expect(clock.pendingTimers).toBe(0);
  });

  it("makes one of our errors of what the SDK throws, and of an SDK that cannot be loaded", async () => {
    const { requests, load, ask } = setUp();
    load.mockRejectedValueOnce(new Error("not there"));
    await expect(ask(0)).rejects.toMatchObject({ message: "mapped" });
    const refused = requests.stream(async () => {
      throw new Error("400");
    }, signal);
    await expect(refused.next()).rejects.toMatchObject({ message: "mapped" });
    expect(load).toHaveBeenCalledTimes(2);
  });

  it("tries again, and says so in the log", async () => {
    const { clock, requests, warn } = setUp({ retry: { retries: 1, baseMs: 0, maxMs: 0 } });
    const attempt = vi.fn(async function* (): AsyncGenerator<string> {
      if (attempt.mock.calls.length === 1) throw new ProviderError("overloaded", "busy", { provider });
      yield "item";
    });
    const next = requests.retried(attempt, signal).next();
    await clock.advance(0);
    expect((await next).value).toBe("item");
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ provider }), "a request is tried again");
  });
});

describe("checkRequestSettings", () => {
  it("refuses nonsense, and says whose it is", () => {
    for (const bad of [{ firstByteMs: -1 }, { stallMs: Number.NaN }, { retry: { retries: -1 } }]) {
      expect(() => checkRequestSettings(bad, provider)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
    expect(() => checkRequestSettings({ stallMs: -1 }, provider)).toThrow(/^vendor: firstByteMs and stallMs/);
    expect(() => checkRequestSettings({ firstByteMs: 0, stallMs: 0 }, provider)).not.toThrow();
  });
});

describe("loadOnce", () => {
  it("loads once for all, and again after a failure", async () => {
    const load = vi.fn(async () => "sdk");
    load.mockRejectedValueOnce(new Error("not there"));
    const loaded = loadOnce(load);
    await expect(Promise.all([loaded(), loaded()])).rejects.toThrow("not there");
    expect(load).toHaveBeenCalledTimes(1);
    expect(await Promise.all([loaded(), loaded()])).toEqual(["sdk", "sdk"]);
    expect(load).toHaveBeenCalledTimes(2);
  });
});
