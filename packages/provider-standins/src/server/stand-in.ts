import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { RoomKitError, withTimeout } from "@roomkit/core";
import { type WebSocket, WebSocketServer } from "ws";
import { type Fault, FaultPlan } from "../faults/fault.ts";
import { type ExchangeEnd, FrameLog, type LogEntry } from "./frame-log.ts";
import { HttpExchange } from "./http-exchange.ts";
import type { HttpRoute, Route, SocketRoute } from "./route.ts";
import type { StandInRequest } from "./route-base.ts";
import { SocketExchange } from "./socket-exchange.ts";
import { checked, ExchangeEnded, type StandInContext } from "./stand-in-context.ts";

const MAX_BODY = 64 * 1024 * 1024;
const PATIENCE_MS = 5_000;

/**
 * A server on 127.0.0.1 that talks like a vendor's, over real sockets, and fails as it is told to. Everything that passes is
 * logged and checked; what must not happen is kept as a violation.
 */
export class StandIn implements AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** `ws://127.0.0.1:port` */
  readonly wsUrl: string;

  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #routes: readonly Route[];
  readonly #context: StandInContext;
  readonly #open = new Set<number>();
  readonly #connections = new Set<Socket>();
  readonly #idleWaiters = new Set<() => void>();
  #exchanges = 0;

  /** Starts one with the routes of any number of protocols. */
  static async start(...routes: readonly (Route | readonly Route[])[]): Promise<StandIn> {
    await Promise.all(routes.flat().map((route) => route.prepare?.()));
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new StandIn(server, routes.flat());
  }

  private constructor(server: Server, routes: readonly Route[]) {
    this.#server = server;
    this.#routes = routes;
    this.#context = {
      log: new FrameLog(),
      faults: new FaultPlan(),
      violations: [],
      frozen: new Set(),
      checks: new Set(),
    };
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
    this.wsUrl = `ws://127.0.0.1:${this.port}`;
    server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#connections.delete(socket));
      // Node's servers leave their half open; a vendor's does not.
      socket.on("end", () => socket.end());
    });
    server.on("request", (request, response) => this.#guard(this.#serve(request, response)));
    server.on("upgrade", (request, socket, head) => this.#guard(this.#upgrade(request, socket as Socket, head)));
  }

  /** Plans a fault for the next request (or upgrade), or the next of its route. @throws RoomKitError `invalid_option` for a route it has not. */
  fault(fault: Fault): this {
    const names = this.#routes.map(({ name }) => name);
    const { route } = fault;
    if (route !== undefined && !names.includes(route))
      throw new RoomKitError(
        "invalid_option",
        `route is ${JSON.stringify(route)}; this stand-in's routes are ${names.join(", ") || "none"}`,
      );
    this.#context.faults.add(fault);
    return this;
  }

  get log(): readonly LogEntry[] {
    return this.#context.log.entries;
  }

  get violations(): readonly string[] {
    return this.#context.violations;
  }

  /** Requests that are being answered, and WebSockets that are open. */
  get openExchanges(): number {
    return this.#open.size;
  }

  /** Connections, idle ones that a client keeps for its next request included. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** JSON bodies and messages of the client, in order. */
  received(route?: string): readonly unknown[] {
    return this.log.filter((e) => e.dir === "in" && (route === undefined || e.route === route)).map((e) => e.frame);
  }

  /** The first log entry, past or to come, for which `predicate` holds. @throws RoomKitError `timeout` after `ms` of real time. */
  waitFor(predicate: (entry: LogEntry) => boolean, ms: number = PATIENCE_MS): Promise<LogEntry> {
    return this.#context.log.waitFor(predicate, ms);
  }

  /** Waits until nothing is open any more. @throws RoomKitError `timeout` when something is after `ms` of real time: a leak. */
  async idle(ms: number = PATIENCE_MS): Promise<void> {
    // Only by reading can one learn that the other side has hung up.
    for (const socket of this.#context.frozen) socket.resume();
    this.#context.frozen.clear();
    if (this.#open.size === 0) return;
    let wake = (): void => {};
    const ended = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#idleWaiters.add(wake);
    try {
      await withTimeout(ended, ms, {
        what: `the end of ${this.#open.size} exchanges (${this.#context.log.describe()})`,
      });
    } finally {
      this.#idleWaiters.delete(wake);
    }
  }

  /** Waits for {@link idle}. @throws RoomKitError `not_clean` when something is open, was wrong, or a fault was never used. */
  async expectClean(ms: number = PATIENCE_MS): Promise<void> {
    const leak = await this.idle(ms).then(
      () => [],
      (error: unknown) => [String(error)],
    );
    await Promise.all(this.#context.checks);
    const wrong = [...this.violations, ...leak];
    for (const fault of this.#context.faults.left) wrong.push(`the fault was never used: ${JSON.stringify(fault)}`);
    if (wrong.length > 0) throw new RoomKitError("not_clean", wrong.join("\n"));
  }

  /** The network is gone for a moment: every connection is reset. New ones are taken. */
  dropConnections(): void {
    for (const socket of this.#connections) socket.resetAndDestroy();
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!(error instanceof ExchangeEnded)) this.#context.violations.push(`a route failed: ${String(error)}`);
    });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming).catch((error: unknown) => {
      // The client went away before it had said what it wants.
      if (incoming.readableAborted || incoming.errored) throw new ExchangeEnded();
      throw error;
    });
    const request = requestOf(incoming, body);
    const route = this.#find("http", request) as HttpRoute | undefined;
    if (!route) {
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
      return;
    }
    const { log, faults } = this.#context;
    const id = this.#begin(response, route.name);
    log.add({ dir: "in", route: route.name, exchange: id, frame: request.json ?? { bytes: body.length } });
    const fault = faults.take(route.name);
    const refuse = (status: number, headers: Readonly<Record<string, string>> = {}, said?: unknown): void => {
      const text = typeof said === "string" ? said : JSON.stringify(said ?? route.errorBody?.(status) ?? {});
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
    };
    if (!(await checked(this.#context, `request ${route.name}`, route.checkRequest, request))) return refuse(400);
    if (fault?.kind === "status" || fault?.kind === "hang") {
      log.add({ dir: "fault", route: route.name, exchange: id, frame: fault });
      if (fault.kind === "status") refuse(fault.status, fault.headers, fault.body);
      return;
    }
    if (fault?.kind === "cut" && fault.after < 0) {
      log.add({ dir: "fault", route: route.name, exchange: id, frame: fault });
      incoming.socket.resetAndDestroy();
      return;
    }
    const exchange = new HttpExchange(request, response, route, id, this.#context, fault);
    try {
      await route.respond(exchange);
      await exchange.finish();
    } catch (error) {
      if (!(error instanceof ExchangeEnded)) response.destroy();
      else if (fault?.kind === "inband-error") exchange.end();
      throw error;
    }
  }

  async #upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const request = requestOf(incoming, Buffer.alloc(0));
    const route = this.#find("socket", request) as SocketRoute | undefined;
    if (!route) return refuseUpgrade(socket, 404, {}, {});
    const { log, faults } = this.#context;
    const id = ++this.#exchanges;
    log.add({
      dir: "upgrade",
      route: route.name,
      exchange: id,
      frame: { url: incoming.url, headers: incoming.headers },
    });
    const fault = faults.take(route.name);
    const sound = await checked(this.#context, `upgrade ${route.name}`, route.checkRequest, request);
    const refused = !sound ? { status: 400 } : fault?.kind === "status" ? fault : undefined;
    if (fault?.kind === "cut" && fault.after < 0) {
      log.add({ dir: "fault", route: route.name, exchange: id, frame: fault });
      socket.resetAndDestroy();
      return;
    }
    if (refused || fault?.kind === "hang") {
      if (fault) log.add({ dir: "fault", route: route.name, exchange: id, frame: fault });
      this.#track(id, socket, route.name, () => ({ byClient: !refused }));
      socket.resume();
      if (!refused) return;
      const { headers, body } = refused as { headers?: Readonly<Record<string, string>> | undefined; body?: unknown };
      return refuseUpgrade(socket, refused.status, headers ?? {}, body ?? route.errorBody?.(refused.status) ?? {});
    }
    const ws = await new Promise<WebSocket>((resolve) => this.#sockets.handleUpgrade(incoming, socket, head, resolve));
    this.#open.add(id);
    const exchange = new SocketExchange({ request, ws, socket, route, id, context: this.#context, fault });
    ws.on("close", (code, reason) => {
      this.#end(id, route.name, { byClient: !exchange.endedByUs, code, reason: reason.toString() });
    });
    await route.connect(exchange);
  }

  #find(kind: Route["kind"], request: StandInRequest): Route | undefined {
    const found = this.#routes.find(
      (route) =>
        route.kind === kind &&
        route.path.test(request.url.pathname) &&
        (route.kind === "socket" || route.method === request.method),
    );
    if (!found) this.#context.violations.push(`nothing answers ${request.method} ${request.url.pathname}`);
    return found;
  }

  #begin(response: ServerResponse, route: string): number {
    const id = ++this.#exchanges;
    this.#track(id, response, route, () => ({ byClient: !response.writableFinished }));
    return id;
  }

  #track(id: number, stream: ServerResponse | Socket, route: string, how: () => ExchangeEnd): void {
    this.#open.add(id);
    stream.on("close", () => this.#end(id, route, how()));
  }

  #end(id: number, route: string, frame: ExchangeEnd): void {
    if (!this.#open.delete(id)) return;
    this.#context.log.add({ dir: "close", route, exchange: id, frame });
    if (this.#open.size === 0) for (const wake of this.#idleWaiters) wake();
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new RoomKitError("queue_full", "a request body of more than 64 MiB");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function requestOf(incoming: IncomingMessage, body: Buffer): StandInRequest {
  let json: unknown;
  try {
    json = body.length > 0 ? JSON.parse(body.toString("utf8")) : undefined;
  } catch {
    json = undefined;
  }
  const url = new URL(incoming.url?.replace(/^\/+/, "/") ?? "/", "http://127.0.0.1");
  return { method: incoming.method ?? "", url, headers: incoming.headers, body, json };
}

function refuseUpgrade(socket: Socket, status: number, headers: Readonly<Record<string, string>>, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const all = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    connection: "close",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "No"}\r\n${lines.join("")}\r\n${text}`);
}
