import type { IncomingMessage } from "node:http";
import { type Clock, type Logger, RoomKitError } from "@roomkit/core";
import { type ProxyResolver, proxyResolver } from "../admission/address.ts";
import { Admission, type AdmissionOptions } from "../admission/admission.ts";
import { type OriginProblem, type Origins, originProblem } from "../admission/origins.ts";
import { type Authenticator, type AuthResult, authenticate } from "../auth/authenticator.ts";
import { authContext } from "../auth/context.ts";
import type { ConnectionRequest } from "../request.ts";
import { connectionRequest } from "./connection-request.ts";
import { jsonResponse } from "./web.ts";

/** Refused pages told of, in all. */
const MOST_TOLD = 100;
const MOST_LOGGED_CHARS = 200;

/** Who may use a mount. */
export interface GateOptions extends AdmissionOptions {
  /** Says who a client is. Required, unless `allowAnonymous`. */
  readonly auth?: Authenticator | undefined;
  /** Let everybody in, with empty metadata. */
  readonly allowAnonymous?: boolean | undefined;
  /** How long `auth` may take, ms. Default 5,000. */
  readonly authTimeoutMs?: number | undefined;
  /** Pages that may connect. Default: pages of the server's own host, and pages of this machine to this machine. */
  readonly origins?: Origins | undefined;
  /** Addresses or CIDR blocks of proxies whose `X-Forwarded-For` and `X-Forwarded-Host` are believed. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** What each of them is, for `assertOptions`. */
export const gateKinds = {
  oneOf: { origins: ["*"] },
  number: ["authTimeoutMs", "concurrencyLimit", "perAddressLimit"],
  boolean: ["allowAnonymous"],
  function: ["auth", "origins"],
  strings: ["origins", "trustedProxies"],
} as const;

/** The checks in front of a mount. Everything is refused here before a session, a peer or a timer exists for it. */
export class Gate {
  readonly admission: Admission;
  readonly #options: GateOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #resolve: ProxyResolver;
  readonly #behindMount: boolean;
  /** Pages that were refused and told of already. */
  readonly #toldOf = new Set<string>();

  /** @throws RoomKitError `auth_required` without `auth` and `allowAnonymous`, `invalid_option`. */
  constructor(
    options: GateOptions,
    context: {
      readonly clock: Clock;
      readonly logger: Logger;
      /** Places shared with another gate. */
      readonly admission?: Admission | undefined;
      /** Another mount stands in front, which has checked where requests come from and says in `authContext` who asks. */
      readonly behindMount?: boolean | undefined;
    },
  ) {
    this.#behindMount = context.behindMount ?? false;
    if (!options.auth && options.allowAnonymous !== true && !this.#behindMount) {
      throw new RoomKitError("auth_required", "mounting needs `auth`, or `allowAnonymous: true` to let everybody in");
    }
    this.#options = options;
    this.#clock = context.clock;
    this.#logger = context.logger;
    this.admission = context.admission ?? new Admission(options);
    this.#resolve = proxyResolver(options.trustedProxies);
  }

  /** What a Node request says of its client. */
  describe(request: IncomingMessage, kind: ConnectionRequest["kind"]): ConnectionRequest {
    return connectionRequest(request, kind, this.#resolve);
  }

  /** Why the page a request comes from may not connect; undefined when it may. Logged once for each page and host. */
  originProblem(request: ConnectionRequest): OriginProblem | undefined {
    const problem = this.#originProblem(request);
    if (problem) this.#tell(problem, request);
    return problem;
  }

  #originProblem(request: ConnectionRequest): OriginProblem | undefined {
    if (this.#behindMount) return undefined;
    return originProblem(request.header("origin"), request.host, this.#options.origins);
  }

  /** Otherwise whoever sets up a proxy sees pages refused and no reason. Bounded: origins come from outside. */
  #tell(problem: OriginProblem, request: ConnectionRequest): void {
    const origin = request.header("origin")?.slice(0, MOST_LOGGED_CHARS);
    const host = request.host?.slice(0, MOST_LOGGED_CHARS);
    const key = `${origin} ${host}`;
    if (this.#toldOf.has(key) || this.#toldOf.size >= MOST_TOLD) return;
    this.#toldOf.add(key);
    const why =
      problem === "host_missing"
        ? "a page is refused: the request names no host (does a proxy drop it?), so allow the page by `origins`"
        : "a page is refused: it is not of this host; behind a proxy see `trustedProxies`, otherwise `origins`";
    this.#logger.warn({ code: problem, origin, host }, why);
  }

  /** Never rejects. */
  async authenticate(request: ConnectionRequest, signal?: AbortSignal): Promise<AuthResult> {
    const { auth, authTimeoutMs } = this.#options;
    if (this.#behindMount) {
      const metadata = authContext.get();
      return metadata ? { ok: true, metadata } : { ok: false, status: 401, code: "unauthorized" };
    }
    if (!auth) return { ok: true, metadata: {} };
    return authenticate(auth, request, {
      clock: this.#clock,
      logger: this.#logger,
      timeoutMs: authTimeoutMs,
      signal,
    });
  }

  /**
   * What an endpoint says before it looks at who asks: `answer` to a page that may not, a preflight or a method it does not have;
   * otherwise the headers that its own answer must have.
   */
  screen(
    request: ConnectionRequest,
    method: "GET" | "POST",
  ): { readonly answer?: Response | undefined; readonly cors: Readonly<Record<string, string>> } {
    const cors = this.corsHeaders(request);
    const problem = this.originProblem(request);
    if (problem) return { answer: jsonResponse({ error: problem }, 403), cors };
    const methods = `${method}, OPTIONS`;
    if (request.method === "OPTIONS") return { answer: preflight(methods, cors), cors };
    if (request.method === method) return { cors };
    return { answer: jsonResponse({ error: "method_not_allowed" }, 405, { ...cors, allow: methods }), cors };
  }

  /** The headers that let a page of an allowed origin read an answer. */
  corsHeaders(request: ConnectionRequest): Record<string, string> {
    const origin = request.header("origin");
    if (origin === undefined || this.#behindMount || this.#originProblem(request)) return {};
    return { "access-control-allow-origin": origin, "access-control-allow-credentials": "true", vary: "origin" };
  }
}

/** What a browser asks before it sends a page's request to another host. */
function preflight(methods: string, cors: Readonly<Record<string, string>>): Response {
  const headers = {
    ...cors,
    "access-control-allow-methods": methods,
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
  };
  return new Response(null, { status: 204, headers });
}
