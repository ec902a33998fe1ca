import type { WebRTCDataChannel, WebRTCPeerLimits } from "@roomkit/core";

/** The peer whose channel it is. */
export interface ChannelPeer {
  readonly network: { is(defect: "sends messages of any size" | "buffers without end" | "makes bytes text"): boolean };
  readonly limits: WebRTCPeerLimits;
  readonly far: { onMessage(message: string | Uint8Array): void } | undefined;
  tell<T>(listeners: readonly ((value: T) => void)[], value: T): void;
}

/** A data channel in memory. */
export class MemoryChannel implements WebRTCDataChannel {
  readonly id: number;
  readonly label: string;
  closed = false;
  bufferedAmount = 0;
  readonly #peer: ChannelPeer;
  readonly #listeners: ((message: string | Uint8Array) => void)[] = [];

  constructor(peer: ChannelPeer, label: string, id: number) {
    this.#peer = peer;
    this.label = label;
    this.id = id;
  }

  send(message: string | Uint8Array): boolean {
    const { network, limits, far } = this.#peer;
    const size = typeof message === "string" ? new TextEncoder().encode(message).length : message.length;
    if (this.closed) return false;
    if (size > limits.messageBytes && !network.is("sends messages of any size")) return false;
    if (this.bufferedAmount + size > limits.bufferedBytes && !network.is("buffers without end")) return false;
    this.bufferedAmount += size;
    queueMicrotask(() => {
      this.bufferedAmount -= size;
    });
    far?.onMessage(typeof message === "string" || !network.is("makes bytes text") ? message : String(message));
    return true;
  }

  arrive(message: string | Uint8Array): void {
    this.#peer.tell(this.#listeners, message);
  }

  onMessage(listener: (message: string | Uint8Array) => void): () => void {
    this.#listeners.push(listener);
    return () => {};
  }

  onClose(): () => void {
    return () => {};
  }

  close(): void {
    this.closed = true;
  }
}
