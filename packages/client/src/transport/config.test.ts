import { afterEach, describe, expect, it, vi } from "vitest";
import { VoiceClientError } from "../errors.ts";
import { fetchConfig, serverGone } from "./config.ts";

const context = { url: new URL("https://example.com/voice"), query: new Map<string, string>(), token: undefined };

afterEach(() => {
  vi.unstubAllGlobals();
});

function answers(answer: (init: RequestInit) => Response | Promise<Response>): void {
  vi.stubGlobal("fetch", async (_url: URL, init: RequestInit) => await answer(init));
}

const refusal = (): Promise<unknown> =>
  fetchConfig(context).then(
    () => undefined,
    (error: unknown) => (error instanceof VoiceClientError ? [error.code, error.retryable] : error),
  );

describe("what a mount answers", () => {
  it.each<[number, unknown, string, boolean]>([
    [401, { error: "unauthorized" }, "unauthorized", false],
    [403, { error: "origin_not_allowed" }, "origin_not_allowed", false],
    [403, { error: "unauthorized" }, "unauthorized", false],
    // The server's authentication is broken, or somebody in between refuses: that may pass.
    [403, { error: "auth_error" }, "auth_error", true],
    [401, "<html>Log in</html>", "unauthorized", true],
    [403, "Forbidden by the firewall", "unauthorized", true],
    [403, { error: { deep: true } }, "unauthorized", true],
    [404, {}, "unknown_path", false],
    [429, { error: "address_limit_reached" }, "address_limit_reached", true],
    [503, { error: "draining" }, "draining", true],
    [503, { error: "auth_timeout" }, "auth_timeout", true],
    [503, "", "limit_reached", true],
    [502, "<html>Bad Gateway</html>", "connection_failed", true],
    [500, { error: "Oh No!" }, "connection_failed", true],
    [400, { error: "bad_handshake" }, "connection_failed", false],
  ])("%d %j is %s", async (status, body, code, retryable) => {
    answers(() => new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));
    expect(await refusal()).toEqual([code, retryable]);
  });

  it.each(["<!doctype html><title>My app</title>", "", "null", "7"])(
    "is not a RoomKit server's when it is %j",
    async (body) => {
      answers(() => new Response(body));
      expect(await fetchConfig(context)).toMatchObject({ foreign: true });
    },
  );

  it("is named when it is late, cannot be had, or may not be read by this page", async () => {
    answers(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(await refusal()).toEqual(["connection_failed", true]);

    vi.stubGlobal("location", { origin: "https://elsewhere.example" });
    answers(({ mode }) => (mode === "no-cors" ? new Response() : Promise.reject(new TypeError("Failed to fetch"))));
    expect(await refusal()).toEqual(["origin_not_allowed", true]);
    answers(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(await refusal()).toEqual(["connection_failed", true]);
  });

  it("is forbidden by the page's own policy", async () => {
    const page = new EventTarget();
    vi.stubGlobal("document", page);
    answers(() => {
      setTimeout(() =>
        page.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), { effectiveDirective: "connect-src" })),
      );
      return Promise.reject(new TypeError("Failed to fetch"));
    });
    expect(await refusal()).toEqual(["blocked_by_policy", false]);
  });
});

describe("whether there is a server", () => {
  it.each<[string, () => Response | Promise<Response>, boolean]>([
    ["answers", () => Response.json({}), false],
    ["refuses", () => Response.json({ error: "unauthorized" }, { status: 401 }), false],
    ["is full", () => Response.json({}, { status: 503 }), false],
    ["is a proxy without it", () => new Response("", { status: 502 }), true],
    ["is nowhere", () => Promise.reject(new TypeError("Failed to fetch")), true],
  ])("that %s", async (_what, answer, gone) => {
    answers(answer);
    expect(await serverGone(context)).toBe(gone);
  });

  it("that takes its time is there", async () => {
    vi.useFakeTimers();
    answers(
      ({ signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))),
        ),
    );
    const result = serverGone(context);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await result).toBe(false);
    vi.useRealTimers();
  });
});
