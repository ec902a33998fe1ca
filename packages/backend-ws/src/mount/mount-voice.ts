import type { Server } from "node:http";
import { RoomKitError } from "@roomkit/core";
import { AcceptPacer, claimServer, Gate } from "@roomkit/transport-utils";
import type { WebSocketBackend } from "../backend.ts";
import type { MountVoiceOptions } from "./options.ts";
import { RequestHandler } from "./requests.ts";
import { UpgradeHandler } from "./upgrade.ts";

/**
 * Puts a backend's endpoints on a server: `{path}/websocket/offer`, `{path}/config`, and where given `{path}/ui` and
 * `{path}/webrtc/offer`. All other paths stay with their owners.
 *
 * @returns the function that takes the endpoints away again; clients that are connected stay.
 * @throws RoomKitError `auth_required` without `auth` or `allowAnonymous: true`, `invalid_option` for a path that is not one.
 */
export function mountVoice(server: Server, backend: WebSocketBackend, options: MountVoiceOptions): () => void {
  const { path = "/voice", sessionFactory, handshakesPerSecond } = options;
  if (!/^(\/[\w.~-]+)*$/.test(path))
    throw new RoomKitError("invalid_option", "path is like /voice, without a slash at its end");
  const { clock, logger } = backend;
  const gate = new Gate(options, { clock, logger });
  const pacer = new AcceptPacer({
    clock,
    ...(handshakesPerSecond !== undefined && { perSecond: handshakesPerSecond }),
  });
  const upgrades = new UpgradeHandler({ backend, gate, pacer, sessionFactory });
  const requests = new RequestHandler({ backend, gate, path, mount: options, clock, logger });
  return claimServer(server, {
    request: (request, response) => requests.handle(request, response),
    upgrade(request, socket, head) {
      if ((request.url ?? "").split("?", 1)[0] !== `${path}/websocket/offer`) return false;
      upgrades.handle(request, socket, head);
      return true;
    },
  });
}

/**
 * Options for `http.createServer` that close connections whose headers never end within ten seconds: Node's own defaults wait a
 * minute and look only every thirty seconds.
 */
export const voiceServerOptions = {
  headersTimeout: 8_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
};
