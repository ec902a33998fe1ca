import type { ManagedWebSocket } from "@roomkit/provider-utils";
import type { SpeechChannel, Spoken } from "../speech/channel.ts";
import type { Manner } from "../speech/manner.ts";
import type { Endpoint } from "./endpoint.ts";
import { readMessage } from "./message.ts";

/** A WebSocket for one utterance (`stream-input`). */
export class SingleChannel implements SpeechChannel {
  readonly #socket: ManagedWebSocket;

  static async open(endpoint: Endpoint, manner: Manner, signal: AbortSignal): Promise<SingleChannel> {
    const socket = await endpoint.open("stream-input", manner, signal);
    const channel = new SingleChannel(socket);
    channel.#send(endpoint.opening(manner));
    return channel;
  }

  private constructor(socket: ManagedWebSocket) {
    this.#socket = socket;
  }

  say(text: string): void {
    // The vendor wants every piece to end with a space; flushed, it is spoken however short it is.
    this.#send({ text: `${text} `, flush: true });
  }

  keepAlive(): void {
    this.#send({ text: " " });
  }

  finish(): void {
    this.#send({ text: "" });
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#socket.drain(signal);
  }

  close(): void {
    void this.#socket.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Spoken, void, undefined> {
    for await (const message of this.#socket) {
      const spoken = readMessage(message);
      if (spoken.error) throw spoken.error;
      yield spoken;
    }
  }

  /** Not when it has ended, which the reader hears of. */
  #send(message: object): void {
    if (this.#socket.isOpen) this.#socket.send(JSON.stringify(message));
  }
}
