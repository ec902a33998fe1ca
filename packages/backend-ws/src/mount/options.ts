import type { GateOptions, IceServers, SessionFactory, Ui } from "@roomkit/transport-utils";
import type { TelephoneOptions } from "../telephone/options.ts";

/** A WebRTC transport that answers offers under the same mount. */
export interface WebRTCDelegate {
  /** @param client `address` is where the request came from, which a web-standard one does not tell. */
  fetch(request: Request, client: { readonly address: string }): Promise<Response>;
  /** Makes what the first call needs; called when it is mounted. */
  warmUp?(): Promise<void>;
}

export interface MountVoiceOptions extends GateOptions {
  /** Where the endpoints go: `{path}/websocket/offer`, `{path}/config`, `{path}/ui`. Default `/voice`. */
  readonly path?: string | undefined;
  /** Makes the session of each client. Without one, sessions must be made before their clients connect. */
  readonly sessionFactory?: SessionFactory | undefined;
  /** Answers `{path}/ui`. Not behind `auth`: a page must load before it can show a credential. */
  readonly ui?: Ui | undefined;
  /** Answers `POST {path}/webrtc/offer`, after the mount's own checks and inside `authContext`. */
  readonly webrtc?: WebRTCDelegate | undefined;
  /** Takes telephone calls too. */
  readonly telephone?: TelephoneOptions | undefined;
  /** STUN and TURN servers told to clients by `{path}/config`; a function names them for each client. */
  readonly iceServers?: IceServers | undefined;
  /** Told to clients by `{path}/config`, for people to read: which recogniser, model and voice serve them, for instance. */
  readonly about?: Readonly<Record<string, string>> | undefined;
  /** Handshakes a second, sustained; more wait their turn. Default 1,000. */
  readonly handshakesPerSecond?: number | undefined;
}
