import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, errorFields, type Logger, type Metadata, RoomKitError } from "@roomkit/core";
import {
  authContext,
  type ClientIceServer,
  type ConnectionRequest,
  clientIceServers,
  type Gate,
  jsonResponse,
  sendWebResponse,
  toWebRequest,
  uiResponse,
} from "@roomkit/transport-utils";
import type { WebSocketBackend } from "../backend.ts";
import { callParameters } from "../telephone/incoming.ts";
import { publicAddress, publicSocketUrl } from "../telephone/public-url.ts";
import { busyTwiml, streamTwiml } from "../telephone/twiml.ts";
import { mountConfig } from "./config.ts";
import type { MountVoiceOptions } from "./options.ts";

export interface RequestOptions {
  readonly backend: WebSocketBackend;
  readonly gate: Gate;
  readonly phoneGate: Gate | undefined;
  readonly path: string;
  readonly mount: MountVoiceOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = { payload_too_large: 413, timeout: 408, aborted: 400 };

const upgradeRequired = async (): Promise<Response> =>
  new Response(null, { status: 426, headers: { upgrade: "websocket" } });

/** The HTTP endpoints of a mount; what is none of them is left to its owner. */
export class RequestHandler {
  readonly #options: RequestOptions;

  constructor(options: RequestOptions) {
    this.#options = options;
  }

  /** Whether the request is for this mount; if so it is answered. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { path, mount } = this.#options;
    const where = (request.url ?? "").split("?", 1)[0] as string;
    let answer: (() => Promise<Response>) | undefined;
    if (where === `${path}/config`) answer = () => this.#config(request);
    else if (where === `${path}/websocket/offer`) answer = upgradeRequired;
    else if (mount.webrtc && where === `${path}/webrtc/offer`) answer = () => this.#webrtc(request);
    else if (mount.telephone && where === `${path}/telephone/incoming`) answer = () => this.#incomingCall(request);
    else if (mount.telephone && where === `${path}/telephone/handler`) answer = upgradeRequired;
    else if (mount.ui && (where === `${path}/ui` || where.startsWith(`${path}/ui/`))) answer = () => this.#ui(request);
    if (!answer) return false;
    // Never rejects.
    void this.#respond(response, answer);
    return true;
  }

  async #respond(response: ServerResponse, answer: () => Promise<Response>): Promise<void> {
    let result: Response;
    try {
      result = await answer();
    } catch (error) {
      const code = RoomKitError.is(error) ? error.code : "internal";
      const status = STATUS_BY_CODE[code] ?? 500;
      if (status === 500) this.#options.logger.error(errorFields(error), "an endpoint failed");
      // A body that was not read to its end would be taken for the next request.
      result = jsonResponse({ error: status === 500 ? "internal" : code }, status, { connection: "close" });
    }
    await sendWebResponse(response, result);
  }

  async #config(request: IncomingMessage): Promise<Response> {
    const { backend, gate, path, mount, clock, logger } = this.#options;
    const client = gate.describe(request, "http");
    const { answer, cors, metadata } = await this.#admit(client, "GET");
    if (answer) return answer;
    let iceServers: readonly ClientIceServer[];
    try {
      iceServers = await clientIceServers(mount.iceServers, { request: client, metadata }, clock);
    } catch (error) {
      // The application's fault, also where it was too slow: no client is told that it was.
      logger.error(errorFields(error), "the ICE servers could not be named");
      return jsonResponse({ error: "internal" }, 500, cors);
    }
    const config = mountConfig(backend.settings, {
      path,
      webrtc: mount.webrtc !== undefined,
      ui: mount.ui !== undefined,
      concurrencyLimit: gate.admission.limit,
      iceServers,
      about: mount.about,
    });
    return jsonResponse(config, 200, cors);
  }

  async #webrtc(request: IncomingMessage): Promise<Response> {
    const { gate, mount, clock } = this.#options;
    const client = gate.describe(request, "http");
    const { answer: refused, cors, metadata } = await this.#admit(client, "POST");
    if (refused) return refused;
    const standard = await toWebRequest(request, { clock });
    const answer = await authContext.run(metadata, async () =>
      mount.webrtc?.fetch(standard, { address: client.address }),
    );
    if (!answer) return jsonResponse({ error: "not_found" }, 404);
    const headers = new Headers(answer.headers);
    for (const [name, value] of Object.entries(cors)) headers.set(name, value);
    return new Response(answer.body, { status: answer.status, headers });
  }

  /** A telephone provider says that somebody calls, and is told where to stream the call's audio. */
  async #incomingCall(request: IncomingMessage): Promise<Response> {
    const { backend, phoneGate, path, mount, clock } = this.#options;
    if (!phoneGate || !mount.telephone) return jsonResponse({ error: "not_found" }, 404);
    if (request.method !== "POST") return jsonResponse({ error: "method_not_allowed" }, 405, { allow: "POST" });
    const form = new URLSearchParams(await (await toWebRequest(request, { clock })).text());
    const client = phoneGate.describe(request, "http");
    const result = await phoneGate.authenticate({ ...client, form });
    if (!result.ok) return jsonResponse({ error: result.code }, result.status);
    const { admission } = phoneGate;
    const busy = backend.refusal !== undefined || admission.count >= admission.limit;
    const stream = publicSocketUrl(publicAddress(mount.telephone.publicUrl, "publicUrl"), `${path}/telephone/handler`);
    const parameters = busy
      ? {}
      : await callParameters({ form, query: client.query, metadata: result.metadata }, mount.telephone, {
          clock,
          timeoutMs: backend.settings.factoryTimeoutMs,
        });
    return new Response(busy ? busyTwiml : streamTwiml(stream, parameters), {
      headers: { "content-type": "text/xml", "cache-control": "no-store" },
    });
  }

  async #ui(request: IncomingMessage): Promise<Response> {
    const { path, mount, clock } = this.#options;
    return uiResponse(mount.ui, path, request.method, () => toWebRequest(request, { clock }));
  }

  /** Who asks; or the answer to a request that may not go on. */
  async #admit(client: ConnectionRequest, method: "GET" | "POST"): Promise<Admitted> {
    const { backend, gate } = this.#options;
    const { answer, cors } = gate.screen(client, method);
    if (answer) return { answer, cors, metadata: {} };
    const refuse = (code: string, status: number, headers: Readonly<Record<string, string>> = {}): Admitted => ({
      answer: jsonResponse({ error: code }, status, { ...cors, ...headers }),
      cors,
      metadata: {},
    });
    if (backend.closed) return refuse("draining", 503, { "retry-after": "5" });
    const result = await gate.authenticate(client);
    return result.ok ? { answer: undefined, cors, metadata: result.metadata } : refuse(result.code, result.status);
  }
}

interface Admitted {
  readonly answer: Response | undefined;
  readonly cors: Readonly<Record<string, string>>;
  readonly metadata: Metadata;
}
