import { inspect } from "node:util";
import { RoomKitError } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { Secret } from "../keys/secret.ts";
import { httpError, type VendorError } from "./http-error.ts";
import { ProviderError, type ProviderErrorKind } from "./provider-error.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { toProviderError } from "./to-provider-error.ts";

const provider = "vendor";

describe("ProviderError", () => {
  it("is a RoomKitError with a code of its kind", () => {
    const error = new ProviderError("rate_limit", "slow down", { provider, retryAfterMs: 500, status: 429 });
    expect(RoomKitError.is(error, "provider_rate_limit")).toBe(true);
    expect(ProviderError.is(error, "rate_limit")).toBe(true);
    expect(ProviderError.is(error, "auth")).toBe(false);
    expect(error.retryable).toBe(true);
    expect(error.details).toEqual({ provider, status: 429, retryAfterMs: 500 });
  });

  it("gives an abort the code every abort has", () => {
    expect(new ProviderError("aborted", "off", { provider }).code).toBe("aborted");
  });

  it("is recognised across copies of the package, and nothing else is", () => {
    const foreign = { [Symbol.for("roomkit.provider-error")]: true, kind: "auth" };
    expect(ProviderError.is(foreign, "auth")).toBe(true);
    for (const other of [null, "auth", new Error("auth"), new RoomKitError("provider_auth", "x")]) {
      expect(ProviderError.is(other)).toBe(false);
    }
  });

  it.each<[ProviderErrorKind, boolean]>([
    ["auth", false],
    ["quota", false],
    ["invalid_request", false],
    ["protocol", false],
    ["aborted", false],
    ["rate_limit", true],
    ["overloaded", true],
    ["server", true],
    ["timeout", true],
    ["network", true],
  ])("%s is retryable: %s", (kind, retryable) => {
    expect(new ProviderError(kind, "x", { provider }).retryable).toBe(retryable);
    expect(new ProviderError(kind, "x", { provider, retryable: !retryable }).retryable).toBe(!retryable);
  });

  it("holds no key, however it is looked at", () => {
    const key = new Secret("a-key-of-no-known-shape-31337").reveal();
    const request = { headers: { authorization: `Bearer ${key}` } };
    const cause = Object.assign(new Error(`refused ${key}`, { cause: new TypeError(`inner ${key}`) }), { request });
    const error = new ProviderError("auth", `key ${key} and sk-ant-api03-abcdefgh and ?key=AIzaSyAbc&x=1`, {
      provider,
      cause,
    });
    const shown = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + error.stack;
    expect(shown).not.toContain(key);
    expect(shown).not.toContain("api03-abcdefgh");
    expect(shown).not.toContain("AIzaSyAbc");
    expect(shown).toContain("inner [redacted]");
  });

  it("keeps the names and system codes of causes, to a bounded depth", () => {
    let cause: Error = Object.assign(new Error("deepest"), { code: "ECONNRESET" });
    for (let i = 0; i < 10; i++) cause = new Error(`level ${i}`, { cause });
    const error = new ProviderError("network", "x", { provider, cause });
    let depth = 0;
    for (let at = error.cause as Error | undefined; at; at = at.cause as Error | undefined) depth++;
    expect(depth).toBe(5);
    const reset = new ProviderError("network", "x", {
      provider,
      cause: Object.assign(new Error("r"), { code: "ECONNRESET" }),
    });
    expect(reset.cause).toMatchObject({ message: "r", code: "ECONNRESET" });
  });
});

describe("httpError", () => {
  it.each<[number, unknown, ProviderErrorKind]>([
    [400, "", "invalid_request"],
    [401, { error: { type: "authentication_error", message: "bad key" } }, "auth"],
    [402, "", "quota"],
    [403, "", "auth"],
    [403, { error: { code: "billing_hard_limit" } }, "quota"],
    [404, "", "invalid_request"],
    [408, "", "timeout"],
    [409, "", "server"],
    [413, "", "invalid_request"],
    [422, { detail: { status: "invalid", message: "no" } }, "invalid_request"],
    [429, { error: { code: "rate_limit_exceeded" } }, "rate_limit"],
    [429, { error: { code: "insufficient_quota", message: "spent" } }, "quota"],
    [500, "<html>oops</html>", "server"],
    [503, "", "overloaded"],
    [504, "", "timeout"],
    [529, { error: { type: "overloaded_error" } }, "overloaded"],
    [302, "", "protocol"],
  ])("%i %o is %s", (status, body, kind) => {
    expect(httpError(status, {}, body, { provider })).toMatchObject({ kind, status, provider });
  });

  it.each<[unknown, VendorError]>([
    [{ error: { message: "m", type: "t", code: "c" } }, { message: "m", code: "c" }],
    [{ error: { message: "m", type: "t", code: null } }, { message: "m", code: "t" }],
    [{ detail: { status: "s", message: "m" } }, { message: "m", code: "s" }],
    [{ detail: "gone" }, { message: "gone" }],
    [
      { err_code: "c", err_msg: "m", request_id: "r" },
      { message: "m", code: "c" },
    ],
    [
      { message: "m", error: "e", code: 1008 },
      { message: "m", code: "e" },
    ],
    [
      [{ error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED" } }],
      { message: "m", code: "RESOURCE_EXHAUSTED" },
    ],
    ["plain words", { message: "plain words" }],
    [null, {}],
  ])("reads %j", (body, { message, code }) => {
    for (const form of [body, JSON.stringify(body), Buffer.from(JSON.stringify(body))]) {
      const error = httpError(418, undefined, form, { provider });
      expect(error.vendorCode).toBe(code);
      expect(error.message).toBe(`vendor answered 418${message ? `: ${message}` : ""}`);
    }
  });

  it("shows neither HTML nor more than 300 characters nor a key of a body", () => {
    expect(httpError(502, {}, "<html>bad gateway</html>", { provider }).message).toBe("vendor answered 502");
    expect(httpError(400, {}, "x".repeat(5000), { provider }).message.length).toBeLessThan(330);
    const echo = { error: { message: "Incorrect API key provided: sk-proj-abcdefgh1234." } };
    expect(httpError(401, {}, echo, { provider }).message).toContain("Incorrect API key provided: [redacted]");
  });

  it("takes request ids and waits from any kind of headers", () => {
    const plain = { "Request-Id": "req_1", "Retry-After": "2" };
    for (const headers of [plain, new Headers(plain), { "request-id": ["req_1"], "retry-after": ["2"] }]) {
      expect(httpError(429, headers, "", { provider })).toMatchObject({ requestId: "req_1", retryAfterMs: 2000 });
    }
  });

  it("lets a vendor classify", () => {
    const classify = (status: number, error: VendorError): ProviderErrorKind | undefined =>
      status === 400 && error.code === "API_KEY_INVALID" ? "auth" : undefined;
    expect(httpError(400, {}, { error: { code: "API_KEY_INVALID" } }, { provider, classify }).kind).toBe("auth");
    expect(httpError(400, {}, {}, { provider, classify }).kind).toBe("invalid_request");
  });
});

describe("parseRetryAfter", () => {
  const now = Date.UTC(2025, 0, 1, 12, 0, 0);
  it.each([
    [{ "retry-after": "1" }, 1000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "1250", "retry-after": "9" }, 1250],
    [{ "retry-after": "Wed, 01 Jan 2025 12:00:07 GMT" }, 7000],
    [{ "retry-after": "Wed, 01 Jan 2025 11:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after": "9999999999" }, undefined],
    [{}, undefined],
  ])("%j: %s", (headers, ms) => {
    expect(parseRetryAfter(headers as Record<string, string>, now)).toBe(ms);
  });

  it("measures dates against the clock it is given", () => {
    const clock = new VirtualClock({ wallTime: now });
    const headers = { "retry-after": new Date(now + 3000).toUTCString() };
    expect(httpError(429, headers, "", { provider, clock }).retryAfterMs).toBe(3000);
  });
});

describe("toProviderError", () => {
  const failed = (message: string, cause?: unknown): Error => new TypeError(message, { cause });
  it.each<[string, unknown, ProviderErrorKind]>([
    ["a reset", Object.assign(new Error("read"), { code: "ECONNRESET" }), "network"],
    ["a reset behind fetch", failed("fetch failed", Object.assign(new Error(), { code: "ECONNREFUSED" })), "network"],
    ["a body that broke off", failed("terminated"), "network"],
    ["an unknown host", Object.assign(new Error(), { code: "ENOTFOUND" }), "network"],
    ["a bad certificate", Object.assign(new Error(), { code: "SELF_SIGNED_CERT_IN_CHAIN" }), "network"],
    [
      "a slow header",
      failed("fetch failed", Object.assign(new Error(), { code: "UND_ERR_HEADERS_TIMEOUT" })),
      "timeout",
    ],
    ["a timeout signal", new DOMException("late", "TimeoutError"), "timeout"],
    ["broken JSON", new SyntaxError("Unexpected token"), "protocol"],
    ["something thrown", "what", "protocol"],
    ["an abort that was not ours", new DOMException("x", "AbortError"), "network"],
  ])("%s", (_name, error, kind) => {
    expect(toProviderError(error, { provider })).toMatchObject({ kind });
  });

  it("lets our errors pass, and an abort win over them", () => {
    const ours = new ProviderError("quota", "x", { provider });
    expect(toProviderError(ours, { provider })).toBe(ours);
    expect(toProviderError(ours, { provider, signal: AbortSignal.abort() })).toMatchObject({ code: "aborted" });
  });
});
