import type { WebRTCDataChannel } from "@roomkit/core";

/** Messages held until a channel opens. */
const MOST_HELD = 100;

/**
 * The data channels of a client as one line for messages: the first that opens is written to, all are read, and when it closes
 * the next takes its place.
 */
export class ControlChannel {
  readonly #onMessage: (message: string | Uint8Array) => void;
  readonly #onOpen: () => void;
  readonly #channels: WebRTCDataChannel[] = [];
  #held: string[] = [];
  #dropped = 0;

  constructor(options: { readonly onMessage: (message: string | Uint8Array) => void; readonly onOpen: () => void }) {
    this.#onMessage = options.onMessage;
    this.#onOpen = options.onOpen;
  }

  get open(): boolean {
    return this.#channels.length > 0;
  }

  /** Messages that fell away: no channel for too long, or the client does not read. */
  get dropped(): number {
    return this.#dropped;
  }

  get bufferedAmount(): number {
    return this.#channels[0]?.bufferedAmount ?? 0;
  }

  add(channel: WebRTCDataChannel): void {
    this.#channels.push(channel);
    channel.onMessage(this.#onMessage);
    channel.onClose(() => {
      const at = this.#channels.indexOf(channel);
      if (at >= 0) this.#channels.splice(at, 1);
    });
    if (this.#channels.length > 1) return;
    const held = this.#held;
    this.#held = [];
    for (const text of held) this.send(text);
    this.#onOpen();
  }

  /** Sends text now, or when a channel opens. */
  send(text: string): void {
    const channel = this.#channels[0];
    if (channel) {
      if (!channel.send(text)) this.#dropped++;
      return;
    }
    this.#held.push(text);
    if (this.#held.length > MOST_HELD) {
      this.#held.shift();
      this.#dropped++;
    }
  }

  /** Sends now or not at all. */
  trySend(message: string | Uint8Array): boolean {
    return this.#channels[0]?.send(message) ?? false;
  }

  close(): void {
    for (const channel of [...this.#channels]) channel.close();
    this.#held = [];
  }
}
