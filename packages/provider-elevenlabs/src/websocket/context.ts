import { BoundedQueue } from "@roomkit/core";
import type { SpeechChannel, Spoken } from "../speech/channel.ts";

/** What a context needs of the WebSocket it is on. */
export interface ContextHost {
  send(message: object): void;
  drain(signal: AbortSignal): Promise<void>;
  /** The context wants no more messages; it is gone once the vendor has said so. */
  leave(context: Context): void;
}

/** Audio that waits for its reader, as base64 was decoded: beyond it nothing is read from the WebSocket. 43 s at 24 kHz. */
const HIGH_WATER_BYTES = 2 * 1024 * 1024;
const CAPACITY = 65_536;

/** One utterance on a shared WebSocket. */
export class Context implements SpeechChannel {
  readonly id: string;
  readonly #host: ContextHost;
  readonly #opening: object;
  readonly #inbound = new BoundedQueue<Spoken>({ capacity: CAPACITY, overflow: "throw" });
  #bytes = 0;
  #begun = false;
  #closed = false;
  #room: () => void = () => {};

  constructor(id: string, host: ContextHost, opening: object) {
    this.id = id;
    this.#host = host;
    this.#opening = opening;
  }

  /** The vendor knows of it. */
  get begun(): boolean {
    return this.#begun;
  }

  say(text: string): void {
    this.#begin();
    this.#send({ text: `${text} `, flush: true });
  }

  keepAlive(): void {
    // It would come into being by that.
    if (this.#begun) this.#send({ text: "" });
  }

  finish(): void {
    // What was flushed is still spoken.
    if (this.#begun) this.#send({ close_context: true });
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#host.drain(signal);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbound.end();
    this.#inbound.clear();
    this.#bytes = 0;
    this.#room();
    this.#host.leave(this);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Spoken, void, undefined> {
    for await (const spoken of this.#inbound) {
      this.#bytes -= spoken.audio?.length ?? 0;
      if (this.#bytes <= HIGH_WATER_BYTES / 2) this.#room();
      yield spoken;
    }
  }

  /** A message for it has come. Resolves when another may. */
  async deliver(spoken: Spoken): Promise<void> {
    if (this.#closed) return;
    this.#bytes += spoken.audio?.length ?? 0;
    this.#inbound.push(spoken);
    while (this.#bytes > HIGH_WATER_BYTES && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
  }

  /** The WebSocket has ended; without an error it was a normal end. */
  ended(error: unknown): void {
    if (error === undefined) this.#inbound.end();
    else this.#inbound.fail(error);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#send(this.#opening);
  }

  #send(message: object): void {
    if (!this.#closed) this.#host.send({ ...message, context_id: this.id });
  }
}
