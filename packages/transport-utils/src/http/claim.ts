import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import type { Duplex } from "node:stream";
import { RoomKitError, type Unsubscribe } from "@roomkit/core";
import { servePlain } from "./plain-request.ts";

/** What endpoints can be mounted on; HTTP/2 by way of Node's compatibility API. */
export type MountableServer = Server | Http2Server | Http2SecureServer;

/** What a mount wants of a server. Each handler says whether it took what it was shown; if not, its owner gets it. */
export interface ServerClaim {
  request?(request: IncomingMessage, response: ServerResponse): boolean;
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

interface Router {
  readonly claims: ServerClaim[];
  stop(): void;
}

const routers = new WeakMap<MountableServer, Router>();
/** Known to every copy of this package, so that copies recognise each other's listener. */
const OURS: unique symbol = Symbol.for("roomkit.upgrade-listener") as never;

/**
 * Shows a server's requests and upgrades to `claim` before anybody else. Listeners of `upgrade` are not enough for that: other
 * WebSocket libraries answer every socket they see, also ours, with an error or a second handshake. So what is claimed is taken
 * before the event is emitted, and all else reaches its listeners as ever. What is not claimed and nobody else listens for
 * is answered 404: Node would leave it hanging.
 *
 * @returns the function that gives everything back.
 * @throws RoomKitError `invalid_option` for what is no server, such as an application of Express.
 */
export function claimServer(target: MountableServer, claim: ServerClaim): Unsubscribe {
  // Both emit the same events, with requests and responses of the same methods.
  const server = target as Server;
  // An application of Express emits events as well; it has no address.
  if (typeof server?.listenerCount !== "function" || typeof server.address !== "function")
    throw new RoomKitError("invalid_option", "server must be one of node:http, node:https or node:http2");
  let router = routers.get(server);
  if (!router) {
    router = startRouter(server);
    routers.set(server, router);
  }
  const { claims, stop } = router;
  claims.push(claim);
  return () => {
    const index = claims.indexOf(claim);
    if (index < 0) return;
    claims.splice(index, 1);
    if (claims.length > 0) return;
    stop();
    routers.delete(server);
  };
}

function startRouter(server: Server): Router {
  const claims: ServerClaim[] = [];
  const emit = server.emit;
  const hadOwnEmit = Object.hasOwn(server, "emit");
  const route = function (this: Server, event: string | symbol, ...args: unknown[]): boolean {
    if (event === "request") {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      for (const claim of claims) if (claim.request?.(request, response)) return true;
    } else if (event === "upgrade") {
      const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer];
      for (const claim of claims) if (claim.upgrade?.(request, socket, head)) return true;
    }
    const heard = Reflect.apply(emit, this, [event, ...args]) as boolean;
    // An HTTP/2 application may answer streams, and never know of requests.
    if (!heard && event === "request" && server.listenerCount("stream") <= streams) {
      answerNotFound(args[1] as ServerResponse);
    }
    return heard;
  };
  // Node emits upgrades only when somebody listens; this listener sees those that nobody claimed.
  const onUpgrade = (request: IncomingMessage, socket: Duplex): void => {
    const others = server.listeners("upgrade").some((listener) => !(OURS in listener));
    if (others || servePlain(server, request, socket)) return;
    refuseUpgrade(socket, 404);
  };
  Object.defineProperty(onUpgrade, OURS, { value: true });
  // HTTP/2 makes requests of its streams only once somebody has listened for any.
  const others = server.listenerCount("stream");
  const once = (): void => {};
  server.on("request", once).off("request", once);
  const streams = server.listenerCount("stream") - others;
  server.emit = route as Server["emit"];
  server.on("upgrade", onUpgrade);
  return {
    claims,
    stop() {
      server.off("upgrade", onUpgrade);
      // Somebody who wrapped it after us keeps working: with no claims ours passes everything on.
      if (server.emit !== (route as Server["emit"])) return;
      if (hadOwnEmit) server.emit = emit;
      else Reflect.deleteProperty(server, "emit");
    },
  };
}

/** The answer to what nobody serves. */
function answerNotFound(response: ServerResponse): void {
  response.writeHead(404, { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
  response.end("Not found.\n");
}

const STATUS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

/** Answers an upgrade with an HTTP error and ends its socket. `code` goes into the body. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  options: { readonly code?: string | undefined; readonly headers?: Readonly<Record<string, string>> | undefined } = {},
): void {
  // A client that resets its connection just now must not raise an error nobody hears.
  socket.on("error", () => {});
  if (socket.destroyed) return;
  const body = options.code === undefined ? "" : JSON.stringify({ error: options.code });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS[status] ?? "Error"}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
