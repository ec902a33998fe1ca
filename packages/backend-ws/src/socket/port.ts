import type { Cancel, Clock } from "@roomkit/core";
import { CloseCode } from "@roomkit/protocol";
import type { WebSocketLike } from "./websocket-like.ts";

const OPEN = 1;
/** How long a client may take to answer a close, ms. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A close reason holds 123 bytes. */
const MAX_REASON = 120;

export interface PortHandlers {
  text(text: string): void;
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

/** One socket: what comes from it goes to the handlers, what goes to it is bounded, and nothing it does throws. */
export class SocketPort {
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  readonly #hardBufferBytes: number;
  readonly #handlers: PortHandlers;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => {};
  #closing = false;
  #over = false;
  #cancelTimeout: Cancel | undefined;

  constructor(socket: WebSocketLike, options: { clock: Clock; hardBufferBytes: number; handlers: PortHandlers }) {
    this.#socket = socket;
    this.#clock = options.clock;
    this.#hardBufferBytes = options.hardBufferBytes;
    this.#handlers = options.handlers;
    this.#gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    // A web-standard socket would deliver blobs, which can only be read later.
    if (!socket.on) socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => this.#receive(event.data));
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
    try {
      this.#socket.send(data);
    } catch {
      // Only a socket that is closing refuses; its close event follows.
    }
    if (this.#socket.bufferedAmount > this.#hardBufferBytes) {
      this.#handlers.overflow();
      void this.close(CloseCode.SLOW_CONSUMER, "slow_consumer");
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
