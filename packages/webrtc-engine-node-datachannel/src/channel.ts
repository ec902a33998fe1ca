import { Emitter, type Unsubscribe, type WebRTCDataChannel, type WebRTCPeerLimits } from "@roomkit/core";
import type { DataChannel } from "node-datachannel";
import { safe } from "./safe.ts";

export interface ChannelHost {
  readonly limits: WebRTCPeerLimits;
  readonly onActivity: () => void;
  readonly onDrop: (reason: string) => void;
  readonly onClosed: (channel: Channel) => void;
  readonly onListenerError: (error: unknown) => void;
}

/** A data channel of libdatachannel, behind calls that cannot throw. */
export class Channel implements WebRTCDataChannel {
  readonly id: number;
  readonly label: string;
  readonly #native: DataChannel;
  readonly #host: ChannelHost;
  readonly #events: Emitter<{ message: string | Uint8Array; close: undefined }>;
  #closed = false;

  constructor(native: DataChannel, host: ChannelHost) {
    this.id = native.getId();
    this.label = native.getLabel();
    this.#native = native;
    this.#host = host;
    this.#events = new Emitter(host.onListenerError);
    native.onMessage(
      safe(host.onListenerError, (message: string | Buffer | ArrayBuffer) => {
        host.onActivity();
        if (this.#closed) return;
        this.#events.emit("message", typeof message === "string" ? message : Uint8Array.from(new Uint8Array(message)));
      }),
    );
    native.onClosed(safe(host.onListenerError, () => this.end()));
    native.onError(safe(host.onListenerError, () => host.onDrop("data_channel_error")));
  }

  get closed(): boolean {
    return this.#closed;
  }

  get bufferedAmount(): number {
    try {
      return this.#closed ? 0 : this.#native.bufferedAmount();
    } catch {
      return 0;
    }
  }

  send(message: string | Uint8Array): boolean {
    const { limits, onDrop } = this.#host;
    const size = typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
    if (this.#closed) return false;
    if (size > limits.messageBytes || this.bufferedAmount + size > limits.bufferedBytes) {
      onDrop("data_send_buffer_full");
      return false;
    }
    try {
      if (!this.#native.isOpen() || size > this.#native.maxMessageSize()) return false;
      // Their answer says whether it went out at once or waits; both are sent.
      if (typeof message === "string") this.#native.sendMessage(message);
      else this.#native.sendMessageBinary(message);
      return true;
    } catch {
      onDrop("data_send_failed");
      return false;
    }
  }

  onMessage(listener: (message: string | Uint8Array) => void): Unsubscribe {
    return this.#events.on("message", listener);
  }

  onClose(listener: () => void): Unsubscribe {
    if (!this.#closed) return this.#events.on("close", listener);
    listener();
    return () => {};
  }

  close(): void {
    if (this.#closed) return;
    try {
      this.#native.close();
    } catch {
      // It closed by itself just now.
    }
    this.end();
  }

  /** The channel is gone. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.onClosed(this);
    this.#events.emit("close", undefined);
    this.#events.clear();
  }
}
