import { RoomKitError } from "@roomkit/core";
import type { AdmissionOptions, Authenticator, Origins } from "@roomkit/transport-utils";
import type { SessionFactory } from "../transport/webrtc-transport.ts";
import { checkIceServers, type IceServer } from "./ice-servers.ts";

/** A built page: anything with this method (`playground()` of `@roomkit/playground`). */
export interface MountedUi {
  /** @param basePath where the transport is mounted. */
  fetch(request: Request, basePath: string): Response | Promise<Response>;
}

export interface RealtimeMountOptions extends AdmissionOptions {
  /** Where the endpoints are. Default `/rtc-realtime`. */
  readonly path?: string;
  /** Says who a client is, for the offer, every candidate and the configuration; before anything is made. */
  readonly auth?: Authenticator;
  /** Serve everybody. Without `auth` this must be said. */
  readonly allowAnonymous?: boolean;
  /** How long `auth` may take, ms. Default 5,000. */
  readonly authTimeoutMs?: number;
  /** STUN and TURN servers clients are told of in `/config`. */
  readonly iceServers?: readonly IceServer[];
  /** Makes the voice session of each client. Without it the application starts sessions in `onClientConnected`. */
  readonly sessionFactory?: SessionFactory;
  /** Serves `{path}/ui`. */
  readonly ui?: MountedUi;
  /** Pages that may connect. Default: those of this host, and between addresses of this machine. */
  readonly origins?: Origins;
  /** Proxies whose `X-Forwarded-For` is believed: addresses or CIDR blocks. Default none. */
  readonly trustedProxies?: readonly string[];
}

/** @throws RoomKitError `auth_required`, `invalid_option` */
export function checkMountOptions(options: RealtimeMountOptions): void {
  if (!options.auth && options.allowAnonymous !== true) {
    throw new RoomKitError("auth_required", "give auth, or allowAnonymous: true to serve everybody");
  }
  if (options.auth && options.allowAnonymous)
    throw new RoomKitError("invalid_option", "give either auth or allowAnonymous");
  checkIceServers(options.iceServers ?? []);
}

/** `/` and one trailing slash away; always begins with a slash. @throws RoomKitError `invalid_option` */
export function mountPath(path = "/rtc-realtime"): string {
  const trimmed = path.replace(/\/+$/, "");
  if (!/^(?:\/[\w.~-]+)*$/.test(trimmed)) throw new RoomKitError("invalid_option", "path is like /rtc-realtime");
  return trimmed;
}
