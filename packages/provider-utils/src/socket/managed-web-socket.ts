import { abortedError, type Cancel, type Clock, type RoomKitError, systemClock } from "@roomkit/core";
import { type RawData, WebSocket } from "ws";
import { ProviderError } from "../errors/provider-error.ts";
import { toProviderError } from "../errors/to-provider-error.ts";
import { redactUrl } from "../keys/redact.ts";
import { type CloseInfo, closeError } from "./close-error.ts";
import { InboundQueue, type SocketMessage } from "./inbound-queue.ts";
import { type ManagedWebSocketOptions, type SocketLimits, socketLimits } from "./options.ts";
import { PingWatchdog } from "./ping-watchdog.ts";
import { refusedUpgrade } from "./refused-upgrade.ts";

/**
 * A client WebSocket that always ends: refused upgrades come with status and body, silent peers are found by pings, a closing
 * handshake is cut after a while, an abort closes at once, and no failure is an unheard `error` event. Read it once, as an
 * async iterable of messages: it ends after a normal close (1000, 1005, or ours) and throws a {@link ProviderError} after
 * any other.
 */
export class ManagedWebSocket implements AsyncIterable<SocketMessage> {
  /** Settles when the socket has ended, in whatever way; never rejects. */
  readonly closed: Promise<CloseInfo>;

  readonly #ws: WebSocket;
  readonly #options: ManagedWebSocketOptions;
  readonly #limits: SocketLimits;
  readonly #clock: Clock;
  readonly #inbound: InboundQueue;
  readonly #onAbort: () => void;
  #watchdog: PingWatchdog | undefined;
  #cancelGrace: Cancel | undefined;
  readonly #drainWaiters = new Set<() => void>();
  #error: RoomKitError | undefined;
  #local: Pick<CloseInfo, "code" | "reason"> | undefined;
  #ended = false;
  #resolveClosed: (info: CloseInfo) => void = () => {};

  /**
   * Connects. Once open, `signal` closes the connection.
   *
   * @throws ProviderError for a refused upgrade (the kind of its status), `timeout`, `network`; RoomKitError `aborted`,
   *   `invalid_option`.
   */
  static async open(url: string | URL, options: ManagedWebSocketOptions): Promise<ManagedWebSocket> {
    if (options.signal?.aborted) throw abortedError(options.signal);
    const socket = new ManagedWebSocket(url, options);
    await socket.#opened();
    return socket;
  }

  private constructor(url: string | URL, options: ManagedWebSocketOptions) {
    this.#options = options;
    this.#limits = socketLimits(options);
    this.#clock = options.clock ?? systemClock;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#inbound = new InboundQueue({
      highWaterBytes: this.#limits.inboundHighWaterBytes,
      onPause: (paused) => this.#pauseReading(paused),
    });
    try {
      this.#ws = new WebSocket(url, [...(options.protocols ?? [])], {
        ...(options.connection as object | undefined),
        headers: { ...options.headers },
        maxPayload: this.#limits.maxMessageBytes,
        perMessageDeflate: false,
      });
    } catch (error) {
      const { provider } = options;
      throw new ProviderError("invalid_request", `cannot connect to ${redactUrl(url)}`, { provider, cause: error });
    }
    this.#onAbort = () => this.#fail(abortedError(options.signal));
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#ws.on("error", (error) => this.#fail(toProviderError(error, options)));
    this.#ws.on("close", (code, reason) => this.#end(code, reason.toString()));
    this.#ws.on("message", (data, binary) => this.#receive(data, binary));
    this.#ws.on("ping", () => this.#watchdog?.heard());
    this.#ws.on("pong", () => this.#watchdog?.heard());
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN && this.#error === undefined && this.#local === undefined;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  /** The subprotocol the peer chose; empty when none. */
  get protocol(): string {
    return this.#ws.protocol;
  }

  /**
   * Sends a message, text or binary. Does not wait; use {@link drain} to follow the peer's pace. While the peer is closing,
   * what is sent goes nowhere: the reader is about to hear why.
   *
   * @throws ProviderError `network` when the socket is not open any more (or what ended it), or when more than
   *   `maxBufferedBytes` would wait because the peer does not read.
   */
  send(data: string | Uint8Array): void {
    const { provider } = this.#options;
    if (this.#ended || this.#error || this.#local) {
      throw this.#error ?? new ProviderError("network", `the connection to ${provider} is closed`, { provider });
    }
    // The peer is closing: what it means by that is a moment away, and for the reader to hear.
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#ws.bufferedAmount + data.length > this.#limits.maxBufferedBytes) {
      throw new ProviderError(
        "network",
        `${provider} does not read: ${this.#ws.bufferedAmount} bytes wait to be sent`,
        {
          provider,
          details: { bufferedBytes: this.#ws.bufferedAmount },
        },
      );
    }
    this.#ws.send(data, () => this.#wakeDrained());
  }

  /** Waits until no more than a quarter of `maxBufferedBytes` waits to be sent, or the socket has ended. @throws `aborted`. */
  async drain(signal?: AbortSignal): Promise<void> {
    while (!this.#ended && this.#ws.bufferedAmount > this.#limits.maxBufferedBytes / 4) {
      if (signal?.aborted) throw abortedError(signal);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal?.removeEventListener("abort", wake);
          this.#drainWaiters.delete(wake);
          resolve();
        };
        this.#drainWaiters.add(wake);
        signal?.addEventListener("abort", wake, { once: true });
      });
    }
  }

  /** Closes, by force after `closeGraceMs`. What was not read yet is dropped. Calling it again gives the same end. */
  close(code = 1000, reason = ""): Promise<CloseInfo> {
    if (this.#local === undefined && !this.#ended && this.#error === undefined) this.#local = { code, reason };
    this.#inbound.end();
    this.#inbound.clear();
    this.#leave(code, reason);
    return this.closed;
  }

  [Symbol.asyncIterator](): AsyncIterator<SocketMessage> {
    return {
      next: () => this.#inbound.next(),
      return: () => {
        // Not awaited: whoever stops reading has something better to do than to wait for a closing handshake.
        void this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #opened(): Promise<void> {
    const { provider } = this.#options;
    const { handshakeTimeoutMs } = this.#limits;
    const cancel = this.#clock.setTimeout(() => {
      this.#fail(
        new ProviderError("timeout", `${provider} did not accept the connection within ${handshakeTimeoutMs} ms`, {
          provider,
        }),
      );
    }, handshakeTimeoutMs);
    let opened = false;
    const open = new Promise<void>((resolve) => {
      this.#ws.once("open", () => {
        opened = true;
        resolve();
      });
      this.#ws.once("unexpected-response", (_request, response) => {
        void refusedUpgrade(response, { provider, clock: this.#clock, url: this.#ws.url }).then((error) =>
          this.#fail(error),
        );
      });
    });
    await Promise.race([open, this.closed]);
    cancel();
    // What went wrong after the upgrade, though perhaps in the same packet, is for the reader.
    if (!opened && this.#error) throw this.#error;
    if (this.#ended || this.#error) return;
    this.#watchdog = new PingWatchdog({
      clock: this.#clock,
      intervalMs: this.#limits.pingIntervalMs,
      timeoutMs: this.#limits.pongTimeoutMs,
      ping: () => this.#ws.ping(() => {}),
      onDead: () => {
        this.#fail(
          new ProviderError(
            "network",
            `${provider} gave no sign of life within ${this.#limits.pongTimeoutMs} ms of a ping`,
            { provider },
          ),
        );
        // Nobody is there to answer a close frame.
        this.#ws.terminate();
      },
    });
  }

  #receive(data: RawData, binary: boolean): void {
    this.#watchdog?.heard();
    const bytes = data as Buffer; // binaryType is nodebuffer
    try {
      this.#inbound.push(binary ? bytes : bytes.toString("utf8"));
    } catch (error) {
      const { provider } = this.#options;
      this.#fail(
        new ProviderError("protocol", `${provider} sent more messages at once than can be kept`, {
          provider,
          cause: error,
        }),
      );
    }
  }

  #pauseReading(paused: boolean): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (paused) this.#ws.pause();
    else this.#ws.resume();
    this.#watchdog?.suspend(paused);
  }

  /** The first failure decides how the socket ends; then it is closed, or its handshake broken off. */
  #fail(error: RoomKitError): void {
    if (this.#ended || this.#error || this.#local) return;
    this.#error = error;
    if (error.code === "aborted") this.#inbound.clear();
    this.#inbound.fail(error);
    this.#leave(1000, error.code === "aborted" ? "aborted" : "");
  }

  #leave(code: number, reason: string): void {
    this.#watchdog?.stop();
    if (this.#ended || this.#cancelGrace) return;
    // A close frame cannot arrive on a connection that is not being read.
    if (this.#ws.isPaused) this.#ws.resume();
    if (this.#ws.readyState === WebSocket.CONNECTING) {
      this.#ws.terminate();
      return;
    }
    this.#cancelGrace = this.#clock.setTimeout(() => this.#ws.terminate(), this.#limits.closeGraceMs);
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.close(code, reason);
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watchdog?.stop();
    this.#cancelGrace?.();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#local === undefined && this.#error === undefined) {
      this.#error = closeError({ code, reason }, this.#options);
    }
    if (this.#error) this.#inbound.fail(this.#error);
    else this.#inbound.end();
    this.#wakeDrained(true);
    if (this.#local) this.#resolveClosed({ ...this.#local, by: "local" });
    else this.#resolveClosed({ code, reason, by: code === 1006 ? "lost" : "remote" });
  }

  #wakeDrained(all = false): void {
    if (!all && this.#ws.bufferedAmount > this.#limits.maxBufferedBytes / 4) return;
    for (const wake of [...this.#drainWaiters]) wake();
  }
}
