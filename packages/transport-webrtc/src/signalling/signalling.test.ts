import { createSocket } from "node:dgram";
import { request as httpRequest } from "node:http";
import { opus } from "@roomkit/codec-opus";
import { silentLogger } from "@roomkit/core";
import { VirtualClock } from "@roomkit/testing";
import { authContext, tokenAuth } from "@roomkit/transport-utils";
import { werift } from "@roomkit/webrtc-engine-werift";
import { afterEach, describe, expect, it } from "vitest";
import { acceptAll, type Started, start as startServer } from "../harness.fixture.ts";
import { fetchHandler, WebRTCTransport } from "../index.ts";
import { chromeOffer } from "../sdp/chrome-offer.fixture.ts";
import { until } from "../testing.fixture.ts";

const running: Started[] = [];
afterEach(async () => {
  for (const started of running.splice(0)) await started.stop();
});
const start: typeof startServer = async (...options) => {
  const started = await startServer(...options);
  running.push(started);
  return started;
};

interface Reply {
  readonly status: number;
  readonly body: { readonly [key: string]: unknown };
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(`${url}/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Reply["body"] };
}

const offer = (id: string): object => ({ type: "offer", sdp: chromeOffer, webrtc_id: id });
const candidate = (id: string, text = "candidate:1 1 udp 1 127.0.0.1 50000 typ host"): object => ({
  type: "ice-candidate",
  webrtc_id: id,
  candidate: { candidate: text, sdpMid: "0", sdpMLineIndex: 0 },
});

describe("signalling", () => {
  it("authenticates offers, candidates and the configuration before anything is made", async () => {
    const { url, transport } = await start({}, { auth: tokenAuth({ good: { user: "ada" } }) });
    const right = { authorization: "Bearer good" };
    for (const headers of [{}, { authorization: "Bearer bad" }] as Record<string, string>[]) {
      expect((await post(url, offer("x"), headers)).status).toBe(401);
      expect((await post(url, candidate("x"), headers)).status).toBe(401);
      expect((await fetch(`${url}/config`, { headers })).status).toBe(401);
    }
    expect(transport.size).toBe(0);
    expect((await post(url, offer("x"), right)).body.type).toBe("answer");
    expect((await post(url, candidate("x"), right)).body).toEqual({ status: "success" });
    expect((await fetch(`${url}/config`, { headers: right })).status).toBe(200);
  });

  it("answers 403 when the authenticator fails, and says nothing of why", async () => {
    const { url, transport } = await start(
      {},
      {
        auth: () => {
          throw new Error("the secret is hunter2");
        },
      },
    );
    const reply = await post(url, offer("x"));
    expect(reply.status).toBe(403);
    expect(JSON.stringify(reply.body)).not.toContain("hunter2");
    expect(transport.size).toBe(0);
  });

  it("takes candidates only from the client that made the offer", async () => {
    const { url } = await start({}, { auth: tokenAuth({ ada: { user: "ada" }, eve: { user: "eve" } }) });
    const [ada, eve] = [{ authorization: "Bearer ada" }, { authorization: "Bearer eve" }];
    await post(url, offer("call"), ada);
    expect((await post(url, candidate("call"), eve)).status).toBe(403);
    expect((await post(url, candidate("call"), ada)).body).toEqual({ status: "success" });
    // Nor do those she sent ahead of somebody's offer reach it.
    await post(url, candidate("later"), eve);
    expect((await post(url, offer("later"), ada)).body.type).toBe("answer");
  });

  it("refuses a second connection of a live name, whatever comes first", async () => {
    const { url, transport } = await start();
    const replies = await Promise.all([post(url, offer("same")), post(url, offer("same")), post(url, offer("same"))]);
    expect(replies.map((r) => r.status)).toEqual([200, 200, 200]);
    expect(replies.filter((r) => r.body.type === "answer").length).toBe(1);
    expect(replies.filter((r) => r.body.status === "failed").map((r) => r.body.meta)).toEqual([
      { error: "connection_already_exists" },
      { error: "connection_already_exists" },
    ]);
    expect(transport.size).toBe(1);
  });

  it("refuses more connections than it may have, and takes more when some have gone", async () => {
    const { url, transport, client } = await start({}, { allowAnonymous: true, concurrencyLimit: 2 });
    acceptAll(transport);
    const [one] = await Promise.all([client().connect(), client().connect()]);
    const reply = await post(url, offer("third"));
    expect(reply).toEqual({
      status: 200,
      body: { status: "failed", meta: { error: "concurrency_limit_reached", limit: 2 } },
    });
    await until(() => one.channel?.readyState === "open", "the channel");
    one.send({ event: "stop" });
    await until(() => transport.size === 1, "the end");
    expect((await post(url, offer("third"))).body.type).toBe("answer");
    expect([...transport.refusals]).toEqual([["concurrency_limit_reached", 1]]);
  });

  it("refuses too many from one address", async () => {
    const { url } = await start({}, { allowAnonymous: true, perAddressLimit: 1, trustedProxies: ["127.0.0.1"] });
    expect((await post(url, offer("a"), { "x-forwarded-for": "203.0.113.1" })).body.type).toBe("answer");
    expect((await post(url, offer("b"), { "x-forwarded-for": "203.0.113.1" })).body.meta).toMatchObject({
      error: "address_limit_reached",
    });
    expect((await post(url, offer("c"), { "x-forwarded-for": "203.0.113.2" })).body.type).toBe("answer");
  });

  it.each(["before", "after"])("sends checks to a candidate that came %s its offer", async (order) => {
    const { url } = await start();
    const trap = createSocket("udp4");
    const checks: Buffer[] = [];
    trap.on("message", (data) => checks.push(data));
    await new Promise<void>((resolve) => trap.bind(0, "127.0.0.1", resolve));
    const trickle = candidate("call", `candidate:1 1 udp 1 127.0.0.1 ${trap.address().port} typ host`);
    const messages = order === "before" ? [trickle, offer("call")] : [offer("call"), trickle];
    for (const message of messages) expect((await post(url, message)).status).toBe(200);
    await until(() => checks.length > 0, "a check");
    // A STUN binding request (RFC 8489, 5).
    expect([checks[0]?.readUInt16BE(0), checks[0]?.readUInt32BE(4)]).toEqual([0x0001, 0x2112_a442]);
    expect((await post(url, candidate("call", ""))).body).toEqual({ status: "success" });
    trap.close();
  });

  it("takes the end of candidates in every form, before its offer, after it, and in it", async () => {
    const { url } = await start();
    const ends = [null, undefined, "", {}, { candidate: "" }, { candidate: "a=end-of-candidates", sdpMid: "0" }];
    const postAll = async (): Promise<unknown[]> => {
      const replies = ends.map((end) => post(url, { type: "ice-candidate", webrtc_id: "call", candidate: end }));
      return (await Promise.all(replies)).map(({ body }) => body);
    };
    const success = ends.map(() => ({ status: "success" }));
    expect(await postAll()).toEqual(success);
    const ended = chromeOffer.replaceAll(/(a=ice-ufrag.*\r\n)/g, "$1a=end-of-candidates\r\n");
    expect((await post(url, { type: "offer", sdp: ended, webrtc_id: "call" })).body.type).toBe("answer");
    expect(await postAll()).toEqual(success);
  });

  it("names what is wrong with a candidate", async () => {
    const { url, transport, client } = await start();
    const app = acceptAll(transport);
    const caller = await client().connect();
    await until(() => app.connections.length === 1, "the client");
    const bad = await post(url, candidate(caller.id, "candidate:1 1 udp x"));
    expect(bad).toEqual({ status: 200, body: { status: "failed", meta: { error: "invalid_candidate_format" } } });
    caller.send({ event: "stop" });
    await until(() => transport.size === 0, "the end");
    expect((await post(url, candidate(caller.id))).body.meta).toEqual({ error: "connection_closed" });
  });

  it.each([
    ["not JSON", "{", 400],
    ["an array", "[]", 400],
    ["null", "null", 400],
    ["nothing", "", 400],
    ["no type", { webrtc_id: "x" }, 400],
    ["another type", { type: "answer", webrtc_id: "x" }, 400],
    ["no id", { type: "offer", sdp: chromeOffer }, 400],
    ["a number for an id", { type: "offer", sdp: chromeOffer, webrtc_id: 7 }, 400],
    ["__proto__ for an id", { type: "offer", sdp: chromeOffer, webrtc_id: "__proto__" }, 400],
    ["a path for an id", { type: "offer", sdp: chromeOffer, webrtc_id: "../../x" }, 400],
    ["no sdp", { type: "offer", webrtc_id: "x" }, 400],
    ["a number for sdp", { type: "offer", sdp: 1, webrtc_id: "x" }, 400],
    ["sdp that is none", { type: "offer", sdp: "hello", webrtc_id: "x" }, 400],
    [
      "an unknown codec, and nothing else",
      {
        type: "offer",
        sdp: chromeOffer
          .replace(/opus|PCMU/g, "AMR")
          .replace(" 63 9 0 8 13 ", " 63 9 8 13 ")
          .split("m=application")[0],
        webrtc_id: "x",
      },
      400,
    ],
    ["a candidate that is no object", { type: "ice-candidate", webrtc_id: "x", candidate: "x" }, 400],
    ["deep nesting", `{"type":"offer","a":${"[".repeat(500)}${"]".repeat(500)}}`, 400],
    ["sdp beyond 32 KiB", { type: "offer", sdp: chromeOffer + "a=x:1\r\n".repeat(5_000), webrtc_id: "x" }, 400],
    ["a body beyond 64 KiB", "x".repeat(70_000), 413],
  ])("answers %s with a status that says so", async (_, body, status) => {
    const { url, transport } = await start();
    const reply = await post(url, body);
    expect([400, 413]).toContain(reply.status);
    if (status === 413) expect(reply.status).toBe(413);
    expect(reply.body.error).toBeTypeOf("string");
    expect(transport.size).toBe(0);
  });

  it("takes JSON only, by POST only, and leaves other paths alone", async () => {
    const { url } = await start();
    const text = await fetch(`${url}/webrtc/offer`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "{}",
    });
    expect(text.status).toBe(400);
    const get = await fetch(`${url}/webrtc/offer`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    // The fixture's server answers these.
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${url}/ui`)).headers.get("content-type")).toBeNull();
  });

  it("refuses pages of other origins, and lets through those it was told of", async () => {
    const { url, transport } = await start({}, { allowAnonymous: true, origins: ["https://app.example"] });
    for (const origin of ["https://app.example.evil.com", "null", "http://app.example"]) {
      expect((await post(url, offer("x"), { origin })).status).toBe(403);
    }
    expect(transport.size).toBe(0);
    const preflight = await fetch(`${url}/webrtc/offer`, {
      method: "OPTIONS",
      headers: { origin: "https://app.example" },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
      204,
      "https://app.example",
    ]);
    expect((await post(url, offer("x"), { origin: "https://app.example" })).body.type).toBe("answer");
  });

  it("does not wait for ever for a body", async () => {
    const clock = new VirtualClock();
    const { url } = await start({ clock });
    const { port } = new URL(url);
    const status = new Promise<number | undefined>((resolve) => {
      const request = httpRequest(
        {
          port,
          host: "127.0.0.1",
          path: "/rtc-realtime/webrtc/offer",
          method: "POST",
          headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
        },
        (response) => resolve(response.statusCode),
      );
      request.on("error", () => {});
      request.write("{");
    });
    await until(() => clock.pendingTimers > 0, "the request");
    await clock.advance(11_000);
    expect(await status).toBe(408);
  });

  it("tells clients what they need, with TURN credentials that expire", async () => {
    const { url } = await start(
      { outboundAudio: "pcmu" },
      {
        allowAnonymous: true,
        iceServers: [
          { urls: "stun:stun.example:3478" },
          { urls: ["turn:turn.example:3478?transport=udp"], secret: "shared", credentialMs: 60_000 },
        ],
      },
    );
    const text = await (await fetch(`${url}/config`)).text();
    expect(text).not.toContain("shared");
    const config = JSON.parse(text) as { iceServers: { username?: string }[]; audio: object; dialects: string[] };
    expect(config.iceServers[0]).toEqual({ urls: "stun:stun.example:3478" });
    expect(Number(config.iceServers[1]?.username?.split(":")[0])).toBeGreaterThan(Date.now() / 1000);
    expect(config.audio).toMatchObject({ inputSampleRate: 16_000, outputSampleRate: 24_000, outbound: "pcmu" });
    expect(config.dialects).toEqual(["compat", "v1"]);
  });

  it("serves the page it was given", async () => {
    const { url } = await start(
      {},
      {
        allowAnonymous: true,
        ui: { fetch: (request, base) => new Response(`${base} ${new URL(request.url).pathname}`) },
      },
    );
    expect(await (await fetch(`${url}/ui`)).text()).toBe("/rtc-realtime /rtc-realtime/ui");
    expect(await (await fetch(`${url}/ui/app.js`)).text()).toBe("/rtc-realtime /rtc-realtime/ui/app.js");
  });

  it("asks for auth, or for the word that none is wanted", async () => {
    await expect(start({}, {})).rejects.toMatchObject({ code: "auth_required" });
    await expect(start({}, { allowAnonymous: true, path: "no slash" })).rejects.toMatchObject({
      code: "invalid_option",
    });
    await expect(start({}, { allowAnonymous: true, iceServers: [{ urls: "http://x" }] })).rejects.toMatchObject({
      code: "invalid_option",
    });
  });

  it("gives its paths back", async () => {
    const started = await start({}, { allowAnonymous: true, path: "/talk" });
    expect((await post(started.url, offer("x"))).body.type).toBe("answer");
    started.unmount();
    const response = await fetch(`${started.url}/webrtc/offer`, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
  });

  it("speaks web-standard requests too", async () => {
    const transport = new WebRTCTransport({
      opus: opus(),
      logger: silentLogger,
      engine: werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger }),
      signalling: { allowAnonymous: true },
    });
    const request = (body: string, type = "application/json"): Request =>
      new Request("http://h/rtc-realtime/webrtc/offer", { method: "POST", headers: { "content-type": type }, body });
    const answer = await transport.fetch(request(JSON.stringify(offer("x"))), { address: "127.0.0.1" });
    expect(((await answer.json()) as { type: string }).type).toBe("answer");
    expect((await transport.fetch(request("x".repeat(70_000)))).status).toBe(413);
    expect((await transport.fetch(new Request("http://h/elsewhere"))).status).toBe(404);
    // The same under any base; and nobody is let in that no mount vouches for.
    const elsewhere = new Request("http://h/api/talk/config");
    expect(await (await transport.fetch(elsewhere)).json()).toMatchObject({
      endpoints: { webrtc: "/api/talk/webrtc/offer" },
    });
    const closed = fetchHandler(transport, {});
    expect((await closed(request(JSON.stringify(offer("z"))))).status).toBe(401);
    const vouched = await authContext.run({ user: "ada" }, () =>
      closed(request(JSON.stringify(offer("z"))), { address: "127.0.0.1" }),
    );
    expect(vouched.status).toBe(200);
    // A page of the host that the URL names, which over HTTP/2 no header does.
    const from = async (origin: string): Promise<number> =>
      (await transport.fetch(new Request("https://app.example/config", { headers: { origin } }))).status;
    expect([await from("https://app.example"), await from("https://other.example")]).toEqual([200, 403]);
    await transport.close();
    const late = await transport.fetch(request(JSON.stringify(offer("y"))));
    expect([late.status, await late.json()]).toEqual([503, { status: "failed", meta: { error: "draining" } }]);
  });
});

it("is told to ask again when the media workers have as many calls as they may", async () => {
  const { transport, client } = await start({ workers: { count: 1, calls: 1 } });
  const app = acceptAll(transport);
  const first = await client().connect();
  await until(() => app.connections.length === 1, "the first call");
  const second = client();
  const post = async (): Promise<Response> =>
    second.post({ type: "offer", sdp: await second.offer(), webrtc_id: second.id });
  const refused = await post();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await refused.json()).toEqual({ status: "failed", meta: { error: "server_busy" } });
  expect([transport.size, transport.load.map(({ calls }) => calls)]).toEqual([1, [1]]);
  await first.close();
  await until(() => transport.size === 0, "the end of the first");
  expect((await post()).status).toBe(200);
});
