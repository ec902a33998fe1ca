import type { DeepgramTransport, DeepgramTransportMessage } from "@deepgram/sdk";
import type { ManagedWebSocket, SocketMessage } from "@roomkit/provider-utils";

/**
 * An open ManagedWebSocket as the SDK wants its transports. It does not read by itself: whoever owns the socket reads it and hands
 * every message to {@link deliver}, at its own pace.
 */
export class SocketTransport implements DeepgramTransport {
  /** Resolves when the SDK listens. */
  readonly bound: Promise<void>;
  readonly #socket: ManagedWebSocket;
  #onMessage: (message: DeepgramTransportMessage) => void = () => {};
  #resolveBound: () => void = () => {};

  constructor(socket: ManagedWebSocket) {
    this.#socket = socket;
    this.bound = new Promise((resolve) => {
      this.#resolveBound = resolve;
    });
  }

  send(data: DeepgramTransportMessage): void {
    this.#socket.send(typeof data === "string" ? data : bytesOf(data));
  }

  /** Never called: the socket is open when the SDK gets it. */
  onOpen(): void {}

  onMessage(listener: (message: DeepgramTransportMessage) => void): void {
    this.#onMessage = listener;
  }

  /** Never called: errors are thrown where the socket is read. */
  onError(): void {}

  /** The last that the SDK asks for. Never called back: the SDK is closed by whoever reads the socket. */
  onClose(): void {
    this.#resolveBound();
  }

  isOpen(): boolean {
    return this.#socket.isOpen;
  }

  close(code?: number, reason?: string): void {
    void this.#socket.close(code, reason);
  }

  /** Hands a message to the SDK, which has passed it on when this returns. */
  deliver(message: SocketMessage): void {
    this.#onMessage(message);
  }
}

function bytesOf(data: Exclude<DeepgramTransportMessage, string>): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError("a Blob cannot be sent at once");
}
