import { getEventListeners } from "node:events";
import { type AIPart, abortedError, RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { ProviderError } from "../errors/provider-error.ts";
import { kindOfVendorCode, sdkError } from "../errors/sdk-error.ts";
import { answer, parseToolArguments } from "./answer.ts";
import { OpenCalls } from "./open-calls.ts";

const provider = "vendor";

describe("OpenCalls", () => {
  it("links calls to their signal and to the provider", () => {
    const calls = new OpenCalls(provider);
    const controller = new AbortController();
    const one = calls.begin(controller.signal);
    const two = calls.begin(undefined);
    expect(calls.size).toBe(2);
    controller.abort();
    expect([one.signal.aborted, two.signal.aborted]).toEqual([true, false]);
    calls.close();
    calls.close();
    expect(abortedError(two.signal).code).toBe("closed");
    expect(abortedError(one.signal).code).toBe("aborted");
    one.end();
    two.end();
    expect(calls.size).toBe(0);
    expect(() => calls.begin(undefined)).toThrow(expect.objectContaining({ code: "closed" }));
  });

  it("does not begin for an aborted signal, and lets go of a signal at the end", () => {
    const calls = new OpenCalls(provider);
    expect(() => calls.begin(AbortSignal.abort())).toThrow(expect.objectContaining({ code: "aborted" }));
    const { signal } = new AbortController();
    calls.begin(signal).end();
    expect(getEventListeners(signal, "abort")).toEqual([]);
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
