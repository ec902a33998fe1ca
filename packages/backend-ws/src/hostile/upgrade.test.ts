import { inspect } from "node:util";
import { VirtualClock } from "@roomkit/testing";
import { tokenAuth } from "@roomkit/transport-utils";
import { afterEach, describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { voiceServerOptions } from "../mount/mount-voice.ts";
import { Client, until } from "../rig.fixture.ts";
import { type Arena, live, startArena } from "./arena.fixture.ts";
import { frame, handshake, openRaw, Raw } from "./raw.fixture.ts";

let arena: Arena;
afterEach(async () => {
  await arena.end();
});

const auth = tokenAuth({ "good-token": { user_id: "u1" } });
const good = { authorization: "Bearer good-token" };

describe("row 1: pages of other sites", () => {
  it.each([
    "https://evil.example",
    "null",
    "https://app.example.evil",
    "https://app.example:444",
    "http://app.example",
    "not a url",
  ])("%s is refused before anything is asked or made", async (origin) => {
    let asked = 0;
    arena = await startArena({
      mount: {
        origins: ["https://app.example"],
        auth: (request) => {
          asked++;
          return auth(request, { signal: AbortSignal.timeout(1_000) });
        },
      },
      witnessHeaders: { ...good, origin: "https://app.example" },
    });
    const client = await Client.open(arena.rig.url, { origin, headers: good });
    await until(() => client.refused !== undefined);
    expect(client.refused).toMatchObject({ status: 403, body: '{"error":"origin_not_allowed"}' });
    expect(asked).toBe(1);
    expect(arena.rig.factoryCalls).toBe(1);
    const config = await fetch(`${arena.rig.http}/voice/config`, { headers: { origin, ...good } });
    expect(config.status).toBe(403);
    expect(config.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("without a list, only pages of the same host or machine pass", async () => {
    arena = await startArena();
    const strange = await Client.open(arena.rig.url, { origin: "https://evil.example" });
    await until(() => strange.refused?.status === 403);
    const own = await Client.open(arena.rig.url, { origin: "http://localhost:5173" });
    expect(own.socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe("row 2: tokens", () => {
  it.each([undefined, "Bearer wrong", "Bearer ", "Basic good-token", "Bearer good-token-and-more"])(
    "%s is 401",
    async (authorization) => {
      arena = await startArena({ mount: { auth }, witnessHeaders: good });
      const client = await Client.open(
        arena.rig.url,
        authorization === undefined ? {} : { headers: { authorization } },
      );
      await until(() => client.refused !== undefined);
      expect(client.refused).toMatchObject({ status: 401, body: '{"error":"unauthorized"}' });
      expect(arena.rig.factoryCalls).toBe(1);
      const config = await fetch(`${arena.rig.http}/voice/config`, { headers: authorization ? { authorization } : {} });
      expect(config.status).toBe(401);
    },
  );

  it("may come as a subprotocol, which is not answered with", async () => {
    arena = await startArena({ mount: { auth }, witnessHeaders: good });
    const client = await Client.open(arena.rig.url, { protocols: ["roomkit.v1", "roomkit.bearer.good-token"] });
    expect(client.socket.protocol).toBe("roomkit.v1");
  });
});

describe("row 3: an authenticator that fails", () => {
  it("by throwing is 403, and its words go nowhere", async () => {
    const logged: unknown[] = [];
    const log = (...line: unknown[]): void => void logged.push(line);
    arena = await startArena({
      backend: { logger: { debug: log, info: log, warn: log, error: log } },
      mount: {
        auth: (request) => {
          if (request.header("authorization") === good.authorization) return {};
          throw new Error("no such user: secret-token");
        },
      },
      witnessHeaders: good,
    });
    const client = await Client.open(arena.rig.url);
    await until(() => client.refused !== undefined);
    expect(client.refused).toMatchObject({ status: 403, body: '{"error":"auth_error"}' });
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain("secret-token");
  });

  it("by hanging is 503 after five seconds, and its signal aborts", async () => {
    const clock = new VirtualClock({ turns: 20 });
    let signal: AbortSignal | undefined;
    arena = await startArena({
      backend: { clock },
      mount: {
        auth: (request, options) => {
          if (request.header("authorization") === good.authorization) return {};
          signal = options.signal;
          return new Promise(() => {});
        },
      },
      witnessHeaders: good,
    });
    const client = new Client(arena.rig.url);
    await until(() => signal !== undefined);
    await clock.advance(4_990);
    expect(client.refused).toBeUndefined();
    await clock.advance(20);
    await until(() => client.refused !== undefined);
    expect(client.refused).toMatchObject({ status: 503, body: '{"error":"auth_timeout"}' });
    expect(signal?.aborted).toBe(true);
  });

  it("leaves nothing when the client goes before it answers", async () => {
    let answer: (value: Record<string, unknown>) => void = () => {};
    let asked = 0;
    arena = await startArena({
      mount: {
        perAddressLimit: 2,
        auth: (request) => {
          if (request.header("authorization") === good.authorization) return {};
          asked++;
          return new Promise((resolve) => {
            answer = resolve;
          });
        },
      },
      witnessHeaders: good,
    });
    for (let i = 0; i < 5; i++) {
      const raw = new Raw(arena.port);
      raw.write(handshake());
      await until(() => asked === i + 1);
      raw.socket.resetAndDestroy();
      await until(() => raw.closed);
      answer({});
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(arena.rig.backend.counts.sockets).toBe(1);
  });
});

describe("row 4: a token in the query", () => {
  it("is taken only where that was asked for", async () => {
    arena = await startArena({ mount: { auth }, witnessHeaders: good });
    const client = await Client.open(`${arena.rig.url}?token=good-token`);
    await until(() => client.refused?.status === 401);
  });

  it("is never written to the log, whatever goes wrong", async () => {
    const logged: unknown[] = [];
    const log = (...line: unknown[]): void => void logged.push(line.map((each) => inspect(each)));
    arena = await startArena({
      backend: { logger: { debug: log, info: log, warn: log, error: log } },
      mount: { auth: tokenAuth({ "good-token": {} }, { queryName: "token" }) },
      witnessHeaders: good,
      factory: async (connect, id) => {
        if (id === "witness") return connect();
        throw new Error("no room");
      },
    });
    const client = await Client.open(`${arena.rig.url}?token=good-token`);
    client.say({ event: "start", websocket_id: "x" });
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1011, reason: "session_factory_failed" });
    expect(client.of("failed")).toEqual([{ status: "failed", meta: { error: "session_factory_failed" } }]);
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join()).not.toContain("good-token");
  });
});

describe("row 5: handshakes that are none", () => {
  it.each([
    ["200 headers", handshake({ headers: Array.from({ length: 200 }, (_, i) => `X-${i}: 1`) }), [431]],
    ["2000 headers", handshake({ headers: Array.from({ length: 2_000 }, (_, i) => `X-${i}: 1`) }), [431]],
    ["a header of 64 KB", handshake({ headers: [`X-Long: ${"x".repeat(65_536)}`] }), [431]],
    ["a bad key", handshake({ key: "short" }), [400]],
    ["a bad version", handshake({ wsVersion: "12" }), [426]],
    ["no version", handshake({ wsVersion: "" }), [426]],
    ["HTTP/1.0", handshake({ version: "1.0" }), [426]],
    ["POST", handshake({ method: "POST" }), [405]],
    ["another protocol", handshake().replace("Upgrade: websocket", "Upgrade: h2c"), [400]],
    ["no HTTP at all", "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", [400]],
  ])("%s", async (_what, text, statuses) => {
    arena = await startArena();
    const raw = new Raw(arena.port);
    raw.write(text);
    await until(() => raw.closed, "the end of the connection");
    expect(statuses).toContain(raw.status);
    expect(arena.strangers()).toBe(0);
  });
});

describe("row 6: headers that never end", () => {
  it("are cut off by the server's limits", async () => {
    arena = await startArena({ server: { headersTimeout: 60, requestTimeout: 60, connectionsCheckingInterval: 20 } });
    const raw = new Raw(arena.port);
    raw.write("GET /voice/websocket/offer HTTP/1.1\r\nHost: x\r\nX-Sl");
    await until(() => raw.closed, "the end of the connection");
    expect(raw.status).toBe(408);
  });

  it("within ten seconds with the options recommended", async () => {
    arena = await startArena({ server: voiceServerOptions });
    const { headersTimeout, connectionsCheckingInterval } = voiceServerOptions;
    expect(headersTimeout + connectionsCheckingInterval).toBeLessThanOrEqual(10_000);
    expect(arena.rig.server.headersTimeout).toBe(headersTimeout);
  });
});

describe("row 7: no start", () => {
  it("is closed with 4408", async () => {
    const clock = new VirtualClock({ turns: 20 });
    arena = await startArena({ backend: { clock } });
    const client = await Client.open(arena.rig.url);
    await clock.advance(9_900);
    expect(client.closed).toBeUndefined();
    await clock.advance(200);
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 4408, reason: "start_timeout" });
    expect(arena.strangers()).toBe(0);
  });

  const start = { event: "start", protocol: 1 };
  const hz = (sampleRate: number, codec = "pcm16"): object => ({ ...start, audio: { send: { codec, sampleRate } } });
  it.each([
    ["no JSON", "hello"],
    ["another protocol", { ...start, protocol: 2 }],
    ["a rate that is not offered", hz(44_100)],
    ["a codec that is not known", hz(16_000, "g722")],
  ])("one that is %s is told, and may be followed by a good one until then", async (_what, wrong) => {
    const clock = new VirtualClock({ turns: 20 });
    arena = await startArena({ backend: { clock } });
    const [silent, wiser] = [await Client.open(arena.rig.url), await Client.open(arena.rig.url)];
    for (const client of [silent, wiser]) {
      client.say(wrong);
      await until(() => client.of("error").length === 1);
      expect(client.of("error")[0]).toMatchObject({ code: "bad_message" });
    }
    await clock.advance(9_900);
    wiser.say(start);
    await until(() => wiser.of("ready").length === 1);
    expect(silent.closed).toBeUndefined();
    await clock.advance(200);
    await until(() => silent.closed !== undefined);
    expect(silent.closed).toEqual({ code: 4408, reason: "start_timeout" });
    expect(wiser.closed).toBeUndefined();
  });
});

describe("row 8: out of order", () => {
  it.each([
    ["media before start", [{ event: "media", media: { payload: "AAAA" } }], "start_expected"],
    ["text before start", [{ event: "text", text: "hi" }], "start_expected"],
    ["a binary frame before start", [new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0])], "start_expected"],
    [
      "a second start",
      [
        { event: "start", websocket_id: "s" },
        { event: "start", websocket_id: "t" },
      ],
      "second_start",
    ],
    [
      "the same start again",
      [
        { event: "start", websocket_id: "s" },
        { event: "start", websocket_id: "s" },
      ],
      "second_start",
    ],
  ])("%s is 1008", async (_what, messages, reason) => {
    arena = await startArena();
    const client = await Client.open(arena.rig.url);
    for (const message of messages) client.say(message);
    await until(() => client.closed !== undefined);
    expect(client.closed).toEqual({ code: 1008, reason });
    await until(() => arena.rig.backend.counts.sessions === 1, "the end of its session");
  });

  it("start after stop makes nothing", async () => {
    arena = await startArena();
    const raw = await openRaw(arena.port);
    raw.write(
      Buffer.concat(
        [{ event: "stop" }, { event: "start", websocket_id: "s" }].map((each) => frame(1, JSON.stringify(each))),
      ),
    );
    await until(() => raw.closeCode !== undefined);
    expect(raw.closeCode).toBe(1000);
    expect(arena.rig.factoryCalls).toBe(1);
    raw.socket.destroy();
  });
});

describe("row 9: somebody else's id", () => {
  it("is refused with 4409, also while the first is still starting; the first notices nothing", async () => {
    let let_in: () => void = () => {};
    arena = await startArena({
      factory: async (connect, id) => {
        if (id === "slow") await new Promise<void>((resolve) => (let_in = resolve));
        return connect();
      },
    });
    const first = await live(arena, "mine");
    const thief = await Client.open(arena.rig.url);
    thief.say({ event: "start", websocket_id: "mine" });
    await until(() => thief.closed !== undefined);
    expect(thief.closed).toEqual({ code: 4409, reason: "connection_already_exists" });
    expect(thief.of("failed")).toEqual([{ status: "failed", meta: { error: "connection_already_exists" } }]);
    expect(first.client.closed).toBeUndefined();
    expect(first.connection.closed).toBe(false);

    const slow = await Client.open(arena.rig.url);
    slow.say({ event: "start", websocket_id: "slow" });
    await until(() => arena.rig.factoryCalls === 3);
    const second = await Client.open(arena.rig.url);
    second.say({ event: "start", websocket_id: "slow" });
    await until(() => second.closed?.code === 4409);
    let_in();
    await until(() => arena.rig.ready.length === 3);
    // Free again once its owner has gone.
    first.client.socket.close();
    await until(() => first.connection.closed);
    await live(arena, "mine");
  });
});

describe("row 10: ids that are none", () => {
  it.each(["__proto__", "", 5, null, "../../x", "a\u0000b", "a\nb", "\u202e", {}, [], true])(
    "%j is 1008",
    async (id) => {
      arena = await startArena();
      const client = await Client.open(arena.rig.url);
      client.say({ event: "start", websocket_id: id });
      await until(() => client.closed !== undefined);
      expect(client.closed?.code).toBe(1008);
      expect(arena.strangers()).toBe(0);
    },
  );

  it("a missing one is 1008, one of 1 MB is 1009", async () => {
    arena = await startArena();
    const none = await Client.open(arena.rig.url);
    none.say({ event: "start" });
    await until(() => none.closed?.code === 1008);
    const long = await Client.open(arena.rig.url);
    long.say({ event: "start", websocket_id: "x".repeat(1_000_000) });
    await until(() => long.closed?.code === 1009);
  });
});

describe("row 11: too many connections", () => {
  it("of one address are 429 with Retry-After; others get in", async () => {
    arena = await startArena({ mount: { trustedProxies: ["127.0.0.1"], perAddressLimit: 3 } });
    const from = (address: string): Promise<Client> =>
      Client.open(arena.rig.url, { headers: { "x-forwarded-for": address } });
    const clients = await Promise.all(Array.from({ length: 20 }, () => from("203.0.113.9")));
    await until(() => clients.filter((client) => client.refused).length === 17);
    for (const { refused } of clients) {
      if (refused)
        expect(refused).toMatchObject({
          status: 429,
          body: '{"error":"address_limit_reached"}',
          headers: { "retry-after": "5" },
        });
    }
    expect([...arena.rig.backend.refusals]).toEqual([["address_limit_reached", 17]]);
    const other = await from("203.0.113.10");
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    clients.find((client) => !client.refused)?.socket.close();
    await until(() => arena.rig.backend.counts.sockets === 4);
    expect((await from("203.0.113.9")).socket.readyState).toBe(WebSocket.OPEN);
  });

  it("of the mount are told so, as the seed does, with 4429", async () => {
    arena = await startArena({ mount: { concurrencyLimit: 3, perAddressLimit: 100 } });
    const clients = await Promise.all(Array.from({ length: 10 }, () => Client.open(arena.rig.url)));
    await until(() => clients.filter((client) => client.closed?.code === 4429).length === 8);
    const refused = clients.find((client) => client.closed);
    expect(refused?.of("failed")).toEqual([
      { status: "failed", meta: { error: "concurrency_limit_reached", limit: 3, retryAfterMs: 5_000 } },
    ]);
    expect(arena.rig.backend.counts.sockets).toBe(3);
    expect([...arena.rig.backend.refusals]).toEqual([["concurrency_limit_reached", 8]]);
  });
});

describe("row 12: a storm of reconnects", () => {
  it("gets in, a few at a time", async () => {
    arena = await startArena({
      mount: { concurrencyLimit: 1_000, perAddressLimit: 1_000, handshakesPerSecond: 2_000 },
    });
    const clients = await Promise.all(Array.from({ length: 300 }, () => Client.open(arena.rig.url)));
    expect(clients.every((client) => client.socket.readyState === WebSocket.OPEN)).toBe(true);
    for (const [i, client] of clients.entries()) client.say({ event: "start", websocket_id: `storm-${i}` });
    await until(() => arena.strangers() === 300, "all sessions");
  });
});

describe("row 13: X-Forwarded-For", () => {
  it("is not believed without a trusted proxy", async () => {
    arena = await startArena({ mount: { perAddressLimit: 3 } });
    const clients = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        Client.open(arena.rig.url, { headers: { "x-forwarded-for": `203.0.113.${i}` } }),
      ),
    );
    await until(() => clients.filter((client) => client.refused?.status === 429).length === 8);
  });
});

describe("row 14: other paths", () => {
  it("are 404 when nobody else listens", async () => {
    arena = await startArena();
    for (const path of [
      "/",
      "/voice",
      "/voice/websocket",
      "/voice/websocket/offer/",
      "/other/websocket/offer",
      "//voice/websocket/offer",
    ]) {
      const raw = new Raw(arena.port);
      raw.write(handshake({ path }));
      await until(() => raw.closed, path);
      expect(raw.status).toBe(404);
    }
  });

  it("belong to others when they listen, and ours to us", async () => {
    arena = await startArena();
    const other = new WebSocketServer({ server: arena.rig.server, path: "/chat" });
    other.on("connection", (socket) => socket.send("chat"));
    const base = arena.rig.url.replace("/voice/websocket/offer", "");
    const chat = await Client.open(`${base}/chat`);
    await until(() => chat.texts.includes("chat"));
    await live(arena, "still-ours");
    const unknown = await Client.open(`${base}/nobody`);
    await until(() => unknown.refused?.status === 400);
    chat.socket.terminate();
    other.close();
  });
});
