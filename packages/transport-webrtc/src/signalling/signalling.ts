import { createHash } from "node:crypto";
import { errorFields, type Metadata, RoomKitError } from "@roomkit/core";
import { parseSignalRequest, type SignalAnswer } from "@roomkit/protocol";
import { authContext, type ConnectionRequest, Gate, jsonResponse, tokenOf } from "@roomkit/transport-utils";
import type { ClientContext } from "../transport/offers.ts";
import { realtimeConfig } from "./config.ts";
import { clientIceServers } from "./ice-servers.ts";
import { checkSignallingOptions, type SignallingOptions } from "./options.ts";
import type { SignalledTransport } from "./signalled-transport.ts";

/** A body's text, read when it is wanted. @throws RoomKitError `payload_too_large`, `timeout`, `aborted`. */
export type BodyReader = () => Promise<string>;

interface Endpoint {
  readonly kind: "offer" | "config" | "ui";
  /** Where the transport is mounted. */
  readonly base: string;
}

/** When a server that can take no call now is worth asking again, s: what keeps it from that is measured by the second. */
const RETRY_AFTER_S = "2";

const METHODS = { offer: "POST, OPTIONS", config: "GET, OPTIONS", ui: "GET, HEAD" } as const;

/** The HTTP side of a transport: offers, candidates, the clients' configuration and the built page. Knows no server. */
export class Signalling {
  readonly gate: Gate;
  readonly #transport: SignalledTransport;
  readonly #options: SignallingOptions;
  readonly #base: string | undefined;
  /** Another mount stands in front, which has checked who asks and says so in `authContext`. */
  readonly #behindMount: boolean;

  /**
   * @param base where it is mounted; undefined: wherever a request's path says.
   * @throws RoomKitError `invalid_option`, and with a `base` `auth_required`.
   */
  constructor(transport: SignalledTransport, options: SignallingOptions, base: string | undefined) {
    checkSignallingOptions(options);
    this.#behindMount = base === undefined && !options.auth && !options.allowAnonymous;
    const gateOptions = this.#behindMount ? { ...options, allowAnonymous: true } : options;
    this.gate = new Gate(gateOptions, { clock: transport.clock, logger: transport.logger });
    this.#transport = transport;
    this.#options = options;
    this.#base = base;
  }

  /** Whether a path (without query) is one of this mount. */
  claims(path: string): boolean {
    return this.#endpoint(path) !== undefined;
  }

  /** Answers a request to one of the mount's paths. Never throws. */
  async handle(request: ConnectionRequest, readBody: BodyReader, web: () => Request): Promise<Response> {
    const endpoint = this.#endpoint(request.path);
    if (!endpoint) return jsonResponse({ error: "not_found" }, 404);
    const { kind, base } = endpoint;
    const { method } = request;
    if (kind === "ui") return method === "GET" || method === "HEAD" ? await this.#ui(web, base) : notAllowed(kind, {});
    const cors = this.#behindMount ? {} : this.gate.corsHeaders(request);
    const problem = this.#behindMount ? undefined : this.gate.originProblem(request);
    if (problem) return jsonResponse({ error: problem }, 403);
    if (method === "OPTIONS") {
      const allow = {
        "access-control-allow-methods": METHODS[kind],
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": "600",
      };
      return new Response(null, { status: 204, headers: { ...cors, ...allow } });
    }
    if (!METHODS[kind].startsWith(method)) return notAllowed(kind, cors);
    const client = await this.#client(request);
    if ("status" in client) return jsonResponse({ error: client.code }, client.status, cors);
    if (kind === "config") return jsonResponse(this.#config(client, base), 200, cors);
    const { body, status } = await this.#signal(request, client, readBody);
    return jsonResponse(body, status, status === 503 ? { ...cors, "retry-after": RETRY_AFTER_S } : cors);
  }

  #endpoint(path: string): Endpoint | undefined {
    const match = /^(.*?)(\/webrtc\/offer|\/config|\/ui(?:\/.*)?)$/.exec(path);
    if (!match) return undefined;
    const [, base = "", rest = ""] = match;
    if (this.#base !== undefined && base !== this.#base) return undefined;
    if (rest === "/webrtc/offer") return { kind: "offer", base };
    if (rest === "/config") return { kind: "config", base };
    return this.#options.ui ? { kind: "ui", base } : undefined;
  }

  async #ui(web: () => Request, base: string): Promise<Response> {
    try {
      return (await this.#options.ui?.fetch(web(), base)) ?? jsonResponse({ error: "not_found" }, 404);
    } catch (error) {
      this.#transport.logger.error(errorFields(error), "the built page failed");
      return jsonResponse({ error: "internal" }, 500);
    }
  }

  async #client(
    request: ConnectionRequest,
  ): Promise<ClientContext | { readonly status: number; readonly code: string }> {
    const { address } = request;
    const outer = this.#behindMount ? authContext.get() : undefined;
    if (this.#behindMount && !outer) return { status: 401, code: "unauthorized" };
    const result = outer ? { ok: true as const, metadata: outer } : await this.gate.authenticate(request);
    if (!result.ok) return result;
    return { metadata: result.metadata, identity: identityOf(request, result.metadata), address };
  }

  async #signal(
    request: ConnectionRequest,
    client: ClientContext,
    readBody: BodyReader,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    // A form or a plain-text post needs no leave of the browser to come from anywhere; JSON does.
    if (!/^application\/json\b/i.test(request.header("content-type") ?? "")) {
      return { status: 400, body: { error: "bad_message", message: "the body is application/json" } };
    }
    try {
      const parsed = parseSignalRequest(await readBody());
      if (!parsed.ok) {
        const status = parsed.code === "message_too_large" ? 413 : 400;
        return { status, body: { error: parsed.code, message: parsed.message } };
      }
      const { message } = parsed;
      if (message.type === "ice-candidate") {
        const answer = this.#transport.candidate(message, client);
        return answer === "forbidden" ? { status: 403, body: { error: "forbidden" } } : { status: 200, body: answer };
      }
      const admitted = this.gate.admission.admit(client.address);
      if (!admitted.ok) return { status: 200, body: refusal(admitted.code, admitted.limit) };
      const { sessionFactory } = this.#options;
      const answer = await this.#transport.offer(message, client, {
        release: admitted.release,
        ...(sessionFactory ? { sessionFactory } : {}),
      });
      return { status: 200, body: answer };
    } catch (error) {
      return this.#problem(error);
    }
  }

  #problem(error: unknown): { readonly status: number; readonly body: unknown } {
    if (RoomKitError.is(error)) {
      const { code, message } = error;
      if (code === "invalid_sdp") return { status: 400, body: { error: code, message } };
      if (code === "sdp_too_large" || code === "payload_too_large") {
        return { status: 413, body: { error: code, message } };
      }
      if (code === "timeout") return { status: 408, body: { error: "request_timeout", message } };
      if (code === "aborted") return { status: 400, body: { error: "aborted" } };
      if (code === "closed") return { status: 503, body: refusal("draining", undefined) };
      if (error.retryable) return { status: 503, body: refusal(code, undefined) };
    }
    this.#transport.logger.error(errorFields(error), "an offer failed");
    return { status: 500, body: { error: "internal" } };
  }

  #config(client: ClientContext, path: string): unknown {
    const { settings, clock } = this.#transport;
    // Names the client to the TURN server without telling it who that is.
    const user = createHash("sha256").update(client.identity).digest("hex").slice(0, 16);
    return realtimeConfig(settings, {
      path,
      ui: this.#options.ui !== undefined,
      concurrencyLimit: this.gate.admission.limit,
      iceServers: clientIceServers(this.#options.iceServers ?? [], clock, user),
    });
  }
}

function notAllowed(kind: Endpoint["kind"], headers: Readonly<Record<string, string>>): Response {
  return jsonResponse({ error: "method_not_allowed" }, 405, { ...headers, allow: METHODS[kind] });
}

function refusal(error: string, limit: number | undefined): SignalAnswer {
  return { status: "failed", meta: { error, ...(limit === undefined ? {} : { limit }) } };
}

/** Two requests with one token are of one client; without tokens (cookies), those of which authentication says the same. */
function identityOf(request: ConnectionRequest, metadata: Metadata): string {
  const token = tokenOf(request);
  // Hashed, so that no table holds anybody's token.
  const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
  if (token !== undefined) return `token ${digest(token)}`;
  return `metadata ${digest(JSON.stringify(metadata, replacer))}`;
}

/** Writes objects with their keys in order, and what JSON cannot say as text. */
function replacer(_key: string, value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
