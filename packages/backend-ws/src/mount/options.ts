import type { ConnectionRequest, GateOptions, SessionFactory } from "@roomkit/transport-utils";

import type { TelephoneOptions } from "../telephone/options.ts";

/** A page served under the mount: `playground()` of `@roomkit/playground`, or your own. `undefined` means not found. */
export interface Ui {
  fetch(request: Request, basePath: string): Promise<Response | undefined>;
}

/** A WebRTC transport that answers offers under the same mount. */
export interface WebRTCDelegate {
  /** @param client `address` is where the request came from, which a web-standard one does not tell. */
  fetch(request: Request, client: { readonly address: string }): Promise<Response>;
  /** Makes what the first call needs; called when it is mounted. */
  warmUp?(): Promise<void>;
}

export interface MountVoiceOptions extends GateOptions {
  /** Where the endpoints go: `{path}/websocket/offer`, `{path}/config`, `{path}/ui`. Default `/voice`. */
  readonly path?: string;
  /** Makes the session of each client. Without one, sessions must be made before their clients connect. */
  readonly sessionFactory?: SessionFactory;
  /** Answers `{path}/ui`. Not behind `auth`: a page must load before it can show a credential. */
  readonly ui?: Ui;
  /** Answers `POST {path}/webrtc/offer`, after the mount's own checks and inside `authContext`. */
  readonly webrtc?: WebRTCDelegate;
  /** Takes telephone calls too. */
  readonly telephone?: TelephoneOptions;
  /** ICE servers told to clients by `{path}/config`; a function may make short-lived credentials. */
  readonly iceServers?:
    | readonly IceServer[]
    | ((request: ConnectionRequest) => readonly IceServer[] | Promise<readonly IceServer[]>);
  /** Told to clients by `{path}/config`, for people to read: which recogniser, model and voice serve them, for instance. */
  readonly about?: Readonly<Record<string, string>>;
  /** Handshakes a second, sustained; more wait their turn. Default 1,000. */
  readonly handshakesPerSecond?: number;
}

/** As in `RTCConfiguration`. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}
