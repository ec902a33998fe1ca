import { once } from "node:events";
import { type AudioSpec, decodeAudioFrame, defaultLimits, encodeAudioFrame } from "@roomkit/protocol";
import WebSocket from "ws";

/** What a client of a benchmark is sent. */
export interface V1ClientEvents {
  readonly onAudio: (utterance: number, audio: Uint8Array) => void;
  readonly onMessage: (message: { readonly type?: string; readonly utterance?: number }) => void;
}

/** The wire of a v1 client: start, audio both ways, messages. */
export class V1Client {
  readonly #socket: WebSocket;
  readonly #audio: AudioSpec;
  readonly #events: V1ClientEvents;
  #offset = 0;
  #ready: () => void = () => {};

  constructor(url: string, audio: AudioSpec, events: V1ClientEvents) {
    this.#audio = audio;
    this.#events = events;
    this.#socket = new WebSocket(url);
    this.#socket.on("message", (data, binary) => (binary ? this.#hear(data as Buffer) : this.#told(String(data))));
  }

  async connect(): Promise<void> {
    await once(this.#socket, "open");
    const ready = new Promise<void>((resolve) => {
      this.#ready = resolve;
    });
    this.say({ event: "start", protocol: 1, audio: { send: this.#audio, receive: this.#audio } });
    await ready;
  }

  /** Coded audio, and how many samples that are. */
  send(audio: Uint8Array, samples: number): void {
    this.#socket.send(encodeAudioFrame({ utterance: 0, offset: this.#offset, end: false, audio }));
    this.#offset += samples;
  }

  say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.terminate();
  }

  #hear(bytes: Uint8Array): void {
    const decoded = decodeAudioFrame(bytes, defaultLimits);
    if (!decoded.ok) throw new Error(decoded.message);
    this.#events.onAudio(decoded.frame.utterance, decoded.frame.audio);
  }

  #told(text: string): void {
    const message = JSON.parse(text) as { event?: string; type?: string; utterance?: number };
    if (message.event === "ready") this.#ready();
    this.#events.onMessage(message);
  }
}
