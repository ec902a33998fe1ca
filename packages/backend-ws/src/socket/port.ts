import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Cancel, Clock } from "@roomkit/core";
import { CloseCode, encodeBase64 } from "@roomkit/protocol";
import { WebSocket } from "ws";
import { base64Frame, binaryFrame, reuse, textFrame } from "./frames.ts";
import type { WebSocketLike } from "./websocket-like.ts";

const OPEN = 1;
/** How long a client may take to answer a close, ms. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A close reason holds 123 bytes. */
const MAX_REASON = 120;

export interface PortHandlers {
  /** As it came: a string, or its UTF-8, valid only during the call. */
  text(text: string | Buffer): void;
  binary(bytes: Uint8Array): void;
  /** Something came that shows the client is there. */
  alive(): void;
  /** A ping frame came; it is answered already. */
  pinged(): void;
  /** The socket is gone. Called once. */
  gone(code: number): void;
  /** The client reads too slowly: the port is closing. */
  overflow(): void;
}

export interface PortOptions {
  readonly clock: Clock;
  readonly hardBufferBytes: number;
  readonly handlers: PortHandlers;
  /**
   * The network socket under a WebSocket of `ws` without extensions, where it is known: whole messages are written to it, in one write each.
   * Pings and the close are that library's, which writes them whole and at once too, so that nothing comes between or before.
   */
  readonly network?: Duplex | undefined;
}

/** One socket: what comes from it goes to the handlers, what goes to it is bounded, and nothing it does throws. */
export class SocketPort {
  readonly #socket: WebSocketLike;
  readonly #network: Duplex | undefined;
  readonly #clock: Clock;
  readonly #hardBufferBytes: number;
  readonly #handlers: PortHandlers;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};
  #closing = false;
  #over = false;
  #cancelTimeout: Cancel | undefined;

  constructor(socket: WebSocketLike, options: PortOptions) {
    this.#socket = socket;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#hardBufferBytes = options.hardBufferBytes;
    this.#handlers = options.handlers;
    this.#gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    // A web-standard socket would deliver blobs, which can only be read later.
    if (!socket.on) socket.binaryType = "arraybuffer";
    // Of `ws` the bytes are wanted; its event would hold them as a string.
    if (socket instanceof WebSocket) socket.on("message", (data, isBinary) => this.#receiveBytes(data, isBinary));
    else socket.addEventListener("message", (event) => this.#receive(event.data));
    socket.addEventListener("close", (event) => this.#end(event.code));
    // A close event follows every error.
    socket.addEventListener("error", () => {});
    socket.on?.("pong", () => options.handlers.alive());
    socket.on?.("ping", () => {
      if (this.#closing) return;
      options.handlers.alive();
      options.handlers.pinged();
    });
    if (socket.readyState > OPEN) queueMicrotask(() => this.#end(1006));
  }

  /** Bytes handed over and not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get open(): boolean {
    return !this.#closing && this.#socket.readyState === OPEN;
  }

  /** Pings, when the socket can. */
  get ping(): (() => void) | undefined {
    const { ping } = this.#socket;
    if (!ping) return undefined;
    return () => {
      if (this.open) ping.call(this.#socket);
    };
  }

  send(data: string | Uint8Array): void {
    if (!this.open) return;
    if (this.#network) this.#write(this.#network, typeof data === "string" ? textFrame(data) : binaryFrame(data));
    else this.#hand(data);
  }

  /** Sends as text the base64 of `bytes` between two texts of ASCII. */
  sendBase64(before: string, bytes: Uint8Array, after: string): void {
    if (!this.open) return;
    if (this.#network) this.#write(this.#network, base64Frame(before, bytes, after));
    else this.#hand(`${before}${encodeBase64(bytes)}${after}`);
  }

  /** What is sent during `work` leaves in one write, where the network socket is known. */
  together(work: () => void): void {
    this.#network?.cork();
    try {
      work();
    } finally {
      this.#network?.uncork();
    }
  }

  /** Closes politely, and after two seconds without an answer in any way. Resolves when the socket is gone. */
  close(code: number, reason: string): Promise<void> {
    if (this.#over || this.#closing) return this.#gone;
    this.#closing = true;
    try {
      this.#socket.close(code, reason.slice(0, MAX_REASON));
    } catch {
      this.terminate();
    }
    if (!this.#over) this.#cancelTimeout = this.#clock.setTimeout(() => this.terminate(), CLOSE_TIMEOUT_MS);
    return this.#gone;
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#closing = true;
    this.#socket.terminate?.();
    this.#end(1006);
  }

  #hand(data: string | Uint8Array): void {
    try {
      this.#socket.send(data);
    } catch {
      // Only a socket that is closing refuses; its close event follows.
    }
    this.#bound();
  }

  /** An error of the network socket is the WebSocket's, which listens for it. */
  #write(network: Duplex, frame: Buffer): void {
    network.write(frame);
    // The operating system has all of it. What other streams are given they may pass on as it is.
    if (network.writableLength === 0 && network instanceof Socket) reuse(frame);
    this.#bound();
  }

  #bound(): void {
    if (this.#socket.bufferedAmount <= this.#hardBufferBytes) return;
    this.#handlers.overflow();
    void this.close(CloseCode.SLOW_CONSUMER, "slow_consumer");
  }

  #receiveBytes(data: unknown, isBinary: boolean): void {
    if (isBinary || !Buffer.isBuffer(data)) {
      this.#receive(data);
      return;
    }
    if (this.#closing) return;
    this.#handlers.alive();
    this.#handlers.text(data);
  }

  #receive(data: unknown): void {
    if (this.#closing) return;
    this.#handlers.alive();
    if (typeof data === "string") this.#handlers.text(data);
    else if (data instanceof ArrayBuffer) this.#handlers.binary(new Uint8Array(data));
    else if (data instanceof Uint8Array) this.#handlers.binary(data);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#closing = true;
    this.#cancelTimeout?.();
    this.#resolveGone();
    this.#handlers.gone(code);
  }
}
