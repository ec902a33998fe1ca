import { getEventListeners } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { ManagedWebSocket } from "./managed-web-socket.ts";
import type { ManagedWebSocketOptions } from "./options.ts";

let http: Server;
let wss: WebSocketServer;
let url: string;
let sockets: Set<Socket>;
let upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
let onConnection: (ws: WebSocket, socket: Socket) => void;

beforeEach(async () => {
  sockets = new Set();
  onConnection = () => {};
  wss = new WebSocketServer({ noServer: true });
  http = createServer((_request, response) => response.writeHead(404).end());
  upgrade = (request, socket, head) =>
    wss.handleUpgrade(request, socket, head, (ws) => {
      ws.on("error", () => {});
      onConnection(ws, socket);
    });
  http.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    // Server sockets stay half open otherwise, and those of an upgrade are not read.
    socket.on("end", () => socket.end());
  });
  http.on("upgrade", (request, socket, head) => upgrade(request, socket as Socket, head));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/listen?key=sk-secret-in-url`;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => http.close(resolve));
});

const open = (options: Partial<ManagedWebSocketOptions> = {}): Promise<ManagedWebSocket> =>
  ManagedWebSocket.open(url, { provider: "vendor", ...options });
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => error,
  );

async function read(socket: ManagedWebSocket, into: unknown[] = []): Promise<unknown[]> {
  for await (const message of socket) into.push(message);
  return into;
}

/** Lets real I/O happen until the condition holds; only a broken implementation makes it wait for the test's timeout. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("opening", () => {
  it("sends headers, and receives what the peer says at once", async () => {
    let seen: IncomingMessage | undefined;
    const accept = upgrade;
    upgrade = (request, socket, head) => {
      seen = request;
      accept(request, socket, head);
    };
    onConnection = (ws) => {
      ws.send("hello");
      ws.send(Buffer.from([1, 2, 3]));
      ws.close(1000);
    };
    const socket = await open({ headers: { authorization: "Token k" } });
    expect(seen?.headers.authorization).toBe("Token k");
    expect(await read(socket)).toEqual(["hello", Buffer.from([1, 2, 3])]);
    expect(await socket.closed).toEqual({ code: 1000, reason: "", by: "remote" });
  });

  it("turns a refused upgrade into the error of its status, headers and body", async () => {
    upgrade = (_request, socket) => {
      const body = JSON.stringify({ err_code: "INVALID_AUTH", err_msg: "no such key" });
      socket.end(
        `HTTP/1.1 429 Slow\r\nretry-after: 3\r\ndg-request-id: r1\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
    };
    expect(await caught(open())).toMatchObject({
      kind: "rate_limit",
      status: 429,
      retryAfterMs: 3000,
      requestId: "r1",
      vendorCode: "INVALID_AUTH",
      message: "vendor answered 429: no such key",
    });
    await until(() => sockets.size === 0);
  });

  it("does not wait for ever for the body of a refusal, nor for more of it than it shows", async () => {
    upgrade = (_request, socket) => {
      socket.resume();
      socket.write("HTTP/1.1 401 No\r\ncontent-length: 100\r\n\r\nhalf");
    };
    const clock = new VirtualClock({ turns: 20 });
    const refused = caught(open({ clock }));
    await until(() => clock.pendingTimers === 2);
    await clock.advance(1_000);
    expect(await refused).toMatchObject({ kind: "auth", status: 401 });
    upgrade = (_request, socket) => {
      socket.resume();
      socket.write(`HTTP/1.1 500 No\r\ncontent-length: 10000000\r\n\r\n${"x".repeat(200_000)}`);
    };
    expect(await caught(open())).toMatchObject({ kind: "server", status: 500 });
    await until(() => sockets.size === 0);
  });

  it("gives up a handshake that nobody answers, and leaves neither socket nor timer", async () => {
    upgrade = (_request, socket) => socket.resume();
    const clock = new VirtualClock({ turns: 20 });
    const opening = caught(open({ clock, handshakeTimeoutMs: 500 }));
    await until(() => sockets.size === 1);
    await clock.advance(500);
    expect(await opening).toMatchObject({ kind: "timeout" });
    await until(() => sockets.size === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("can be aborted before and during the handshake", async () => {
    upgrade = (_request, socket) => socket.resume();
    expect(await caught(open({ signal: AbortSignal.abort() }))).toMatchObject({ code: "aborted" });
    const controller = new AbortController();
    const opening = caught(open({ signal: controller.signal }));
    await until(() => sockets.size === 1);
    controller.abort();
    expect(await opening).toMatchObject({ code: "aborted" });
    await until(() => sockets.size === 0);
  });

  it("says network when nothing listens, without the query of the address", async () => {
    await new Promise((resolve) => http.close(resolve));
    const error = await caught(open());
    expect(error).toMatchObject({ kind: "network" });
    expect(String(error)).toContain("ECONNREFUSED");
    expect(await caught(ManagedWebSocket.open("ftp://x/?key=sk-secret-in-url", { provider: "vendor" }))).toMatchObject({
      kind: "invalid_request",
      message: "cannot connect to ftp://x/",
    });
  });

  it("refuses options that make no sense", async () => {
    for (const bad of [{ handshakeTimeoutMs: 0 }, { maxBufferedBytes: Number.NaN }, { pingIntervalMs: -1 }]) {
      expect(await caught(open(bad))).toMatchObject({ code: "invalid_option" });
    }
  });
});

describe("the end", () => {
  it.each([
    [1000, "", undefined],
    [1005, "", undefined],
    [1001, "bye", "network"],
    [1007, "bad", "protocol"],
    [1008, "no", "invalid_request"],
    [1011, "net0001", "server"],
    [1013, "later", "overloaded"],
    [4000, "own", "protocol"],
  ])("a close with %i %s ends reading with %s", async (code, reason, kind) => {
    onConnection = (ws) => {
      ws.send("last");
      if (code === 1005) ws.close();
      else ws.close(code, reason);
    };
    const socket = await open();
    const got: unknown[] = [];
    const result = await caught(read(socket, got));
    expect(got).toEqual(["last"]);
    if (kind === undefined) expect(result).toBe("no error");
    else expect(result).toMatchObject({ kind, details: { closeCode: code, closeReason: reason } });
    expect(await socket.closed).toEqual({ code, reason, by: "remote" });
  });

  it("lets the vendor's package read close codes its own way", async () => {
    onConnection = (ws) => ws.close(1008, "quota exceeded");
    const quota = await open({ classifyClose: (code) => (code === 1008 ? "quota" : undefined) });
    expect(await caught(read(quota))).toMatchObject({ kind: "quota" });
    const fine = await open({ classifyClose: () => "none" });
    expect(await caught(read(fine))).toBe("no error");
  });

  it("a lost connection is a network error", async () => {
    onConnection = (_ws, socket) => socket.resetAndDestroy();
    const socket = await open();
    expect(await caught(read(socket))).toMatchObject({ kind: "network", retryable: true });
    expect(await socket.closed).toMatchObject({ code: 1006, by: "lost" });
  });

  it.each([
    ["an invalid frame", Buffer.from([0xf3, 0x01, 0x00])],
    ["text that is not UTF-8", Buffer.from([0x81, 0x02, 0xff, 0xff])],
    ["a message beyond the limit", Buffer.concat([Buffer.from([0x82, 126, 0x10, 0x00]), Buffer.alloc(4096)])],
  ])("row 61: %s is a protocol error", async (_name, bytes) => {
    onConnection = (_ws, socket) => socket.write(bytes);
    const socket = await open({ maxMessageBytes: 1024 });
    expect(await caught(read(socket))).toMatchObject({ kind: "protocol" });
    await until(() => sockets.size === 0);
  });

  it("closing is idempotent, tells the peer why, and ends the reader", async () => {
    let heard: unknown;
    onConnection = (ws) => ws.on("close", (code, reason) => (heard = [code, reason.toString()]));
    const socket = await open();
    const reading = caught(read(socket));
    const ends = await Promise.all([socket.close(1000, "done"), socket.close(4001, "again")]);
    expect(ends).toEqual([
      { code: 1000, reason: "done", by: "local" },
      { code: 1000, reason: "done", by: "local" },
    ]);
    expect(await reading).toBe("no error");
    await until(() => heard !== undefined);
    expect(heard).toEqual([1000, "done"]);
    expect(socket.isOpen).toBe(false);
    expect(() => socket.send("late")).toThrow(expect.objectContaining({ kind: "network" }));
    await socket.close();
  });

  it("sending tells what ended the connection, also to a writer that is slower than the news", async () => {
    onConnection = (ws) => ws.close(1008, "bad key");
    const socket = await open();
    for (let i = 0; i < 50; i++) {
      try {
        socket.send("more");
      } catch (error) {
        expect(error).toMatchObject({ kind: "invalid_request", details: { closeCode: 1008 } });
        break;
      }
      await settle(1);
      expect(i).toBeLessThan(49);
    }
    await socket.closed;
  });

  it("cuts a peer that does not answer the closing handshake", async () => {
    onConnection = (_ws, socket) => socket.pause();
    const clock = new VirtualClock({ turns: 20 });
    const socket = await open({ clock, closeGraceMs: 250 });
    let ended = false;
    const closing = socket.close().then(() => (ended = true));
    await clock.advance(249);
    expect(ended).toBe(false);
    await clock.advance(1);
    await closing;
    expect(clock.pendingTimers).toBe(0);
  });

  it("an abort closes at once, and the reader hears of nothing else", async () => {
    const controller = new AbortController();
    let heard: unknown;
    onConnection = (ws) => {
      ws.on("close", (code, reason) => (heard = [code, reason.toString()]));
      for (let i = 0; i < 10; i++) ws.send(`message ${i}`);
    };
    const socket = await open({ signal: controller.signal });
    const iterator = socket[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toBe("message 0");
    await settle(10);
    controller.abort();
    expect(await caught(iterator.next())).toMatchObject({ code: "aborted" });
    await until(() => heard !== undefined);
    expect(heard).toEqual([1000, "aborted"]);
    await socket.closed;
  });

  it("is closed by a reader that stops, and by disposal", async () => {
    onConnection = (ws) => ws.send("one");
    const socket = await open();
    for await (const message of socket) {
      expect(message).toBe("one");
      break;
    }
    expect((await socket.closed).by).toBe("local");
    const other = await open();
    await other[Symbol.asyncDispose]();
    await until(() => sockets.size === 0);
  });

  it("stops watching the signal once it has ended", async () => {
    onConnection = (ws) => ws.close(1000);
    const { signal } = new AbortController();
    const socket = await open({ signal });
    await socket.closed;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a peer that is gone", () => {
  it("is found by pings and cut off", async () => {
    const clock = new VirtualClock({ turns: 20 });
    onConnection = (_ws, socket) => socket.pause();
    const socket = await open({ clock, pingIntervalMs: 5_000, pongTimeoutMs: 3_000 });
    const reading = caught(read(socket));
    await clock.advance(7_999);
    expect(socket.isOpen).toBe(true);
    await clock.advance(1);
    expect(await reading).toMatchObject({
      kind: "network",
      message: "vendor gave no sign of life within 3000 ms of a ping",
    });
    expect(await socket.closed).toMatchObject({ by: "lost" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("is not suspected while it answers pings", async () => {
    const clock = new VirtualClock({ turns: 50 });
    let pings = 0;
    onConnection = (ws) => ws.on("ping", () => pings++);
    const socket = await open({ clock, pingIntervalMs: 1_000, pongTimeoutMs: 1_000 });
    for (let i = 0; i < 20; i++) {
      const before = pings;
      await clock.advance(500);
      if (pings > before) await settle(20);
    }
    expect(socket.isOpen).toBe(true);
    expect(pings).toBeGreaterThan(3);
    await socket.close();
  });
});

describe("back-pressure", () => {
  it("refuses to buffer without end for a peer that does not read, and drain follows one that does", async () => {
    let peer: Socket | undefined;
    let received = 0;
    onConnection = (ws, socket) => {
      peer = socket;
      socket.pause();
      ws.on("message", (data) => (received += (data as Buffer).length));
    };
    const socket = await open({ maxBufferedBytes: 1024 * 1024 });
    await until(() => peer !== undefined);
    let sent = 0;
    const chunk = new Uint8Array(64 * 1024);
    expect(() => {
      for (; sent < 64 * 1024 * 1024; sent += chunk.length) socket.send(chunk);
    }).toThrow(
      expect.objectContaining({
        kind: "network",
        details: expect.objectContaining({ bufferedBytes: expect.any(Number) }),
      }),
    );
    expect(socket.bufferedBytes).toBeLessThanOrEqual(1024 * 1024 + 64);
    expect(socket.isOpen).toBe(true);
    const controller = new AbortController();
    const aborted = caught(socket.drain(controller.signal));
    controller.abort();
    expect(await aborted).toMatchObject({ code: "aborted" });
    const drained = socket.drain();
    peer?.resume();
    await drained;
    expect(socket.bufferedBytes).toBeLessThanOrEqual(256 * 1024);
    await until(() => received === sent);
    await socket.close();
  });

  it("drain ends with the socket", async () => {
    onConnection = (_ws, socket) => socket.pause();
    const socket = await open({ maxBufferedBytes: 16 * 1024 * 1024, closeGraceMs: 0 });
    for (let i = 0; i < 15; i++) socket.send(new Uint8Array(1024 * 1024));
    const drained = socket.drain();
    await socket.close();
    await drained;
  });

  it("stops reading from a peer that is faster than its reader, drops nothing, and does not suspect it meanwhile", async () => {
    const clock = new VirtualClock({ turns: 20 });
    const total = 4_000;
    let peer: WebSocket | undefined;
    onConnection = (ws) => {
      peer = ws;
      for (let i = 0; i < total; i++) ws.send(Buffer.alloc(4_096, i & 0xff));
      ws.close(1000);
    };
    const socket = await open({ clock, inboundHighWaterBytes: 64 * 1024, pingIntervalMs: 100, pongTimeoutMs: 100 });
    // What did not fit into the kernel's buffers is still at the peer.
    await settle(200);
    expect(peer?.bufferedAmount).toBeGreaterThan(0);
    await clock.advance(5_000);
    const messages = (await read(socket)) as Buffer[];
    expect(messages.length).toBe(total);
    expect(messages.every((message, i) => message[0] === (i & 0xff))).toBe(true);
  });

  it("gives up on a peer that sends more tiny messages at once than can be kept", async () => {
    const emptyMessages = Buffer.alloc(400_000);
    for (let at = 0; at < emptyMessages.length; at += 2) emptyMessages[at] = 0x81;
    onConnection = (_ws, socket) => socket.write(emptyMessages);
    const socket = await open();
    const got: unknown[] = [];
    expect(await caught(read(socket, got))).toMatchObject({ kind: "protocol" });
    expect(got.length).toBeLessThanOrEqual(8_192);
    await socket.closed;
  });
});
