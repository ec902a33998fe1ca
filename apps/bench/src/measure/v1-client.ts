import { once } from "node:events";
import { type AudioSpec, decodeAudioFrame, defaultLimits, encodeAudioFrame } from "@roomkit/protocol";
import WebSocket from "ws";

/** What a client of a benchmark is sent. */
export interface V1ClientEvents {
  readonly onAudio: (utterance: number, audio: Uint8Array) => void;
  readonly onMessage: (message: { readonly type?: string; readonly utterance?: number }) => void;
  readonly onClose?: () => void;
}

/** The wire of a v1 client: start, audio both ways, messages. */
export class V1Client {
  readonly #socket: WebSocket;
  readonly #audio: AudioSpec;
  readonly #events: V1ClientEvents;
  #offset = 0;
  #ready: (resumed: boolean) => void = () => {};
  #failed: (error: Error) => void = () => {};
  #token: string | undefined;

  constructor(url: string, audio: AudioSpec, events: V1ClientEvents) {
    this.#audio = audio;
    this.#events = events;
    this.#socket = new WebSocket(url);
    this.#socket.on("message", (data, binary) => (binary ? this.#hear(data as Buffer) : this.#told(String(data))));
    this.#socket.on("close", (code) => {
      this.#failed(new Error(`the call was closed with ${code}`));
      events.onClose?.();
    });
    // A close follows.
    this.#socket.on("error", () => {});
  }

  /** With which it comes back into the same session. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Reads what it is sent, or leaves it lying. */
  read(reads: boolean): void {
    if (reads) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Into a new session, or the one that `resume` stands for; says whether it was that one. */
  async connect(resume?: string): Promise<boolean> {
    await once(this.#socket, "open");
    const ready = new Promise<boolean>((resolve, reject) => {
      this.#ready = resolve;
      this.#failed = reject;
    });
    const audio = { send: this.#audio, receive: this.#audio };
    this.say({ event: "start", protocol: 1, audio, ...(resume !== undefined && { resume }) });
    return await ready;
  }

  /** Coded audio, and how many samples that are. */
  send(audio: Uint8Array, samples: number): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
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
    const message = JSON.parse(text) as {
      event?: string;
      type?: string;
      utterance?: number;
      resume?: string;
      resumed?: boolean;
    };
    if (message.event === "ready") {
      this.#token = message.resume;
      this.#ready(message.resumed === true);
    }
    this.#events.onMessage(message);
  }
}
