import { createServer as createHttp2Server, connect as http2Connect } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { mulaw } from "@roomkit/codec-mulaw";
import { type Logger, silentLogger } from "@roomkit/core";
import { afterEach, describe, expect, it } from "vitest";
import { mountVoice, WebSocketBackend } from "../index.ts";
import { type Rig, startRig } from "../rig.fixture.ts";

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** Collects what is warned of. */
function warnings(): { readonly logger: Logger; readonly seen: Record<string, unknown>[] } {
  const seen: Record<string, unknown>[] = [];
  return { seen, logger: { ...silentLogger, warn: (fields: object) => void seen.push({ ...fields }) } as Logger };
}

/** Sends a request as a proxy would write it; returns status and body. */
async function raw(port: number, lines: readonly string[]): Promise<{ status: number; body: string }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (part) => {
    text += part;
  });
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.on("close", resolve));
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), body: /\{.*\}/.exec(text)?.[0] ?? "" };
}

const page = "https://app.example";

describe("a page of the server's own host", () => {
  it("is known over HTTP/2, where `:authority` names the host", async () => {
    const { logger, seen } = warnings();
    const server = createHttp2Server();
    const backend = new WebSocketBackend({ codec: mulaw(), logger });
    const webrtc = {
      fetch: async (request: Request) => Response.json({ url: request.url, text: await request.text() }),
    };
    mountVoice(server, backend, { allowAnonymous: true, webrtc });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const session = http2Connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const ask = (headers: Record<string, string>, body = ""): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ":path": "/voice/config", ...headers });
        let status = 0;
        let text = "";
        stream.on("response", (answer) => {
          status = Number(answer[":status"]);
        });
        stream.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        stream.on("end", () => resolve({ status, text }));
        stream.on("error", reject);
        if (body !== "") stream.end(body);
      });
    expect((await ask({ ":authority": "app.example", origin: page })).status).toBe(200);
    const offer = { ":method": "POST", ":path": "/voice/webrtc/offer", ":authority": "app.example:8443" };
    const answer = await ask({ ...offer, origin: "https://app.example:8443" }, "hello");
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      { url: "http://app.example:8443/voice/webrtc/offer", text: "hello" },
    ]);
    expect(await ask({ ...offer, origin: page })).toEqual({ status: 403, text: '{"error":"origin_not_allowed"}' });
    expect((await ask({ ":path": "/else", ":authority": "app.example" })).status).toBe(404);
    expect(seen).toEqual([{ code: "origin_not_allowed", origin: page, host: "app.example:8443" }]);
    session.close();
    await backend.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is not to be told where a proxy drops the host: refused, named and logged once", async () => {
    const { logger, seen } = warnings();
    rig = await startRig({ backend: { logger }, server: { requireHostHeader: false } });
    const { port } = rig.server.address() as AddressInfo;
    const config = ["GET /voice/config HTTP/1.1", "Connection: close"];
    const refused = { status: 403, body: '{"error":"host_missing"}' };
    expect(await raw(port, [...config, `Origin: ${page}`])).toEqual(refused);
    expect(await raw(port, [...config, `Origin: ${page}`, "Host:"])).toEqual(refused);
    // What anybody can write is not believed.
    expect(await raw(port, [...config, `Origin: ${page}`, "X-Forwarded-Host: app.example"])).toEqual(refused);
    const handshake = [
      "Upgrade: websocket",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
    ];
    const upgrade = ["GET /voice/websocket/offer HTTP/1.1", "Connection: Upgrade", ...handshake, `Origin: ${page}`];
    expect(await raw(port, upgrade)).toEqual(refused);
    expect((await raw(port, config)).status).toBe(200);
    expect(seen).toEqual([{ code: "host_missing", origin: page, host: undefined }]);
  });

  it("is known behind a trusted proxy by what that forwards", async () => {
    rig = await startRig({ mount: { trustedProxies: ["127.0.0.1"] } });
    const { port } = rig.server.address() as AddressInfo;
    const config = ["GET /voice/config HTTP/1.1", "Connection: close", "Host: inner:8000", `Origin: ${page}`];
    expect((await raw(port, [...config, "X-Forwarded-Host: app.example"])).status).toBe(200);
    expect((await raw(port, [...config, "X-Forwarded-Host: app.example:443"])).status).toBe(200);
    expect((await raw(port, [...config, "X-Forwarded-Host: other.example"])).status).toBe(403);
    expect((await raw(port, config)).status).toBe(403);
  });

  it("is logged within bounds, whatever origins somebody makes up", async () => {
    const { logger, seen } = warnings();
    rig = await startRig({ backend: { logger } });
    const { port } = rig.server.address() as AddressInfo;
    for (let i = 0; i < 120; i++) {
      const origin = `https://${i}.${"x".repeat(500)}.example`;
      await raw(port, ["GET /voice/config HTTP/1.1", "Connection: close", "Host: a.example", `Origin: ${origin}`]);
    }
    expect(seen).toHaveLength(100);
    for (const { origin } of seen) expect(String(origin).length).toBeLessThanOrEqual(200);
  });
});
