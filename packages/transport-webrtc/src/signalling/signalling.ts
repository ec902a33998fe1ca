import { errorFields, RoomKitError } from "@roomkit/core";
import { parseSignalRequest, type SignalAnswer } from "@roomkit/protocol";
import {
  type ConnectionRequest,
  clientIceServers,
  clientIdentity,
  Gate,
  jsonResponse,
  uiResponse,
} from "@roomkit/transport-utils";
import type { ClientContext } from "../transport/offers.ts";
import { realtimeConfig } from "./config.ts";
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

const METHODS = { offer: "POST", config: "GET" } as const;

/** The HTTP side of a transport: offers, candidates, the clients' configuration and the built page. Knows no server. */
export class Signalling {
  readonly gate: Gate;
  readonly #transport: SignalledTransport;
  readonly #options: SignallingOptions;
  readonly #base: string | undefined;

  /**
   * @param base where it is mounted; undefined: wherever a request's path says.
   * @throws RoomKitError `invalid_option`, and with a `base` `auth_required`.
   */
  constructor(transport: SignalledTransport, options: SignallingOptions, base: string | undefined) {
    checkSignallingOptions(options);
    const { clock, logger } = transport;
    // Where no base is given another mount may stand in front.
    const behindMount = base === undefined && !options.auth && !options.allowAnonymous;
    this.gate = new Gate(options, { clock, logger, behindMount });
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
    if (kind === "ui") return await this.#ui(request.method, web, base);
    const { answer, cors } = this.gate.screen(request, METHODS[kind]);
    if (answer) {
      const problem = kind === "offer" && answer.status === 403 ? this.gate.originProblem(request) : undefined;
      if (problem) this.#transport.noteRefusal(problem);
      return answer;
    }
    const client = await this.#client(request);
    if ("status" in client && kind === "offer") this.#transport.noteRefusal(client.code);
    if ("status" in client) return jsonResponse({ error: client.code }, client.status, cors);
    if (kind === "config") return await this.#config(request, client, base, cors);
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

  async #ui(method: string, web: () => Request, base: string): Promise<Response> {
    try {
      return await uiResponse(this.#options.ui, base, method, web);
    } catch (error) {
      this.#transport.logger.error(errorFields(error), "the built page failed");
      return jsonResponse({ error: "internal" }, 500);
    }
  }

  async #client(
    request: ConnectionRequest,
  ): Promise<ClientContext | { readonly status: number; readonly code: string }> {
    const result = await this.gate.authenticate(request);
    if (!result.ok) return result;
    const { metadata } = result;
    return { metadata, identity: clientIdentity(request, metadata), address: request.address };
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
        const answer = await this.#transport.candidate(message, client);
        return answer === "forbidden" ? { status: 403, body: { error: "forbidden" } } : { status: 200, body: answer };
      }
      const admitted = this.gate.admission.admit(client.address);
      if (!admitted.ok) {
        this.#transport.noteRefusal(admitted.code);
        return { status: 200, body: refusal(admitted.code, admitted.limit) };
      }
      const { sessionFactory } = this.#options;
      const answer = await this.#transport.offer(message, client, {
        release: admitted.release,
        sessionFactory,
      });
      if ("status" in answer && answer.status === "failed") this.#transport.noteRefusal(answer.meta.error);
      return { status: 200, body: answer };
    } catch (error) {
      this.#transport.noteRefusal(RoomKitError.from(error).code);
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

  async #config(
    request: ConnectionRequest,
    { metadata }: ClientContext,
    path: string,
    cors: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { settings, clock, logger } = this.#transport;
    const { iceServers, ui } = this.#options;
    try {
      const servers = await clientIceServers(iceServers, { request, metadata }, clock);
      const { limit } = this.gate.admission;
      const mount = { path, ui: ui !== undefined, concurrencyLimit: limit, iceServers: servers };
      return jsonResponse(realtimeConfig(settings, mount), 200, cors);
    } catch (error) {
      logger.error(errorFields(error), "the ICE servers could not be named");
      return jsonResponse({ error: "internal" }, 500, cors);
    }
  }
}

function refusal(error: string, limit: number | undefined): SignalAnswer {
  return { status: "failed", meta: { error, limit } };
}
