import { defined, silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { authContext } from "../auth/context.ts";
import { Gate } from "../http/gate.ts";
import type { ConnectionRequest } from "../request.ts";
import { clientConfig } from "./config.ts";
import { checkIceServers, clientIceServer, clientIceServers, type IceServer, type IceServers } from "./ice-servers.ts";
import { mountPath } from "./path.ts";
import { uiResponse } from "./ui.ts";

function request(method = "GET", headers: Readonly<Record<string, string>> = {}): ConnectionRequest {
  return {
    kind: "http",
    method,
    path: "/voice/config",
    target: "/voice/config",
    query: new URLSearchParams(),
    header: (name) => headers[name],
    address: "192.0.2.1",
    host: "app.example",
  };
}

const clock = new VirtualClock({ wallTime: 1_700_000_000_000 });

describe("ICE servers", () => {
  it("makes the credential coturn computes", () => {
    const clock = new VirtualClock({ wallTime: 1_700_000_000_000 });
    const server = clientIceServer({ urls: "turn:t:1", secret: "north", credentialMs: 600_000 }, "u", clock);
    // printf 1700000600:u | openssl dgst -sha1 -hmac north -binary | base64
    expect(server).toEqual({ urls: "turn:t:1", username: "1700000600:u", credential: "lrCf3hkca6YLCCykRAKSSL+SpQM=" });
  });

  it.each<[IceServer[]]>([
    [[{ urls: "http://x" }]],
    [[{} as never]],
    [[{ urls: [5] as never }]],
    [[{ urls: [] }]],
    [[{ urls: ["stun:a", ""] }]],
    [[{ urls: "turn:a", secret: "" }]],
    [[{ urls: "turn:a", secret: "s", credential: "c" }]],
    [[{ urls: "turn:a", secret: "s", credentialMs: Number.NaN }]],
  ])("%j are refused, named at once or by a function", async (servers) => {
    const invalid = expect.objectContaining({ code: "invalid_option" });
    expect(() => checkIceServers(servers)).toThrow(invalid);
    expect(() => checkIceServers(() => servers)).not.toThrow();
    await expect(clientIceServers(() => servers, { request: request(), metadata: {} }, clock)).rejects.toEqual(invalid);
  });

  it("tell a client what its browser takes, and nothing else", async () => {
    const made: IceServers = async ({ address }) => [
      { urls: "turn:a", username: address, credential: "c", more: 1 } as IceServer,
      { urls: "turn:b", secret: "north", credentialMs: 1_000 },
    ];
    const of = (user: string) => clientIceServers(made, { request: request(), metadata: { user } }, clock);
    const [ada, again, bob] = [await of("ada"), await of("ada"), await of("bob")];
    expect(ada[0]).toEqual({ urls: "turn:a", username: "192.0.2.1", credential: "c" });
    expect(Object.keys(ada[1] ?? {})).toEqual(["urls", "username", "credential"]);
    expect(ada[1]?.username).toMatch(/^1700000001:[0-9a-f]{16}$/);
    expect(again).toEqual(ada);
    expect(bob[1]?.username).not.toBe(ada[1]?.username);
  });

  it("are not waited for without end", async () => {
    const virtual = new VirtualClock();
    const never: IceServers = () => new Promise(() => {});
    const naming = clientIceServers(never, { request: request(), metadata: {} }, virtual).catch(({ code }) => code);
    await virtual.advance(5_000);
    expect(await naming).toBe("timeout");
  });
});

describe("a gate", () => {
  const gate = (behindMount = false) =>
    new Gate(behindMount ? {} : { allowAnonymous: true, origins: ["https://page.example"] }, {
      clock,
      logger: silentLogger,
      behindMount,
    });
  const from = (method: string, origin: string) => gate().screen(request(method, { origin }), "POST");

  it("screens requests before it asks who they are of", async () => {
    const refused = from("POST", "https://other.example");
    expect([refused.answer?.status, refused.cors]).toEqual([403, {}]);
    const preflight = from("OPTIONS", "https://page.example").answer;
    expect(preflight?.status).toBe(204);
    expect(Object.fromEntries(preflight?.headers ?? [])).toEqual({
      "access-control-allow-origin": "https://page.example",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "POST, OPTIONS",
      "access-control-allow-headers": "authorization, content-type",
      "access-control-max-age": "600",
      vary: "origin",
    });
    for (const method of ["GET", "HEAD", "PUT"]) {
      const { answer } = from(method, "https://page.example");
      expect([answer?.status, answer?.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    }
    const passed = from("POST", "https://page.example");
    expect([passed.answer, passed.cors["access-control-allow-origin"]]).toEqual([undefined, "https://page.example"]);
  });

  it("behind another mount asks that one who it is, and leaves pages to it", async () => {
    const inner = gate(true);
    const strange = request("POST", { origin: "https://other.example" });
    expect(inner.screen(strange, "POST")).toEqual({ cors: {} });
    expect(await inner.authenticate(strange)).toEqual({ ok: false, status: 401, code: "unauthorized" });
    const vouched = await authContext.run({ user: "ada" }, () => inner.authenticate(strange));
    expect(vouched).toEqual({ ok: true, metadata: { user: "ada" } });
  });
});

describe("a mount", () => {
  it.each(["voice", "/voice/", "/", "//", "/a b", "/a?b", "/a/*"])("has no path like %j", (path) => {
    expect(() => mountPath(path)).toThrow("path");
  });

  it.each(["", "/voice", "/api/v1.0/voice"])("may be at %j", (path) => {
    expect(mountPath(path)).toBe(path);
  });

  it("tells its clients where everything is", () => {
    const config = clientConfig({
      dialects: ["v1"],
      path: "/a",
      endpoints: ["websocket", "webrtc"],
      ui: true,
      inputSampleRate: 16_000,
      outputSampleRate: 24_000,
      mulaw: false,
      audio: { outbound: "opus" },
      limits: {
        maxMessageBytes: 1,
        messagesPerSecond: 2,
        audioRate: 3,
        idleMs: 4,
        resumeMs: 5,
        concurrencyLimit: 6,
        candidates: 7,
      },
      iceServers: [],
    });
    expect(config.endpoints).toEqual({ websocket: "/a/websocket/offer", webrtc: "/a/webrtc/offer", ui: "/a/ui" });
    expect(config.audio).toMatchObject({ codecs: ["pcm16"], outbound: "opus" });
    expect(Object.keys(defined(config))).toEqual(["dialects", "endpoints", "audio", "limits", "iceServers"]);
  });

  it("serves a page to GET and HEAD, and reads nothing of other requests", async () => {
    const page = { fetch: (asked: Request, base: string) => new Response(`${base} ${asked.method}`) };
    const make = (method: string) => () => new Request("http://h/voice/ui", { method });
    expect(await (await uiResponse(page, "/voice", "GET", make("GET"))).text()).toBe("/voice GET");
    const post = await uiResponse(page, "/voice", "TRACE", () => Promise.reject(new Error("read")));
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await uiResponse({ fetch: () => undefined }, "", "GET", make("GET"))).status).toBe(404);
  });
});
