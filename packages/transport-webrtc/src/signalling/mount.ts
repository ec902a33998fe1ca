import type { IncomingMessage, ServerResponse } from "node:http";
import { assertOptions, errorFields, type Unsubscribe } from "@roomkit/core";
import {
  type ConnectionRequest,
  claimServer,
  type MountableServer,
  mountPath,
  proxyResolver,
  requestUrl,
  sendWebResponse,
  toWebRequest,
} from "@roomkit/transport-utils";
import { readText } from "./body.ts";
import { type RealtimeMountOptions, type SignallingOptions, signallingKinds } from "./options.ts";
import type { SignalledTransport } from "./signalled-transport.ts";
import { Signalling } from "./signalling.ts";

/**
 * Serves a transport's endpoints on a Node server, under `path`: `POST /webrtc/offer`, `GET /config` and, with `ui`, `GET /ui`.
 * Other paths stay with whoever serves them.
 *
 * @returns what takes the endpoints away again; connections go on.
 * @throws RoomKitError `auth_required` without `auth` or `allowAnonymous`, `invalid_option`.
 */
export function mountRealtime(
  server: MountableServer,
  transport: SignalledTransport,
  options: RealtimeMountOptions,
): Unsubscribe {
  assertOptions("mountRealtime", options, { ...signallingKinds, string: ["path"] });
  const { path = "/rtc-realtime" } = options;
  const signalling = new Signalling(transport, options, mountPath(path.replace(/\/+$/, "")));
  // What fails here fails again with the first offer: told now, it is found before that.
  transport
    .warmUp()
    .catch((error: unknown) => transport.logger.warn(errorFields(error), "WebRTC calls cannot be prepared for"));
  return claimServer(server, {
    request(request, response) {
      const client = signalling.gate.describe(request, "http");
      if (!signalling.claims(client.path)) return false;
      serve(signalling, transport, request, response, client).catch(() => response.destroy());
      return true;
    },
  });
}

async function serve(
  signalling: Signalling,
  transport: SignalledTransport,
  request: IncomingMessage,
  response: ServerResponse,
  client: ConnectionRequest,
): Promise<void> {
  const readBody = async (): Promise<string> => (await toWebRequest(request, { clock: transport.clock })).text();
  const web = (): Request => new Request(requestUrl(request), { method: client.method });
  const answer = await signalling.handle(client, readBody, web);
  // Without the rest of the body the connection cannot serve another request.
  if (!request.complete) response.setHeader("connection", "close");
  await sendWebResponse(response, answer);
  if (!request.complete) request.destroy();
}

/**
 * A web-standard handler of the same endpoints, for Hono, h3, Bun, Deno and the like. `address` is the client's, which a
 * web-standard request does not tell; limits per address and the candidate policy want it.
 */
export type FetchHandler = (request: Request, client?: { readonly address?: string | undefined }) => Promise<Response>;

/** Makes that handler; it answers under any base path. @throws RoomKitError `invalid_option`. */
export function fetchHandler(transport: SignalledTransport, options: SignallingOptions): FetchHandler {
  assertOptions("fetchHandler", options, signallingKinds);
  const signalling = new Signalling(transport, options, undefined);
  const resolve = proxyResolver(options.trustedProxies);
  return async (request, client = {}) => {
    const url = new URL(request.url);
    const { address = "" } = client;
    const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
    const described: ConnectionRequest = {
      kind: "http",
      method: request.method,
      path: url.pathname,
      target: url.pathname + url.search,
      query: url.searchParams,
      header,
      address: resolve.address(address, header("x-forwarded-for")),
      // Over HTTP/2 there need be no such header; a web-standard request names the host in its URL.
      host: resolve.host(address, header("host") || url.host, header("x-forwarded-host")),
    };
    return await signalling.handle(
      described,
      () => readText(request, transport.clock),
      () => request,
    );
  };
}
