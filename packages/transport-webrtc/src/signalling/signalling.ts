import { createHash } from "node:crypto";
import { type Metadata, RoomKitError } from "@roomkit/core";
import { parseSignalRequest, type SignalAnswer } from "@roomkit/protocol";
import {
  Admission,
  authenticate,
  type ConnectionRequest,
  jsonResponse,
  originAllowed,
  tokenOf,
} from "@roomkit/transport-utils";
import type { ClientContext } from "../transport/offers.ts";
import { defaultLimits } from "../transport/options.ts";
import type { WebRTCTransport } from "../transport/webrtc-transport.ts";
import { clientIceServers } from "./ice-servers.ts";
import { checkMountOptions, mountPath, type RealtimeMountOptions } from "./options.ts";

/** A body's text, read when it is wanted. @throws RoomKitError `payload_too_large`, `timeout`, `aborted`. */
export type BodyReader = () => Promise<string>;

const ALLOWED: Readonly<Record<string, string>> = { offer: "POST, OPTIONS", config: "GET, OPTIONS", ui: "GET" };

/** The HTTP side of a transport: offers, candidates, the clients' configuration and the built page. Knows no server. */
export class Signalling {
  readonly path: string;
  readonly #transport: WebRTCTransport;
  readonly #options: RealtimeMountOptions;
  readonly #admission: Admission;

  /** @throws RoomKitError `auth_required`, `invalid_option` */
  constructor(transport: WebRTCTransport, options: RealtimeMountOptions) {
    checkMountOptions(options);
    this.path = mountPath(options.path);
    this.#transport = transport;
    this.#options = options;
    this.#admission = new Admission(options);
  }

  /** Whether a path (without query) is one of this mount. */
  claims(path: string): boolean {
    return this.#endpoint(path) !== undefined;
  }

  /** No more offers are taken. */
  drain(): void {
    this.#admission.drain();
  }

  /** Answers a request to one of the mount's paths. Never throws. */
  async handle(request: ConnectionRequest, readBody: BodyReader, web: () => Request): Promise<Response> {
    const endpoint = this.#endpoint(request.path);
    if (endpoint === undefined) return jsonResponse({ error: "not_found" }, 404);
    const origin = request.header("origin");
    const allowed = originAllowed(origin, request.header("host"), this.#options.origins);
    const cors = allowed && origin !== undefined ? corsHeaders(origin) : {};
    if (request.method === "OPTIONS" && endpoint !== "ui") {
      return new Response(null, {
        status: allowed ? 204 : 403,
        headers: { ...cors, allow: ALLOWED[endpoint] as string },
      });
    }
    if (!ALLOWED[endpoint]?.startsWith(request.method)) {
      return jsonResponse({ error: "method_not_allowed" }, 405, { allow: ALLOWED[endpoint] as string });
    }
    if (!allowed) return jsonResponse({ error: "origin_not_allowed" }, 403);
    if (endpoint === "ui") return await this.#ui(web);
    const client = await this.#client(request);
    if ("status" in client) return jsonResponse({ error: client.code }, client.status, cors);
    if (endpoint === "config") return jsonResponse(this.#config(client), 200, cors);
    const { body, status } = await this.#signal(request, client, readBody);
    return jsonResponse(body, status, cors);
  }

  #endpoint(path: string): "offer" | "config" | "ui" | undefined {
    if (path === `${this.path}/webrtc/offer`) return "offer";
    if (path === `${this.path}/config`) return "config";
    const ui = `${this.path}/ui`;
    return this.#options.ui && (path === ui || path.startsWith(`${ui}/`)) ? "ui" : undefined;
  }

  async #ui(web: () => Request): Promise<Response> {
    try {
      return (await this.#options.ui?.fetch(web(), this.path)) ?? jsonResponse({ error: "not_found" }, 404);
    } catch (error) {
      this.#transport.logger.error({ error }, "the built page failed");
      return jsonResponse({ error: "internal" }, 500);
    }
  }

  async #client(
    request: ConnectionRequest,
  ): Promise<ClientContext | { readonly status: number; readonly code: string }> {
    const { auth, authTimeoutMs } = this.#options;
    const { address } = request;
    if (!auth) return { metadata: {}, identity: "anonymous", address };
    const { clock, logger } = this.#transport;
    const result = await authenticate(auth, request, {
      clock,
      logger,
      ...(authTimeoutMs === undefined ? {} : { timeoutMs: authTimeoutMs }),
    });
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
      const admitted = this.#admission.admit(client.address);
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
      if (code === "sdp_too_large" || code === "payload_too_large")
        return { status: 413, body: { error: code, message } };
      if (code === "timeout") return { status: 408, body: { error: "request_timeout", message } };
      if (code === "aborted") return { status: 400, body: { error: "aborted" } };
      if (error.retryable || code === "closed") return { status: 503, body: refusal(code, undefined) };
    }
    this.#transport.logger.error({ error }, "an offer failed");
    return { status: 500, body: { error: "internal" } };
  }

  /** What a client needs before it connects. */
  #config(client: ClientContext): Readonly<Record<string, unknown>> {
    const { options, clock } = this.#transport;
    const limits = { ...defaultLimits, ...options.limits };
    const user = createHash("sha256").update(client.identity).digest("hex").slice(0, 16);
    return {
      iceServers: clientIceServers(this.#options.iceServers ?? [], clock, user),
      audio: {
        send: { sampleRate: options.inputSampleRate ?? 16_000 },
        receive: { sampleRate: options.outputSampleRate ?? 24_000 },
        outbound: options.outboundAudio ?? "opus",
      },
      dialects: ["compat", "v1"],
      limits: {
        maxMessageBytes: limits.messageBytes,
        messagesPerSecond: limits.messagesPerSecond ?? 100,
        candidates: limits.candidates,
        dataChannels: limits.dataChannels,
        connectMs: limits.connectMs,
        lostMs: limits.lostMs,
      },
    };
  }
}

function refusal(error: string, limit: number | undefined): SignalAnswer {
  return { status: "failed", meta: { error, ...(limit === undefined ? {} : { limit }) } };
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type",
    vary: "origin",
  };
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
