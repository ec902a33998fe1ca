import { Emitter, type Unsubscribe, type WebRTCDataChannel } from "@roomkit/core";
import type { SendBuffer } from "./send-buffer.ts";

export interface RemoteChannelOptions {
  readonly id: number;
  readonly label: string;
  /** Of the call's channels together. */
  readonly buffer: SendBuffer;
  readonly send: (message: string | Uint8Array) => void;
  readonly close: () => void;
  readonly onListenerError: (error: unknown) => void;
}

/** A data channel whose other end is in a media worker. */
export class RemoteChannel implements WebRTCDataChannel {
  readonly id: number;
  readonly label: string;
  readonly #options: RemoteChannelOptions;
  readonly #events: Emitter<{ message: string | Uint8Array; close: undefined }>;
  #closed = false;

  constructor(options: RemoteChannelOptions) {
    this.#options = options;
    this.id = options.id;
    this.label = options.label;
    this.#events = new Emitter(options.onListenerError);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get bufferedAmount(): number {
    return this.#options.buffer.bytes;
  }

  send(message: string | Uint8Array): boolean {
    if (this.#closed || !this.#options.buffer.take(message)) return false;
    // A copy of bytes: their owner may use the array again before they are on their way.
    this.#options.send(typeof message === "string" ? message : message.slice());
    return true;
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
    this.#options.close();
    this.end();
  }

  /** A message came. */
  receive(message: string | Uint8Array): void {
    if (!this.#closed) this.#events.emit("message", message);
  }

  /** It is closed, whichever side did it. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.emit("close", undefined);
    this.#events.clear();
  }
}
