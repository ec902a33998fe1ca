import { type Logger, silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import type { ConnectionRequest } from "../request.ts";
import { authenticate } from "./authenticator.ts";
import { authContext } from "./context.ts";
import { tokenAuth, tokenOf, tokensEqual } from "./token.ts";

function request(headers: Record<string, string> = {}, query = ""): ConnectionRequest {
  return {
    kind: "websocket",
    method: "GET",
    path: "/",
    target: "/",
    host: undefined,
    query: new URLSearchParams(query),
    header: (name) => headers[name],
    address: "127.0.0.1",
  };
}

describe("authenticating", () => {
  const clock = new VirtualClock();
  const options = { clock, logger: silentLogger };

  it("accepts metadata, rejects null, and refuses what is neither", async () => {
    expect(await authenticate(() => ({ user: 1 }), request(), options)).toEqual({ ok: true, metadata: { user: 1 } });
    expect(await authenticate(async () => ({}), request(), options)).toEqual({ ok: true, metadata: {} });
    expect(await authenticate(() => null, request(), options)).toEqual({
      ok: false,
      status: 401,
      code: "unauthorized",
    });
    for (const value of [true, "user", [1]]) {
      expect(await authenticate(() => value as never, request(), options)).toEqual({
        ok: false,
        status: 403,
        code: "auth_error",
      });
    }
  });

  it("logs that it failed, and nothing that was said", async () => {
    const lines: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (...line) => lines.push(line) };
    const failing = (): never => {
      throw new TypeError("token abc is bad");
    };
    expect(await authenticate(failing, request(), { clock, logger })).toEqual({
      ok: false,
      status: 403,
      code: "auth_error",
    });
    expect(JSON.stringify(lines)).toContain("TypeError");
    expect(JSON.stringify(lines)).not.toContain("abc");
  });

  it("gives up after five seconds, or when the client goes", async () => {
    const signals: AbortSignal[] = [];
    const hanging = (_request: unknown, { signal }: { signal: AbortSignal }): Promise<null> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const late = authenticate(hanging, request(), options);
    await clock.advance(5_000);
    expect(await late).toEqual({ ok: false, status: 503, code: "auth_timeout" });
    const gone = new AbortController();
    const left = authenticate(hanging, request(), { ...options, signal: gone.signal });
    gone.abort();
    expect(await left).toMatchObject({ ok: false, status: 503 });
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("tokens", () => {
  it("are read from the header or a subprotocol, and from the query only by name", () => {
    expect(tokenOf(request({ authorization: "Bearer abc" }))).toBe("abc");
    expect(tokenOf(request({ authorization: "Basic abc" }))).toBeUndefined();
    expect(tokenOf(request({ "sec-websocket-protocol": "x, roomkit.bearer.abc" }))).toBe("abc");
    expect(tokenOf(request({ "sec-websocket-protocol": "roomkit.bearer." }))).toBeUndefined();
    expect(tokenOf(request({}, "token=abc"))).toBeUndefined();
    expect(tokenOf(request({}, "token=abc"), { queryName: "token" })).toBe("abc");
  });

  it("asks a function about a token, and not about requests without one", async () => {
    const options = { clock: new VirtualClock(), logger: silentLogger };
    const asked: string[] = [];
    const auth = tokenAuth(async (token, { signal }) => {
      asked.push(`${token} ${signal.aborted}`);
      return token === "good" ? { user: "ada" } : null;
    });
    const told = async (token?: string) =>
      await authenticate(auth, request(token ? { authorization: `Bearer ${token}` } : {}), options);
    expect(await told("good")).toEqual({ ok: true, metadata: { user: "ada" } });
    expect([await told("bad"), await told()]).toEqual(Array(2).fill({ ok: false, status: 401, code: "unauthorized" }));
    expect(asked).toEqual(["good false", "bad false"]);
    const broken = tokenAuth(() => Promise.reject(new Error("no keys")));
    const credentials = request({ authorization: "Bearer any" });
    expect(await authenticate(broken, credentials, options)).toMatchObject({ status: 403, code: "auth_error" });
  });

  it("are not empty", () => {
    for (const token of ["", " "])
      expect(() => tokenAuth({ good: {}, [token]: {} })).toThrowError(
        expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("environment variable") }),
      );
  });

  it("stand for their metadata", async () => {
    const auth = tokenAuth({ one: { id: 1 }, two: { id: 2 } });
    const signal = new AbortController().signal;
    expect(await auth(request({ authorization: "Bearer two" }), { signal })).toEqual({ id: 2 });
    expect(await auth(request({ authorization: "Bearer three" }), { signal })).toBeNull();
    expect(await auth(request({ authorization: "Bearer __proto__" }), { signal })).toBeNull();
    expect(await auth(request(), { signal })).toBeNull();
  });

  it("are compared as wholes", () => {
    expect(tokensEqual("abc", "abc")).toBe(true);
    expect(tokensEqual("abc", "abcd")).toBe(false);
    expect(tokensEqual("", "a")).toBe(false);
  });
});

describe("authContext", () => {
  it("belongs to one client's factory, also across awaits, and to nobody else", async () => {
    const seen = await Promise.all(
      [1, 2, 3].map((id) =>
        authContext.run({ id }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return authContext.get();
        }),
      ),
    );
    expect(seen).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(authContext.get()).toBeUndefined();
  });
});
