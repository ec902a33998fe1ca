import { type OptionKinds, RoomKitError } from "@roomkit/core";
import {
  checkIceServers,
  type GateOptions,
  gateKinds,
  type IceServers,
  type SessionFactory,
  type Ui,
} from "@roomkit/transport-utils";

/** How offers are answered, wherever they come in. */
export interface SignallingOptions extends GateOptions {
  /** STUN and TURN servers clients are told of in `/config`; a function names them for each. */
  readonly iceServers?: IceServers | undefined;
  /** Makes the voice session of each client. Without it the application starts sessions in `onClientConnected`. */
  readonly sessionFactory?: SessionFactory | undefined;
  /** Serves `{path}/ui`. Not behind `auth`: a page must load before it can show a credential. */
  readonly ui?: Ui | undefined;
}

/** What each of them is, for `assertOptions`. */
export const signallingKinds: OptionKinds<SignallingOptions> = {
  ...gateKinds,
  function: [...gateKinds.function, "sessionFactory", "iceServers"],
  object: ["ui"],
  objects: ["iceServers"],
};

export interface RealtimeMountOptions extends SignallingOptions {
  /** Where the endpoints are. Default `/rtc-realtime`. */
  readonly path?: string | undefined;
}

/** @throws RoomKitError `invalid_option` */
export function checkSignallingOptions(options: SignallingOptions): void {
  if (options.auth && options.allowAnonymous)
    throw new RoomKitError("invalid_option", "give either auth or allowAnonymous");
  checkIceServers(options.iceServers);
}
