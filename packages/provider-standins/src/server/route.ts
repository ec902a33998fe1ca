import type { HttpExchange } from "./http-exchange.ts";
import type { RouteBase, SocketRouteBase } from "./route-base.ts";
import type { SocketExchange } from "./socket-exchange.ts";

/** Answers requests. A state machine: it reads the request and says what a vendor would say to it. */
export interface HttpRoute extends RouteBase {
  readonly kind: "http";
  readonly method: string;
  /** Sends the answer with `exchange.send`; the exchange ends with it. */
  respond(exchange: HttpExchange): Promise<void>;
}

/** Serves WebSockets. */
export interface SocketRoute extends SocketRouteBase {
  readonly kind: "socket";
  /** Called once it is open; set `onText` and `onBinary`, send with `send`. */
  connect(exchange: SocketExchange): void | Promise<void>;
}

export type Route = HttpRoute | SocketRoute;
