import { getEventListeners } from "node:events";
import { type AIPart, abortedError, RoomKitError } from "@roomkit/core";
import { describe, expect, it, vi } from "vitest";
import { ProviderError } from "../errors/provider-error.ts";
import { kindOfVendorCode, sdkError } from "../errors/sdk-error.ts";
import { answer, parseToolArguments, readAnswer } from "./answer.ts";
import { OpenCalls } from "./open-calls.ts";

const provider = "vendor";

/** What a call waits for: the end of its signal. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(abortedError(signal)), { once: true }));

describe("OpenCalls", () => {
  it("links calls to their signal and to the provider", async () => {
    const calls = new OpenCalls(provider);
    const controller = new AbortController();
    const one = calls.run(controller.signal, aborted);
    const two = calls.run(undefined, aborted);
    expect(calls.size).toBe(2);
    controller.abort();
    await expect(one).rejects.toMatchObject({ code: "aborted" });
    expect(calls.size).toBe(1);
    calls.close();
    calls.close();
    await expect(two).rejects.toMatchObject({ code: "closed" });
    expect(calls.size).toBe(0);
    const never = vi.fn();
    await expect(calls.run(undefined, never)).rejects.toMatchObject({ code: "closed" });
    await expect(calls.stream(undefined, never).next()).rejects.toMatchObject({ code: "closed" });
    expect(never).not.toHaveBeenCalled();
  });

  it("does not begin for an aborted signal, and lets go of a signal at the end", async () => {
    const calls = new OpenCalls(provider);
    const never = vi.fn();
    await expect(calls.run(AbortSignal.abort(), never)).rejects.toMatchObject({ code: "aborted" });
    await expect(calls.stream(AbortSignal.abort(), never).next()).rejects.toMatchObject({ code: "aborted" });
    expect(never).not.toHaveBeenCalled();
    const { signal } = new AbortController();
    expect(await calls.run(signal, async () => "answer")).toBe("answer");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  const numbers = (fails: boolean) =>
    async function* (): AsyncGenerator<number, void, undefined> {
      yield 1;
      if (fails) throw new SyntaxError("x");
      yield 2;
    };

  it("counts a stream from its first item until it ends, is left, or fails", async () => {
    const calls = new OpenCalls(provider);
    const { signal } = new AbortController();
    const unread = calls.stream(signal, numbers(false));
    expect(calls.size).toBe(0);
    const got: number[] = [];
    for await (const number of unread) {
      expect(calls.size).toBe(1);
      got.push(number);
    }
    expect([got, calls.size]).toEqual([[1, 2], 0]);
    for await (const _ of calls.stream(signal, numbers(false))) break;
    expect(calls.size).toBe(0);
    const failing = calls.stream(signal, numbers(true));
    await failing.next();
    await expect(failing.next()).rejects.toThrow(SyntaxError);
    const refused = calls.stream(signal, () => {
      throw new SyntaxError("x");
    });
    await expect(refused.next()).rejects.toThrow(SyntaxError);
    expect([calls.size, getEventListeners(signal, "abort")]).toEqual([0, []]);
  });

  it("ends a stream with the provider", async () => {
    const calls = new OpenCalls(provider);
    const stream = calls.stream(undefined, async function* (signal): AsyncGenerator<number, void, undefined> {
      yield 1;
      await aborted(signal);
    });
    await stream.next();
    const next = stream.next();
    calls.close();
    await expect(next).rejects.toMatchObject({ code: "closed" });
    expect(calls.size).toBe(0);
  });
});

describe("answer", () => {
  const text = (text: string): AIPart => ({ type: "text-delta", text });
  const finish: AIPart = { type: "finish", reason: "stop" };
  async function* parts(...items: (AIPart | Error)[]): AsyncGenerator<AIPart> {
    for (const item of items) {
      if (item instanceof Error) throw item;
      yield item;
    }
  }
  async function collect(source: AsyncIterable<AIPart>, controller = new AbortController()): Promise<AIPart[]> {
    const got: AIPart[] = [];
    for await (const part of answer(source, { provider, signal: controller.signal })) got.push(part);
    return got;
  }

  it("ends with the first finish", async () => {
    expect(await collect(parts(text("a"), finish, text("b"), finish))).toEqual([text("a"), finish]);
  });

  it.each([
    ["stops", [text("a")], { kind: "protocol", vendorCode: "incomplete", retryable: true }],
    ["says nothing", [], { kind: "protocol" }],
    ["throws ours", [text("a"), new ProviderError("overloaded", "x", { provider })], { kind: "overloaded" }],
    ["throws anything", [text("a"), new SyntaxError("x")], { kind: "protocol" }],
    ["is closed", [new RoomKitError("closed", "x")], { code: "closed" }],
  ] as const)("ends with one error when the stream %s", async (_name, items, error) => {
    const got = await collect(parts(...items));
    expect(got.at(-1)).toMatchObject({ type: "error", error });
    expect(got.filter((part) => part.type === "error" || part.type === "finish")).toHaveLength(1);
  });

  it("throws aborted, whatever else happens at the same time", async () => {
    for (const last of [text("late"), new Error("x"), finish]) {
      const controller = new AbortController();
      const source = async function* (): AsyncGenerator<AIPart> {
        yield text("a");
        controller.abort();
        yield* parts(last);
      };
      await expect(collect(source(), controller)).rejects.toMatchObject({ code: "aborted" });
    }
  });
});

describe("readAnswer", () => {
  const finish: AIPart = { type: "finish", reason: "stop" };
  const read = (event: string): AIPart | undefined =>
    event === "end" ? finish : event === "ping" ? undefined : { type: "text-delta", text: event };
  async function collect(...events: string[]): Promise<AIPart[]> {
    const got: AIPart[] = [];
    const source = (async function* () {
      yield* events;
    })();
    for await (const part of readAnswer(source, read, provider)) got.push(part);
    return got;
  }

  it("ends with finish, and passes over what is no part", async () => {
    expect(await collect("ping", "a", "end", "b")).toEqual([{ type: "text-delta", text: "a" }, finish]);
  });

  it("fails when the events end before", async () => {
    await expect(collect("a", "ping")).rejects.toMatchObject({ kind: "protocol", vendorCode: "incomplete" });
  });
});

describe("parseToolArguments", () => {
  it("takes JSON and nothing, and refuses all else without showing it", () => {
    expect(parseToolArguments('{"a":[1]}', "t", provider)).toEqual({ a: [1] });
    expect(parseToolArguments(" ", "t", provider)).toEqual({});
    const bad = (): unknown => parseToolArguments('{"name":"Alice Secretson"', "t", provider);
    expect(bad).toThrow(expect.objectContaining({ code: "provider_protocol", vendorCode: "invalid_tool_arguments" }));
    expect(bad).not.toThrow(/Alice/);
  });
});

describe("sdkError", () => {
  const api = (fields: object, message = "m"): Error =>
    Object.assign(new Error(message), { status: undefined, headers: undefined, error: undefined, ...fields });
  it.each([
    [
      "a status",
      api({ status: 429, headers: new Headers({ "retry-after": "1" }), error: { error: { type: "t" } } }),
      { kind: "rate_limit", retryAfterMs: 1000, vendorCode: "t" },
    ],
    [
      "an error in the stream",
      api({
        headers: new Headers({ "request-id": "r" }),
        error: { type: "error", error: { type: "overloaded_error", message: "busy" } },
      }),
      { kind: "overloaded", requestId: "r", message: "vendor: busy" },
    ],
    ["no connection", api({ cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) }), { kind: "network" }],
    ["no connection without a reason", api({}, "Connection error."), { kind: "network" }],
    ["a timeout", api({}, "Request timed out."), { kind: "timeout" }],
    ["another error", new SyntaxError("x"), { kind: "protocol" }],
  ])("%s", (_name, error, expected) => {
    expect(sdkError(error, { provider })).toMatchObject(expected);
  });

  it("lets an abort win, and ours pass", () => {
    expect(sdkError(api({ status: 500 }), { provider, signal: AbortSignal.abort() })).toMatchObject({
      code: "aborted",
    });
    const ours = new RoomKitError("closed", "x");
    expect(sdkError(ours, { provider })).toBe(ours);
  });

  it.each([
    ["overloaded_error", "overloaded"],
    ["insufficient_quota", "quota"],
    ["rate_limit_exceeded", "rate_limit"],
    ["RESOURCE_EXHAUSTED", "rate_limit"],
    ["authentication_error", "auth"],
    ["timeout_error", "timeout"],
    ["invalid_request_error", "invalid_request"],
    ["api_error", "server"],
    [undefined, "server"],
  ])("%s is %s", (code, kind) => {
    expect(kindOfVendorCode(code)).toBe(kind);
  });
});
