import { RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { fernError, witnessedFetch } from "./fern-error.ts";
import { httpError } from "./http-error.ts";

const provider = "acme";
/** As the SDKs throw it. */
const thrown = (fields: object): Error => Object.assign(new Error("made up"), fields);

describe("fernError", () => {
  it("reads status, body and headers of a refusal", () => {
    const headers = new Headers({ "retry-after": "3", "request-id": "r1" });
    const body = { detail: { status: "too_many_concurrent_requests", message: "slow down" } };
    expect(fernError(thrown({ statusCode: 429, body, rawResponse: { headers } }), { provider })).toMatchObject({
      kind: "rate_limit",
      status: 429,
      retryAfterMs: 3_000,
      requestId: "r1",
      vendorCode: "too_many_concurrent_requests",
    });
  });

  it("takes what was seen for what the SDK forgot: the status of a refusal that is no JSON", async () => {
    const headers = { "retry-after": "2" };
    const { fetch, seen } = witnessedFetch(async () => new Response("<html>", { status: 503, headers }));
    expect(seen()).toBeUndefined();
    await fetch("http://127.0.0.1/");
    const error = fernError(thrown({ cause: new SyntaxError("<html>") }), { provider, seen: seen() });
    expect(error).toMatchObject({ kind: "overloaded", status: 503, retryAfterMs: 2_000 });
  });

  it("forgets what an earlier request saw when a later one fails", async () => {
    const answers = [
      async () => new Response("", { status: 500 }),
      () => Promise.reject(new TypeError("fetch failed")),
    ];
    const { fetch, seen } = witnessedFetch(() => (answers.shift() as () => Promise<Response>)());
    await fetch("http://127.0.0.1/");
    const failed = await fetch("http://127.0.0.1/").catch((error: unknown) => error);
    expect(fernError(thrown({ cause: failed }), { provider, seen: seen() })).toMatchObject({ kind: "network" });
  });

  it("looks below an error without status, and leaves ours as they are", () => {
    const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect(fernError(thrown({ cause }), { provider })).toMatchObject({ kind: "network" });
    const read = { statusCode: undefined, cause: new SyntaxError("x") };
    expect(fernError(thrown(read), { provider })).toMatchObject({ kind: "protocol" });
    const own = new RoomKitError("source_broke", "x");
    expect(fernError(own, { provider })).toBe(own);
    const signal = AbortSignal.abort();
    expect(fernError(thrown({ statusCode: 500 }), { provider, signal })).toMatchObject({ code: "aborted" });
    expect(fernError(undefined, { provider })).toMatchObject({ kind: "protocol" });
  });
});

describe("httpError", () => {
  it("takes Deepgram's words from its header where the body has none", () => {
    expect(httpError(400, { "dg-error": "Bad model." }, "", { provider })).toMatchObject({
      message: "acme answered 400: Bad model.",
    });
  });

  it("knows spent credit that comes as 401 from a wrong key", () => {
    const spent = { detail: { status: "quota_exceeded", message: "none left" } };
    expect(httpError(401, {}, spent, { provider }).kind).toBe("quota");
    expect(httpError(401, {}, { detail: { status: "invalid_api_key" } }, { provider }).kind).toBe("auth");
  });
});
