import type { DeepgramClient, DeepgramTransportFactory } from "@deepgram/sdk";
import type { Clock } from "@roomkit/core";
import { ManagedWebSocket, ProviderError, toProviderError } from "@roomkit/provider-utils";
import { classifyClose } from "./errors.ts";
import { type DeepgramSocketOptions, NAME } from "./options.ts";
import type { DeepgramSdk } from "./sdk.ts";
import { SocketTransport } from "./socket-transport.ts";

/** What the SDK's sockets for both versions of the API share. */
export interface SdkSocket {
  on(event: "message", callback: (message: unknown) => void): void;
  sendMedia(message: ArrayBufferView): void;
  sendCloseStream(message: { type: "CloseStream" }): void;
  connect(): unknown;
  close(): void;
}

export interface LiveSocketOptions<S extends SdkSocket> {
  readonly sdk: DeepgramSdk;
  /** Has the SDK make the socket, not yet connected. */
  readonly create: (client: DeepgramClient) => Promise<S>;
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  readonly socket: DeepgramSocketOptions | undefined;
  readonly clock: Clock;
}

/**
 * A socket of the SDK whose connection is ours: nothing is reconnected behind our back, every end has its reason, and messages are
 * read only as fast as they are taken. Read it once.
 */
export class LiveSocket<S extends SdkSocket> implements AsyncIterable<unknown> {
  readonly #sdk: S;
  readonly #socket: ManagedWebSocket;
  readonly #transport: SocketTransport;
  /** What the SDK made of the message that was delivered last. */
  #parsed: unknown;

  /** @throws ProviderError `auth`, `timeout`, `network`, ...; RoomKitError `aborted`. */
  static async open<S extends SdkSocket>(options: LiveSocketOptions<S>): Promise<LiveSocket<S>> {
    const { signal, clock, connectTimeoutMs, sdk, create } = options;
    // Settled by the factory: what the SDK itself says of a connection that failed has neither status nor reason.
    const { promise, resolve, reject } = deferred<readonly [ManagedWebSocket, SocketTransport]>();
    try {
      const transportFactory: DeepgramTransportFactory = async (url, headers, { protocols }) => {
        try {
          const socket = await ManagedWebSocket.open(url, {
            ...options.socket,
            provider: NAME,
            signal,
            clock,
            headers,
            protocols,
            handshakeTimeoutMs: connectTimeoutMs,
            classifyClose,
          });
          const transport = new SocketTransport(socket);
          resolve([socket, transport]);
          return transport;
        } catch (error) {
          reject(error);
          throw error;
        }
      };
      const made = await create(await sdk.client({ transportFactory }));
      made.connect();
      const [socket, transport] = await promise;
      await transport.bound;
      return new LiveSocket(made, socket, transport);
    } catch (error) {
      throw toProviderError(error, { provider: NAME, signal });
    }
  }

  private constructor(sdk: S, socket: ManagedWebSocket, transport: SocketTransport) {
    this.#sdk = sdk;
    this.#socket = socket;
    this.#transport = transport;
    sdk.on("message", (message: unknown) => {
      this.#parsed = message;
    });
  }

  /** Sends with the SDK; not when the connection has ended, which the reader hears of. */
  send(action: (sdk: S) => void): void {
    // The SDK would keep what it cannot send, for ever.
    if (this.#socket.isOpen) action(this.#sdk);
  }

  /** Waits until the peer has taken most of what was sent. @throws RoomKitError `aborted`. */
  drain(signal: AbortSignal): Promise<void> {
    return this.#socket.drain(signal);
  }

  /** Ends it, whatever state it is in. Calling it again does nothing. */
  close(): void {
    this.#sdk.close();
    void this.#socket.close();
  }

  /** @throws ProviderError when it ends with anything but a normal close, `protocol` for what is not JSON. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for await (const message of this.#socket) {
      this.#parsed = undefined;
      if (typeof message === "string") this.#transport.deliver(message);
      // What the SDK cannot parse it passes on as it is.
      if (typeof this.#parsed !== "object" || this.#parsed === null) {
        throw new ProviderError("protocol", `${NAME} sent what is not JSON`, { provider: NAME });
      }
      yield this.#parsed;
    }
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
