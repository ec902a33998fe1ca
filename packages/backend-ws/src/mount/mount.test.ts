import { createServer } from "node:http";
import { mulaw } from "@roomkit/codec-mulaw";
import { RoomKitError, silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { tokenAuth } from "@roomkit/transport-utils";
import { afterEach, describe, expect, it } from "vitest";
import { authContext, mountVoice, WebSocketBackend } from "../index.ts";
import { Client, type Rig, startRig, until } from "../rig.fixture.ts";

let rig: Rig;
afterEach(async () => {
  await rig.close();
});

describe("mounting", () => {
  it("needs auth, or a word that everybody may come in", async () => {
    rig = await startRig();
    const server = createServer();
    const backend = new WebSocketBackend({ logger: silentLogger });
    expect(() => mountVoice(server, backend, {})).toThrow("allowAnonymous");
    expect(() => mountVoice(server, backend, { allowAnonymous: true, path: "voice" })).toThrow("path");
    expect(() => mountVoice(server, backend, { allowAnonymous: true, path: "/voice/" })).toThrow("path");
    expect(() => mountVoice(server, backend, { allowAnonymous: true, concurrencyLimit: 0 })).toThrow("limits");
    expect(() => mountVoice(server, backend, { allowAnonymous: true, trustedProxies: ["not-an-ip"] })).toThrow(
      "trusted proxy",
    );
    expect(server.listenerCount("upgrade")).toBe(0);
  });

  it("leaves every other path to the server's own listeners, whenever they were added", async () => {
    rig = await startRig();
    rig.server.on("request", (request, response) => {
      response.end(`app ${request.url}`);
    });
    for (const path of [
      "/",
      "/voice",
      "/voice/else",
      "/voice/configuration",
      "/voice/webrtc/offer",
      "/voice/ui",
      "/voicebox/config",
    ]) {
      expect(await (await fetch(rig.http + path)).text()).toBe(`app ${path}`);
    }
    expect((await fetch(`${rig.http}/voice/config`)).status).toBe(200);
    expect((await fetch(`${rig.http}/voice/websocket/offer`)).status).toBe(426);
  });

  it("answers 404 where nobody else listens, and hangs nowhere", async () => {
    rig = await startRig();
    for (const path of [
      "/",
      "/voice",
      "/voice/ui",
      "/voice/ui/",
      "/voice/webrtc/offer",
      "/voice/telephone/incoming",
      "/x",
    ]) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
        const answer = await fetch(rig.http + path, { method });
        expect([path, method, answer.status]).toEqual([path, method, 404]);
      }
    }
    const client = await Client.open(`${rig.url.replace("/websocket/offer", "")}/other`);
    await until(() => client.refused?.status === 404);
  });

  it("is undone by the function it returns", async () => {
    rig = await startRig();
    rig.server.on("request", (_request, response) => {
      response.writeHead(404).end("app");
    });
    const emit = rig.server.emit;
    rig.unmount();
    rig.unmount();
    expect(rig.server.emit).not.toBe(emit);
    expect(Object.hasOwn(rig.server, "emit")).toBe(false);
    expect(rig.server.listenerCount("upgrade")).toBe(0);
    expect(await (await fetch(`${rig.http}/voice/config`)).text()).toBe("app");
  });

  it("twice on one server gives two endpoints, each with its own end", async () => {
    rig = await startRig();
    const second = new WebSocketBackend({ logger: silentLogger });
    const unmount = mountVoice(rig.server, second, { path: "/other", allowAnonymous: true });
    expect((await (await fetch(`${rig.http}/other/config`)).json()).dialects).toEqual(["v1"]);
    expect((await (await fetch(`${rig.http}/voice/config`)).json()).dialects).toEqual(["compat", "v1"]);
    rig.unmount();
    expect((await fetch(`${rig.http}/other/config`)).status).toBe(200);
    const client = await Client.open(`${rig.http.replace("http", "ws")}/other/websocket/offer`);
    expect(client.socket.readyState).toBe(1);
    unmount();
    await second.close();
  });
});

describe("the session factory", () => {
  it("runs inside authContext with what authentication said, also after awaiting", async () => {
    const seen: unknown[] = [];
    rig = await startRig({
      mount: { auth: tokenAuth({ secret: { user_id: "ada", role: "agent" } }) },
      factory: async (connect, id, context) => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push([id, authContext.get(), context.metadata, context.dialect, context.client, context.address]);
        return connect();
      },
    });
    expect(authContext.get()).toBeUndefined();
    const client = await Client.open(rig.url, { headers: { authorization: "Bearer secret" } });
    client.say({ event: "start", protocol: 1, websocket_id: "abc", client: { name: "sdk" } });
    await until(() => rig.ready.length === 1);
    const metadata = { user_id: "ada", role: "agent" };
    expect(seen).toEqual([["abc", metadata, metadata, "v1", { name: "sdk" }, "127.0.0.1"]]);
    expect(rig.ready[0]?.connection.metadata).toEqual(metadata);
  });

  it("may take its time: what the caller says meanwhile is not lost", async () => {
    let go: () => void = () => {};
    rig = await startRig({
      factory: async (connect) => {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        return connect();
      },
    });
    const client = await Client.open(rig.url);
    client.say({ event: "start", websocket_id: "abc" });
    for (let i = 0; i < 10; i++) client.say({ event: "media", media: { payload: "/////w==" } });
    client.say({ event: "ping" });
    await until(() => client.of("pong").length === 1);
    go();
    await until(() => rig.ready[0]?.heard.length === 10);
  });

  it("that hangs is given up, and a session it makes later is ended", async () => {
    const clock = new VirtualClock({ turns: 20 });
    let go: () => void = () => {};
    let aborted = false;
    rig = await startRig({
      backend: { clock },
      factory: async (connect, _id, { signal }) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        return connect();
      },
    });
    const client = await Client.open(rig.url);
    client.say({ event: "start", protocol: 1, websocket_id: "abc" });
    await until(() => rig.factoryCalls === 1);
    await clock.advance(10_001);
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1011, reason: "session_factory_timeout" });
    expect(client.of("error")).toMatchObject([{ code: "session_factory_timeout" }]);
    expect(aborted).toBe(true);
    go();
    await until(() => rig.ended.length === 1);
    expect(rig.backend.counts).toMatchObject({ sessions: 0, labels: 0, live: 0 });
    expect(rig.ready).toHaveLength(0);
  });

  it("whose client goes meanwhile has its session ended", async () => {
    let go: () => void = () => {};
    rig = await startRig({
      factory: async (connect) => {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        return connect();
      },
    });
    const client = await Client.open(rig.url);
    client.say({ event: "start", websocket_id: "abc" });
    await until(() => rig.factoryCalls === 1);
    client.socket.terminate();
    await until(() => rig.backend.counts.sockets === 0);
    go();
    await until(() => rig.ended.length === 1);
    expect(rig.ended[0]?.reason.code).toBe("client_lost");
    expect(rig.ready).toHaveLength(0);
    expect(rig.backend.counts).toMatchObject({ sessions: 0, labels: 0 });
  });

  it.each([
    ["is told why", new RoomKitError("no_call", "there is none", { toClient: true }), 4403, "no_call"],
    ["is not told what the application keeps", new RoomKitError("no_call", "none"), 1011, "session_factory_failed"],
    ["is not told words", new RoomKitError("No call!", "none", { toClient: true }), 1011, "session_factory_failed"],
    ["is not told of a mistake", new TypeError("x is not a function"), 1011, "session_factory_failed"],
  ])("that refuses: the client %s", async (_, error, code, reason) => {
    rig = await startRig({
      factory: () => {
        throw error;
      },
    });
    const [seed, v1] = [await Client.open(rig.url), await Client.open(rig.url)];
    seed.say({ event: "start", websocket_id: "abc" });
    v1.say({ event: "start", protocol: 1 });
    await until(() => seed.closed !== undefined && v1.closed !== undefined);
    expect([seed.closed, v1.closed]).toEqual([
      { code, reason },
      { code, reason },
    ]);
    expect(seed.of("failed")).toEqual([{ status: "failed", meta: { error: reason } }]);
    expect(v1.of("error")).toMatchObject([{ code: reason, retryable: false }]);
    expect(rig.backend.counts).toMatchObject({ sessions: 0, labels: 0, live: 0 });
  });

  it("that returns something else is a server error", async () => {
    const other = new WebSocketBackend({ codec: mulaw(), logger: silentLogger });
    rig = await startRig({ factory: () => other.connect("r", "p", "c") });
    const client = await Client.open(rig.url);
    client.say({ event: "start", websocket_id: "abc" });
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1011, reason: "session_factory_failed" });
    await other.close();
  });

  it("may be left out: a session made before its client came is found by the client's id", async () => {
    rig = await startRig();
    const backend = new WebSocketBackend({ codec: mulaw(), logger: silentLogger });
    const unmount = mountVoice(rig.server, backend, { path: "/made", allowAnonymous: true });
    const url = `${rig.http.replace("http", "ws")}/made/websocket/offer`;
    const session = await backend.connect("room", "user", "voice", { websocket_id: "expected" });
    const stranger = await Client.open(url);
    stranger.say({ event: "start", websocket_id: "unexpected" });
    await until(() => stranger.closed !== undefined);
    expect(stranger.closed).toEqual({ code: 4404, reason: "unknown_session" });
    const client = await Client.open(url);
    client.say({ event: "start", websocket_id: "expected" });
    await until(() => session.state === "active");
    await backend.close();
    unmount();
  });
});

describe("GET {path}/config", () => {
  it("tells what a client needs to know", async () => {
    rig = await startRig({
      mount: {
        iceServers: (request) => [{ urls: "turn:turn.example", username: request.address, credential: "short-lived" }],
        webrtc: { fetch: async () => new Response("{}") },
        ui: { fetch: async () => new Response("page") },
      },
    });
    const response = await fetch(`${rig.http}/voice/config?x=1`);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      dialects: ["compat", "v1"],
      endpoints: { websocket: "/voice/websocket/offer", webrtc: "/voice/webrtc/offer", ui: "/voice/ui" },
      audio: {
        inputSampleRate: 48_000,
        outputSampleRate: 24_000,
        codecs: ["pcm16", "mulaw"],
        sampleRates: [8_000, 16_000, 24_000, 48_000],
      },
      limits: {
        maxMessageBytes: 262_144,
        messagesPerSecond: 100,
        audioRate: 1.5,
        startTimeoutMs: 10_000,
        idleMs: 60_000,
        resumeMs: 30_000,
        concurrencyLimit: 100,
      },
      iceServers: [{ urls: "turn:turn.example", username: "127.0.0.1", credential: "short-lived" }],
    });
    expect((await fetch(`${rig.http}/voice/config`, { method: "POST" })).status).toBe(405);
  });

  it("tells each client a TURN credential of its own, and nobody the secret", async () => {
    rig = await startRig({ mount: { iceServers: [{ urls: "turn:t:1", secret: "north" }] } });
    const text = await (await fetch(`${rig.http}/voice/config`)).text();
    expect(text).not.toContain("north");
    const { iceServers } = JSON.parse(text) as { iceServers: object[] };
    expect(iceServers).toEqual([
      { urls: "turn:t:1", username: expect.stringMatching(/^\d+:[0-9a-f]{16}$/), credential: expect.any(String) },
    ]);
    const wrong = { allowAnonymous: true, iceServers: [{ urls: "http://t" }] };
    expect(() => mountVoice(rig.server, rig.backend, { ...wrong, path: "/wrong" })).toThrow("ICE server");
  });

  it("is an error of the server's where the application cannot name its ICE servers", async () => {
    rig = await startRig({ mount: { iceServers: () => Promise.reject(new Error("a key is missing")) } });
    const response = await fetch(`${rig.http}/voice/config`);
    expect([response.status, await response.json()]).toEqual([500, { error: "internal" }]);
  });

  it("can be read by pages of allowed origins only", async () => {
    rig = await startRig({ mount: { origins: ["https://app.example"] } });
    const origin = "https://app.example";
    const ask = (init: RequestInit): Promise<Response> => fetch(`${rig.http}/voice/config`, init);
    const allowed = await ask({ headers: { origin } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe(origin);
    expect(allowed.headers.get("vary")).toBe("origin");
    const preflight = await ask({ method: "OPTIONS", headers: { origin, "access-control-request-method": "GET" } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  });
});

describe("what is handed over", () => {
  it("POST {path}/webrtc/offer, after authentication and inside authContext, with its body bounded", async () => {
    const seen: unknown[] = [];
    rig = await startRig({
      mount: {
        auth: tokenAuth({ secret: { user: 1 } }),
        webrtc: {
          fetch: async (request, { address }) => {
            seen.push([
              request.method,
              new URL(request.url).pathname,
              await request.json(),
              authContext.get(),
              address,
            ]);
            return Response.json({ sdp: "answer", type: "answer" });
          },
        },
      },
    });
    const post = (
      body: string,
      headers: Record<string, string> = { authorization: "Bearer secret" },
    ): Promise<Response> =>
      fetch(`${rig.http}/voice/webrtc/offer`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      });
    expect((await post("{}", {})).status).toBe(401);
    expect(await (await post('{"sdp":"v=0"}')).json()).toEqual({ sdp: "answer", type: "answer" });
    expect(seen).toEqual([["POST", "/voice/webrtc/offer", { sdp: "v=0" }, { user: 1 }, "127.0.0.1"]]);
    expect((await post("x".repeat(70_000))).status).toBe(413);
    expect((await post("not json")).status).toBe(500);
    expect((await fetch(`${rig.http}/voice/webrtc/offer`)).status).toBe(405);
  });

  it("{path}/ui and what is below it, without authentication", async () => {
    rig = await startRig({
      mount: {
        auth: tokenAuth({}),
        ui: {
          fetch: async (request, basePath) => {
            const { pathname } = new URL(request.url);
            return pathname === "/voice/ui/missing"
              ? undefined
              : new Response(`${basePath} ${pathname}`, { headers: { "content-type": "text/html" } });
          },
        },
      },
    });
    const response = await fetch(`${rig.http}/voice/ui`);
    expect(response.headers.get("content-type")).toBe("text/html");
    expect(await response.text()).toBe("/voice /voice/ui");
    expect(await (await fetch(`${rig.http}/voice/ui/app.js`)).text()).toBe("/voice /voice/ui/app.js");
    expect((await fetch(`${rig.http}/voice/ui/missing`)).status).toBe(404);
    expect((await fetch(`${rig.http}/voice/ui`, { method: "POST" })).status).toBe(405);
    const head = await fetch(`${rig.http}/voice/ui`, { method: "HEAD" });
    expect(await head.text()).toBe("");
  });
});
