import type { IncomingMessage } from "node:http";
import type { ProxyResolver } from "../admission/address.ts";
import type { ConnectionRequest } from "../request.ts";
import { requestHost, requestUrl } from "./web.ts";

/** What a Node request says of the client. */
export function connectionRequest(
  request: IncomingMessage,
  kind: ConnectionRequest["kind"],
  resolve: ProxyResolver,
): ConnectionRequest {
  const url = requestUrl(request);
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  const socketAddress = request.socket.remoteAddress ?? "";
  return {
    kind,
    method: request.method ?? "GET",
    path: url.pathname,
    target: request.url ?? "",
    query: url.searchParams,
    header,
    address: resolve.address(socketAddress, header("x-forwarded-for")),
    host: resolve.host(socketAddress, requestHost(request), header("x-forwarded-host")),
  };
}
