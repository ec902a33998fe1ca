import type { IncomingMessage } from "node:http";
import type { AddressResolver } from "../admission/address.ts";
import type { ConnectionRequest } from "../request.ts";
import { requestUrl } from "./web.ts";

/** What a Node request says of the client. */
export function connectionRequest(
  request: IncomingMessage,
  kind: ConnectionRequest["kind"],
  resolveAddress: AddressResolver,
): ConnectionRequest {
  const url = requestUrl(request);
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
  return {
    kind,
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    header,
    address: resolveAddress(request.socket.remoteAddress ?? "", header("x-forwarded-for")),
  };
}
