import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, serializeServerMessage } from "@roomkit/protocol";
import {
  type AcceptPacer,
  type Admitted,
  type Gate,
  refuseUpgrade,
  type SessionFactory,
} from "@roomkit/transport-utils";
import type { WebSocketBackend } from "../backend.ts";

/** More headers than any browser or proxy sends. */
const MAX_HEADERS = 100;
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** Refusals that are told over an opened socket at once; beyond these, over HTTP, which costs half. */
const MAX_TOLD = 50;

export interface UpgradeOptions {
  readonly backend: WebSocketBackend;
  readonly gate: Gate;
  readonly pacer: AcceptPacer;
  readonly sessionFactory: SessionFactory | undefined;
}

type Refused = Omit<Extract<Admitted, { ok: false }>, "code"> & { readonly code: string };
/** A browser is to know these from a server that is not there. */
const TOLD: ReadonlySet<string> = new Set(["concurrency_limit_reached", "node_full"]);
const NODE_FULL: Refused = { ok: false, code: "node_full", status: 503, limit: undefined, retryAfterMs: 5_000 };

/** Takes upgrades from their first byte to an accepted socket, or refuses them before anything is made for them. */
export class UpgradeHandler {
  readonly #options: UpgradeOptions;
  #told = 0;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { backend, gate, pacer } = this.#options;
    // Until a WebSocket listens, a reset would be an error nobody hears: that ends the process.
    socket.on("error", () => {});
    const wrong = handshakeProblem(request);
    if (wrong) {
      this.#turnDown(socket, wrong, { code: "bad_handshake", headers: { "Sec-WebSocket-Version": "13" } });
      return;
    }
    // Who comes back to a call is known only when they say so: while calls wait for that, all are heard.
    const { closedTo } = backend;
    if (closedTo === "draining") {
      this.#turnDown(socket, 503, { code: "draining", headers: { "Retry-After": "5" } });
      return;
    }
    const client = gate.describe(request, "websocket");
    const problem = gate.originProblem(client);
    if (problem) {
      this.#turnDown(socket, 403, { code: problem });
      return;
    }
    const admitted = closedTo === "node_full" ? NODE_FULL : gate.admission.admit(client.address);
    if (!admitted.ok) {
      this.#refuse(request, socket, head, admitted);
      return;
    }
    const { release } = admitted;
    const go = (): void => {
      // Never rejects.
      void this.#authenticate(request, socket, head, release);
    };
    if (pacer.run(go)) return;
    release();
    this.#turnDown(socket, 503, { code: "busy", headers: { "Retry-After": "5" } });
  }

  async #authenticate(request: IncomingMessage, socket: Duplex, head: Buffer, release: () => void): Promise<void> {
    const { backend, gate, sessionFactory } = this.#options;
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    socket.once("close", onClose);
    const client = gate.describe(request, "websocket");
    const result = socket.destroyed ? undefined : await gate.authenticate(client, gone.signal);
    socket.off("close", onClose);
    if (!result || socket.destroyed) {
      release();
      return;
    }
    if (!result.ok) {
      release();
      const headers = result.status === 401 ? { "WWW-Authenticate": "Bearer" } : undefined;
      this.#turnDown(socket, result.status, { code: result.code, headers });
      return;
    }
    backend.handleUpgrade(request, socket, head, {
      metadata: result.metadata,
      address: client.address,
      sessionFactory,
      onGone: release,
    });
  }

  /** A browser cannot read the answer to a failed upgrade: that the server is full it is told over the socket, as the seed does. */
  #refuse(request: IncomingMessage, socket: Duplex, head: Buffer, refused: Refused): void {
    const { code, limit, status, retryAfterMs } = refused;
    if (!TOLD.has(code) || this.#told >= MAX_TOLD) {
      this.#turnDown(socket, status, { code, headers: { "Retry-After": String(Math.ceil(retryAfterMs / 1000)) } });
      return;
    }
    this.#options.backend.noteRefusal(code);
    this.#told++;
    socket.once("close", () => {
      this.#told--;
    });
    const text = serializeServerMessage({ status: "failed", meta: { error: code, limit, retryAfterMs } });
    this.#options.backend.turnAway(request, socket, head, text, CloseCode.LIMIT_REACHED, code);
  }

  #turnDown(
    socket: Duplex,
    status: number,
    refusal: Parameters<typeof refuseUpgrade>[2] & { readonly code: string },
  ): void {
    this.#options.backend.noteRefusal(refusal.code);
    refuseUpgrade(socket, status, refusal);
  }
}

/** The HTTP status for what is no WebSocket handshake of today; undefined when it is one. */
function handshakeProblem(request: IncomingMessage): number | undefined {
  const { headers, httpVersionMajor, httpVersionMinor, method, rawHeaders } = request;
  if (rawHeaders.length / 2 > MAX_HEADERS) return 431;
  if (httpVersionMajor !== 1 || httpVersionMinor < 1) return 426;
  if (method !== "GET") return 405;
  if (headers.upgrade?.toLowerCase() !== "websocket") return 400;
  if (!KEY.test(headers["sec-websocket-key"] ?? "")) return 400;
  if (headers["sec-websocket-version"] !== "13") return 426;
  return undefined;
}
