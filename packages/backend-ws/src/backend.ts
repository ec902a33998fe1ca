import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  assertOptions,
  type Clock,
  type Logger,
  type SessionResumption,
  type Unsubscribe,
  type VoiceCapabilities,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import { CloseCode } from "@roomkit/protocol";
import { DRAINING, type PacingLateness, refuseUpgrade, SessionBackend } from "@roomkit/transport-utils";
import { type WebSocket, WebSocketServer } from "ws";
import { ClientSocket } from "./client/client-socket.ts";
import type { AcceptContext, WebSocketBackendOptions } from "./options.ts";
import { Hub, type Settings } from "./sessions/hub.ts";
import { selectProtocol } from "./socket/subprotocol.ts";
import type { WebSocketLike } from "./socket/websocket-like.ts";

const TURN_AWAY_MS = 2_000;

/**
 * Voice over WebSocket: the seed's protocol, its telephone framing, and v1, on the same endpoint. A pure transport: it turns
 * sockets into sessions with connections and knows nothing of speech.
 */
export class WebSocketBackend extends SessionBackend {
  readonly name = "websocket";
  /** All intelligence is the pipeline's. */
  readonly capabilities: VoiceCapabilities = { nativeEchoCancellation: false, nativeGainControl: false };
  #closing = false;
  readonly #hub: Hub;
  readonly #server: WebSocketServer;
  readonly #sockets = new Set<ClientSocket>();

  /** @throws RoomKitError `invalid_option`. */
  constructor(options: WebSocketBackendOptions = {}) {
    assertOptions("WebSocketBackend", options, {
      number: [
        "inputSampleRate",
        "outputSampleRate",
        "audioQueueMaxSize",
        "audioQueueMaxMs",
        "compatLeadMs",
        "leadMs",
        "startTimeoutMs",
        "factoryTimeoutMs",
        "connectTimeoutMs",
        "heartbeatMs",
        "idleTimeoutMs",
        "maxSessionMs",
        "resumeMs",
        "maxSuspended",
        "softBufferMs",
        "hardBufferBytes",
        "drainTimeoutMs",
      ],
      boolean: ["playedSilence"],
      function: ["ids"],
      object: ["codec", "messageLimits", "trafficLimits", "clock", "logger", "wheel"],
    });
    const hub = new Hub(options);
    super(hub.registry, hub.ids);
    hub.backend = this;
    hub.refusal = () => this.refusal;
    hub.foreign = (token) => (token && this.#takesForeign ? (signal) => this.takeForeign(token, signal) : undefined);
    this.#hub = hub;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Costs four times the work of everything else together, and opens the door to bombs.
      perMessageDeflate: false,
      maxPayload: this.#hub.settings.messageLimits.maxMessageBytes,
      maxFragments: 1_024,
      maxBufferedChunks: 4_096,
      handleProtocols: selectProtocol,
    });
  }

  /** The options in force. */
  get settings(): Settings {
    return this.#hub.settings;
  }

  /** For what is mounted beside it. */
  get clock(): Clock {
    return this.#hub.clock;
  }

  get logger(): Logger {
    return this.#hub.logger;
  }

  /** {@link close} was called. */
  get closed(): boolean {
    return this.#closing;
  }

  /** Why nobody is let in just now, undefined: somebody may be. Who comes back to a call is known only by what they say. */
  get closedTo(): "draining" | "node_full" | undefined {
    const mayComeBack = this.#hub.desk.suspended > 0 || this.#takesForeign;
    return this.#closing || !mayComeBack ? this.refusal : undefined;
  }

  /** Whether clients of other processes may come here. */
  get #takesForeign(): boolean {
    return this.asksForTokens && !this.draining;
  }

  resumption(session: VoiceSession): SessionResumption | undefined {
    return this.#hub.resumption(session);
  }

  onResumption(listener: (session: VoiceSession) => void): Unsubscribe {
    return this.#hub.onIssued(listener);
  }

  /** What the backend holds just now: for dashboards, and for tests that nothing is left behind. */
  get counts(): {
    readonly sockets: number;
    readonly sessions: number;
    readonly live: number;
    readonly suspended: number;
    readonly labels: number;
    readonly tokens: number;
  } {
    const { registry, live, desk, labels } = this.#hub;
    return {
      sockets: this.#sockets.size,
      sessions: registry.size,
      live: live.size,
      suspended: desk.suspended,
      labels: labels.size,
      tokens: desk.tokens,
    };
  }

  /** How late the audio of its calls was, by the wheel that they share with all others on its clock. */
  get pacing(): PacingLateness {
    return this.#hub.wheel.lateness;
  }

  /** Takes over an open socket of any make, whose client has been authenticated. From here on it is the backend's. */
  acceptSocket(socket: WebSocketLike, context: AcceptContext = {}): void {
    this.#accept(socket, undefined, context);
  }

  #accept(socket: WebSocketLike, network: Duplex | undefined, context: AcceptContext): void {
    const client = new ClientSocket(this.#hub, socket, {
      ...context,
      network,
      onGone: () => {
        this.#sockets.delete(client);
        context.onGone?.();
      },
    });
    this.#sockets.add(client);
    if (this.closedTo === "draining") {
      void client.close(DRAINING, CloseCode.GOING_AWAY);
    }
  }

  /** Completes an upgrade whose client has been authenticated, and accepts the socket; what is no WebSocket handshake gets an HTTP error. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, context: AcceptContext = {}): void {
    if (this.closedTo === "draining") {
      refuseUpgrade(socket, 503, { code: "draining", headers: { "Retry-After": "5" } });
      context.onGone?.();
      return;
    }
    // A handshake that fails ends the socket without ever giving a WebSocket.
    let accepted = false;
    socket.once("close", () => {
      if (!accepted) context.onGone?.();
    });
    this.#server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      accepted = true;
      this.#accept(webSocket as unknown as WebSocketLike, socket, context);
    });
  }

  /** Completes an upgrade only to say why the client cannot stay. */
  turnAway(request: IncomingMessage, socket: Duplex, head: Buffer, text: string, code: number, reason: string): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      webSocket.on("error", () => {});
      webSocket.send(text);
      webSocket.close(code, reason);
      // A client that never answers the close is cut off.
      const cancel = this.#hub.clock.setTimeout(() => webSocket.terminate(), TURN_AWAY_MS);
      webSocket.once("close", cancel);
    });
  }

  /** Refuses new clients, lets sessions finish for `drainTimeoutMs`, then ends them and releases everything. */
  async close(): Promise<void> {
    const hub = this.#hub;
    if (!this.#closing) {
      this.#closing = true;
      this.drain();
      for (const { client } of hub.live) client?.bye(DRAINING);
    }
    if (hub.registry.size > 0 && hub.settings.drainTimeoutMs > 0) await this.#drained(hub.settings.drainTimeoutMs);
    await hub.registry.endAll(DRAINING);
    await Promise.all([...this.#sockets].map((client) => client.close(DRAINING, CloseCode.GOING_AWAY)));
    this.#server.close();
  }

  /** Resolves when no session is left, or after `ms`. */
  async #drained(ms: number): Promise<void> {
    let unsubscribe: Unsubscribe = () => {};
    const empty = new Promise<void>((resolve) => {
      unsubscribe = this.#hub.registry.onEnded(() => {
        if (this.#hub.registry.size === 0) resolve();
      });
    });
    await withTimeout(empty, ms, { clock: this.#hub.clock, what: "draining" }).catch(() => {});
    unsubscribe();
  }
}
