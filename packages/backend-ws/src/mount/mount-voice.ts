import { assertOptions, errorFields } from "@roomkit/core";
import {
  AcceptPacer,
  checkIceServers,
  claimServer,
  Gate,
  gateKinds,
  type MountableServer,
  mountPath,
} from "@roomkit/transport-utils";
import type { WebSocketBackend } from "../backend.ts";
import type { TelephoneOptions } from "../telephone/options.ts";
import { publicAddress } from "../telephone/public-url.ts";
import type { MountVoiceOptions } from "./options.ts";
import { RequestHandler } from "./requests.ts";
import { UpgradeHandler } from "./upgrade.ts";

/**
 * Puts a backend's endpoints on a server: `{path}/websocket/offer`, `{path}/config`, and where given `{path}/ui`,
 * `{path}/webrtc/offer` and `{path}/telephone/...`. All other paths stay with their owners.
 *
 * @returns the function that takes the endpoints away again; clients that are connected stay.
 * @throws RoomKitError `auth_required` without `auth` or `allowAnonymous: true`, `invalid_option` for a path that is not one.
 */
export function mountVoice(server: MountableServer, backend: WebSocketBackend, options: MountVoiceOptions): () => void {
  assertOptions("mountVoice", options, {
    ...gateKinds,
    string: ["path"],
    number: [...gateKinds.number, "handshakesPerSecond"],
    function: [...gateKinds.function, "sessionFactory", "iceServers"],
    object: ["ui", "webrtc", "about"],
    objects: ["iceServers"],
    members: {
      telephone: { required: ["publicUrl"], string: ["publicUrl"], function: ["auth", "parameters"] },
    },
  });
  const { sessionFactory, handshakesPerSecond } = options;
  const path = mountPath(options.path ?? "/voice");
  checkIceServers(options.iceServers);
  const { clock, logger } = backend;
  const gate = new Gate(options, { clock, logger });
  const pacer = new AcceptPacer({
    clock,
    perSecond: handshakesPerSecond,
  });
  const { telephone } = options;
  const phoneGate =
    telephone && new Gate(telephoneGate(options, telephone), { clock, logger, admission: gate.admission });
  const requests = new RequestHandler({ backend, gate, phoneGate, path, mount: options, clock, logger });
  const upgrades = new Map([[`${path}/websocket/offer`, new UpgradeHandler({ backend, gate, pacer, sessionFactory })]]);
  if (phoneGate) {
    upgrades.set(`${path}/telephone/handler`, new UpgradeHandler({ backend, gate: phoneGate, pacer, sessionFactory }));
  }
  // What fails here fails again with the first offer: told now, it is found before that.
  options.webrtc
    ?.warmUp?.()
    .catch((error: unknown) => logger.warn(errorFields(error), "WebRTC calls cannot be prepared for"));
  return claimServer(server, {
    request: (request, response) => requests.handle(request, response),
    upgrade(request, socket, head) {
      const handler = upgrades.get((request.url ?? "").split("?", 1)[0] as string);
      handler?.handle(request, socket, head);
      return handler !== undefined;
    },
  });
}

function telephoneGate(options: MountVoiceOptions, telephone: TelephoneOptions): MountVoiceOptions {
  publicAddress(telephone.publicUrl, "telephone.publicUrl");
  return telephone.auth ? { ...options, auth: telephone.auth } : options;
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
