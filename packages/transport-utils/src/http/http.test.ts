import { EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { systemClock } from "@roomkit/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimServer, refuseUpgrade } from "./claim.ts";
import { jsonResponse, requestUrl, sendWebResponse, toWebRequest } from "./web.ts";

let server: Server;
let base: string;
let port: number;

beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  base = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Status of an upgrade, or 0 when the connection just ended. */
function upgrade(path: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (part) => {
      text += part;
    });
    socket.on("close", () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? 0)));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  });
}

describe("claiming a server", () => {
  it("sees requests and upgrades first, whoever listened before or after", async () => {
    const log: string[] = [];
    server.on("request", (request, response) => {
      log.push(`before ${request.url}`);
      response.end();
    });
    server.on("upgrade", (request, socket) => {
      log.push(`before ${request.url}`);
      socket.destroy();
    });
    const release = claimServer(server, {
      request(request, response) {
        if (request.url !== "/ours") return false;
        response.end("ours");
        return true;
      },
      upgrade(request, socket) {
        if (request.url !== "/ours") return false;
        refuseUpgrade(socket, 429, { code: "x" });
        return true;
      },
    });
    server.on("request", (request) => log.push(`after ${request.url}`));
    expect(await (await fetch(`${base}/ours`)).text()).toBe("ours");
    expect(await upgrade("/ours")).toBe(429);
    expect(log).toEqual([]);
    await fetch(`${base}/theirs`);
    expect(await upgrade("/theirs")).toBe(0);
    expect(log).toEqual(["before /theirs", "after /theirs", "before /theirs"]);
    release();
    release();
    await fetch(`${base}/ours`);
    expect(log.at(-1)).toBe("after /ours");
  });

  it.each([{}, undefined, new EventEmitter()])("refuses what is no server: %o", (none) => {
    expect(() => claimServer(none as never, {})).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });

  it("ends an unclaimed upgrade only when it is alone", async () => {
    const release = claimServer(server, { upgrade: () => false });
    expect(await upgrade("/nobody")).toBe(404);
    const other = (_request: IncomingMessage, socket: { end(text: string): void }): void =>
      socket.end("HTTP/1.1 418 Teapot\r\n\r\n");
    server.on("upgrade", other);
    expect(await upgrade("/nobody")).toBe(418);
    release();
    expect(server.listenerCount("upgrade")).toBe(1);
  });

  it("answers what nobody serves, and leaves what somebody serves to them", async () => {
    const release = claimServer(server, {
      request(request, response) {
        if (request.url !== "/ours") return false;
        response.end("ours");
        return true;
      },
    });
    for (const [method, body] of [["GET"], ["HEAD"], ["OPTIONS"], ["POST", "x".repeat(100_000)], ["DELETE"]] as const) {
      const answer = await fetch(`${base}/?a`, { method, ...(body && { body }) });
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
        404,
        "text/plain; charset=utf-8",
        method === "HEAD" ? "" : "Not found.\n",
      ]);
    }
    expect(await (await fetch(`${base}/ours`)).text()).toBe("ours");
    const owner = (_request: IncomingMessage, response: ServerResponse): void => void response.end("app");
    server.on("request", owner);
    expect(await (await fetch(`${base}/`)).text()).toBe("app");
    server.off("request", owner);
    // Two mounts: the second sees what the first does not know.
    const second = claimServer(server, {
      request(request, response) {
        if (request.url !== "/second") return false;
        response.end("second");
        return true;
      },
    });
    expect(await (await fetch(`${base}/second`)).text()).toBe("second");
    expect((await fetch(`${base}/third`)).status).toBe(404);
    second();
    release();
  });

  it.each([
    ["GET /app", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", "", "app GET "],
    ["DELETE /app", "Upgrade: h2c\r\nContent-Length: 0", "", "app DELETE "],
    ["POST /app", "Upgrade: h2c\r\nContent-Length: 5", "hello", undefined],
    ["GET /app", "Upgrade: foo/2", "", "app GET "],
    ["GET /ours", "Upgrade: h2c", "", "ours"],
    ["GET /app", "Upgrade: WebSocket", "", undefined],
    ["POST /app", "Upgrade: h2c\r\nTransfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", undefined],
  ])("%s with %j is the request it would be without us", async (line, headers, body, expected) => {
    server.on("request", async (request, response) => {
      let text = "";
      for await (const part of request) text += part;
      response.end(`app ${request.method} ${text}`);
    });
    const release = claimServer(server, {
      request(request, response) {
        if (request.url !== "/ours") return false;
        response.end("ours");
        return true;
      },
    });
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (part) => {
      answer += part;
    });
    socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`);
    setTimeout(() => socket.write(body), 5);
    await new Promise((resolve) => socket.on("close", resolve));
    if (expected === undefined) expect(answer).toMatch(/^HTTP\/1.1 404 /);
    else expect(answer).toMatch(new RegExp(`^HTTP/1.1 200 [^]*${expected}`));
    release();
  });

  it("keeps working for somebody who wrapped the server after it", async () => {
    const release = claimServer(server, {
      request(_request, response) {
        response.end("ours");
        return true;
      },
    });
    const emit = server.emit;
    let wrapped = 0;
    server.emit = function (this: Server, ...args: Parameters<Server["emit"]>) {
      wrapped++;
      return Reflect.apply(emit, this, args) as boolean;
    } as Server["emit"];
    expect(await (await fetch(base)).text()).toBe("ours");
    release();
    server.on("request", (_request, response) => response.end("app"));
    expect(await (await fetch(base)).text()).toBe("app");
    expect(wrapped).toBeGreaterThan(0);
  });
});

describe("web-standard requests and responses", () => {
  it("carry method, headers, body and answer through", async () => {
    server.on("request", (request, response) => {
      void toWebRequest(request, { clock: systemClock, maxBodyBytes: 10 })
        .then(async (standard) => {
          const headers = new Headers({ "x-seen": `${standard.method} ${new URL(standard.url).pathname}` });
          headers.append("set-cookie", "a=1");
          headers.append("set-cookie", "b=2");
          return new Response(await standard.text(), { status: 201, headers });
        })
        .catch((error: { code: string }) => jsonResponse({ error: error.code }, 413, { connection: "close" }))
        .then((answer) => sendWebResponse(response, answer));
    });
    const answer = await fetch(`${base}/path?x`, { method: "POST", body: "hello" });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("x-seen")).toBe("POST /path");
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await answer.text()).toBe("hello");
    const large = await fetch(base, { method: "POST", body: "x".repeat(11) });
    expect(await large.json()).toEqual({ error: "payload_too_large" });
    const stream = new ReadableStream<Uint8Array>({
      // A stream that never lets go of the thread keeps the answer from being read.
      async pull(controller) {
        await new Promise(setImmediate);
        controller.enqueue(new Uint8Array(8));
      },
    });
    const endless = await fetch(base, { method: "POST", body: stream, duplex: "half" } as RequestInit).catch(
      () => undefined,
    );
    if (endless) expect(endless.status).toBe(413);
  });

  it("time out when a body never ends", async () => {
    const codes: string[] = [];
    server.on("request", (request, response) => {
      toWebRequest(request, { clock: systemClock, bodyTimeoutMs: 30 }).catch((error: { code: string }) => {
        codes.push(error.code);
        response.writeHead(408, { connection: "close" }).end();
      });
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    await new Promise((resolve) => socket.on("close", resolve).resume());
    expect(codes).toEqual(["timeout"]);
  });

  it("do not believe a host that is none", () => {
    const of = (host: string | undefined, url: string): string =>
      requestUrl({ headers: { host }, url } as IncomingMessage).href;
    expect(of("a.example:80", "/x?y")).toBe("http://a.example/x?y");
    expect(of("a.example/evil#", "/x")).toBe("http://localhost/x");
    expect(of(undefined, "*")).toBe("http://localhost/");
    expect(of("[::1]:8000", "/")).toBe("http://[::1]:8000/");
  });

  it("name their host over HTTP/2 too, where there is no such header", () => {
    const of = (headers: Record<string, string>): string => requestUrl({ headers, url: "/x" } as IncomingMessage).href;
    expect(of({ ":authority": "a.example:8443" })).toBe("http://a.example:8443/x");
    expect(of({ ":authority": "a.example", host: "b.example" })).toBe("http://b.example/x");
    expect(of({ ":authority": "", host: "" })).toBe("http://localhost/x");
  });
});
