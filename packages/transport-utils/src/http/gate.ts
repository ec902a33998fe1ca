import type { IncomingMessage } from "node:http";
import { type Clock, type Logger, RoomKitError } from "@roomkit/core";
import { type AddressResolver, addressResolver } from "../admission/address.ts";
import { Admission, type AdmissionOptions } from "../admission/admission.ts";
import { type Origins, originAllowed } from "../admission/origins.ts";
import { type Authenticator, type AuthResult, authenticate } from "../auth/authenticator.ts";
import type { ConnectionRequest } from "../request.ts";
import { connectionRequest } from "./connection-request.ts";

/** Who may use a mount. */
export interface GateOptions extends AdmissionOptions {
  /** Says who a client is. Required, unless `allowAnonymous`. */
  readonly auth?: Authenticator;
  /** Let everybody in, with empty metadata. */
  readonly allowAnonymous?: boolean;
  /** How long `auth` may take, ms. Default 5,000. */
  readonly authTimeoutMs?: number;
  /** Pages that may connect. Default: pages of the server's own host, and pages of this machine to this machine. */
  readonly origins?: Origins;
  /** Addresses or CIDR blocks of proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
}

/** The checks in front of a mount. Everything is refused here before a session, a peer or a timer exists for it. */
export class Gate {
  readonly admission: Admission;
  readonly #options: GateOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #resolveAddress: AddressResolver;

  /** @throws RoomKitError `auth_required` without `auth` and `allowAnonymous`, `invalid_option`. */
  constructor(
    options: GateOptions,
    context: {
      readonly clock: Clock;
      readonly logger: Logger /** Places shared with another gate. */;
      readonly admission?: Admission;
    },
  ) {
    if (!options.auth && options.allowAnonymous !== true) {
      throw new RoomKitError("auth_required", "mounting needs `auth`, or `allowAnonymous: true` to let everybody in");
    }
    this.#options = options;
    this.#clock = context.clock;
    this.#logger = context.logger;
    this.admission = context.admission ?? new Admission(options);
    this.#resolveAddress = addressResolver(options.trustedProxies);
  }

  /** What a Node request says of its client. */
  describe(request: IncomingMessage, kind: ConnectionRequest["kind"]): ConnectionRequest {
    return connectionRequest(request, kind, this.#resolveAddress);
  }

  originAllowed(request: ConnectionRequest): boolean {
    return originAllowed(request.header("origin"), request.header("host"), this.#options.origins);
  }

  /** Never rejects. */
  async authenticate(request: ConnectionRequest, signal?: AbortSignal): Promise<AuthResult> {
    const { auth, authTimeoutMs } = this.#options;
    if (!auth) return { ok: true, metadata: {} };
    return authenticate(auth, request, {
      clock: this.#clock,
      logger: this.#logger,
      ...(authTimeoutMs !== undefined && { timeoutMs: authTimeoutMs }),
      ...(signal && { signal }),
    });
  }

  /** The headers that let a page of an allowed origin read an answer. */
  corsHeaders(request: ConnectionRequest): Record<string, string> {
    const origin = request.header("origin");
    if (origin === undefined || !this.originAllowed(request)) return {};
    return { "access-control-allow-origin": origin, "access-control-allow-credentials": "true", vary: "origin" };
  }
}
