import { RoomKitError } from "@roomkit/core";
import type { GateOptions, SessionFactory } from "@roomkit/transport-utils";
import { checkIceServers, type IceServer } from "./ice-servers.ts";

/** A page served under the mount: `playground()` of `@roomkit/playground`, or your own. `undefined` means not found. */
export interface MountedUi {
  /** @param basePath where the transport is mounted. */
  fetch(request: Request, basePath: string): Response | undefined | Promise<Response | undefined>;
}

/** How offers are answered, wherever they come in. */
export interface SignallingOptions extends GateOptions {
  /** STUN and TURN servers clients are told of in `/config`. */
  readonly iceServers?: readonly IceServer[];
  /** Makes the voice session of each client. Without it the application starts sessions in `onClientConnected`. */
  readonly sessionFactory?: SessionFactory;
  /** Serves `{path}/ui`. Not behind `auth`: a page must load before it can show a credential. */
  readonly ui?: MountedUi;
}

export interface RealtimeMountOptions extends SignallingOptions {
  /** Where the endpoints are. Default `/rtc-realtime`. */
  readonly path?: string;
}

/** @throws RoomKitError `invalid_option` */
export function checkSignallingOptions(options: SignallingOptions): void {
  if (options.auth && options.allowAnonymous)
    throw new RoomKitError("invalid_option", "give either auth or allowAnonymous");
  checkIceServers(options.iceServers ?? []);
}

/** Without a trailing slash; begins with one. @throws RoomKitError `invalid_option` */
export function mountPath(path = "/rtc-realtime"): string {
  const trimmed = path.replace(/\/+$/, "");
  if (!/^(?:\/[\w.~-]+)*$/.test(trimmed)) throw new RoomKitError("invalid_option", "path is like /rtc-realtime");
  return trimmed;
}
