import { existsSync } from "node:fs";
import {
  type CloseReason,
  Emitter,
  type Logger,
  type Recipe,
  RoomKitError,
  type WebRTCAcceptOptions,
  type WebRTCDataChannel,
  type WebRTCEngine,
  type WebRTCOffer,
  type WebRTCPeer,
} from "@roomkit/core";

export interface EchoEngineOptions {
  /** Before each answer, ms. */
  readonly answerMs?: number | undefined;
  /** The thread does nothing before there is this file. */
  readonly startsWith?: string | undefined;
  readonly logger?: Logger | undefined;
}

export function echoRecipe(options: EchoEngineOptions = {}, more: Partial<Recipe> = {}): Recipe {
  return { module: import.meta.url, name: "echoEngine", options, ...more };
}

/** An engine without a network: each peer hears itself. What its client "does" is told to it as the foundation of a candidate. */
export function echoEngine(options: EchoEngineOptions): WebRTCEngine {
  const peers = new Set<EchoPeer>();
  while (options.startsWith && !existsSync(options.startsWith)) spin(5);
  return {
    name: "echo",
    async accept(offer: WebRTCOffer, accept: WebRTCAcceptOptions) {
      if (offer.ice.usernameFragment === "bad") throw new RoomKitError("invalid_sdp", "no such offer");
      await new Promise((resolve) => setTimeout(resolve, options.answerMs ?? 0));
      const peer = new EchoPeer(accept, options.logger);
      peers.add(peer);
      peer.onClosed(() => peers.delete(peer));
      return peer;
    },
    async close() {
      await Promise.all([...peers].map((peer) => peer.close()));
    },
  };
}

/** Keeps the thread from doing anything else. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

class EchoPeer implements WebRTCPeer {
  readonly answer = "v=0";
  state: "connecting" | "connected" | "closed" = "connecting";
  readonly #events: Emitter<{ rtp: Uint8Array; channel: WebRTCDataChannel; connected: undefined; closed: CloseReason }>;
  readonly #accept: WebRTCAcceptOptions;
  readonly #logger: Logger | undefined;
  #reason: CloseReason | undefined;
  #rtp = 0;
  #channel: EchoChannel | undefined;

  constructor(accept: WebRTCAcceptOptions, logger: Logger | undefined) {
    this.#accept = accept;
    this.#logger = logger;
    this.#events = new Emitter();
  }

  get stats(): WebRTCPeer["stats"] {
    return { received: this.#rtp, rtpReceived: this.#rtp, rtpSent: this.#rtp, dropped: {}, remoteAddresses: 1 };
  }

  addCandidate({ foundation, priority: ms }: { readonly foundation: string; readonly priority: number }): void {
    if (foundation === "connect") {
      this.state = "connected";
      this.#events.emit("connected", undefined);
      this.#channel = new EchoChannel(this.#accept);
      this.#events.emit("channel", this.#channel);
    } else if (foundation === "leave") void this.close({ code: "client_closed", message: "left" });
    else if (foundation === "drain") this.#channel?.drain();
    else if (foundation === "spin") spin(ms);
    else if (foundation === "busy") {
      const timer = setInterval(() => spin(ms), ms);
      this.onClosed(() => clearInterval(timer));
    } else if (foundation === "crash") {
      setTimeout(() => {
        throw new Error("nobody catches this");
      });
    } else if (foundation === "log") {
      this.#logger?.warn({ error: new RoomKitError("some_code", "in a worker"), what: () => {} }, "a line");
    }
  }

  sendRtp(packet: Uint8Array): boolean {
    if (this.state !== "connected") return false;
    this.#rtp++;
    this.#events.emit("rtp", Uint8Array.from(packet));
    return true;
  }

  onRtp(listener: (packet: Uint8Array) => void): () => void {
    return this.#events.on("rtp", listener);
  }

  onDataChannel(listener: (channel: WebRTCDataChannel) => void): () => void {
    return this.#events.on("channel", listener);
  }

  onConnected(listener: () => void): () => void {
    return this.#events.on("connected", listener);
  }

  onClosed(listener: (reason: CloseReason) => void): () => void {
    return this.#events.on("closed", listener);
  }

  async close(reason: CloseReason = { code: "server_closed", message: "closed" }): Promise<void> {
    if (this.#reason) return;
    this.#reason = reason;
    this.state = "closed";
    this.#channel?.end();
    this.#events.emit("closed", reason);
  }
}

/** Gives back what it is sent. What begins with `hold` waits in its buffer until it is drained. */
class EchoChannel implements WebRTCDataChannel {
  readonly id = 7;
  readonly label = "text";
  closed = false;
  bufferedAmount = 0;
  readonly #limits: WebRTCAcceptOptions["limits"];
  readonly #events = new Emitter<{ message: string | Uint8Array; close: undefined }>();

  constructor({ limits }: WebRTCAcceptOptions) {
    this.#limits = limits;
  }

  send(message: string | Uint8Array): boolean {
    const size = typeof message === "string" ? Buffer.byteLength(message) : message.length;
    if (this.closed || size > this.#limits.messageBytes) return false;
    if (typeof message === "string" && message.startsWith("hold")) this.bufferedAmount += size;
    else this.#events.emit("message", message);
    return true;
  }

  drain(): void {
    this.bufferedAmount = 0;
  }

  onMessage(listener: (message: string | Uint8Array) => void): () => void {
    return this.#events.on("message", listener);
  }

  onClose(listener: () => void): () => void {
    return this.#events.on("close", listener);
  }

  close(): void {
    this.end();
  }

  end(): void {
    if (this.closed) return;
    this.closed = true;
    this.#events.emit("close", undefined);
  }
}
