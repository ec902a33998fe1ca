import { decodeMulaw, encodeMulaw } from "@roomkit/codec-mulaw";
import WebSocket from "ws";
import { concat, resample, type Sound } from "./speech.fixture.ts";

interface Transcription {
  readonly role: string;
  readonly text: string;
}

/** The seed's client sends what a ScriptProcessor of 4,096 samples at 48,000 Hz gives. */
const RATE = 48_000;
const CHUNK = 4_096;

/** A client that knows nothing but the seed's wire format: JSON, mu-law, `start`, `media`, `stop`, `ping`. */
export class WireClient {
  readonly transcriptions: Transcription[] = [];
  /** Everything else the server said, as it was. */
  readonly others: Record<string, unknown>[] = [];
  readonly #socket: WebSocket;
  #heard: Int16Array[] = [];
  #microphone: Int16Array = new Int16Array(0);
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;
  #startedAt = 0;
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, id: string, headers: Readonly<Record<string, string>> = {}) {
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/voice/websocket/offer`, { headers });
    this.#socket.on("open", () => {
      this.#socket.send(JSON.stringify({ event: "start", websocket_id: id }));
      this.#startedAt = performance.now();
      this.#timer = setInterval(() => this.#send(), 20);
    });
    this.#socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    this.#socket.on("error", () => {});
    this.#socket.on("close", (code, reason) => {
      clearInterval(this.#timer);
      this.closed = { code, reason: String(reason) };
    });
  }

  /** Speaks into the microphone; it is quiet before and after. */
  say(sound: Sound): void {
    this.#microphone = concat([this.#microphone, resample(sound, RATE)]);
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  ping(): void {
    this.#socket.send(JSON.stringify({ event: "ping" }));
  }

  stop(): void {
    this.#socket.send(JSON.stringify({ event: "stop" }));
  }

  close(): void {
    this.#socket.terminate();
  }

  /** What was heard so far, 24,000 Hz. */
  get heard(): Sound {
    return { samples: concat(this.#heard), sampleRate: 24_000 };
  }

  said(role: "user" | "assistant"): string[] {
    return this.transcriptions.filter((line) => line.role === role).map((line) => line.text);
  }

  /** As many samples as a microphone would have given by now. */
  #send(): void {
    const due = Math.floor(((performance.now() - this.#startedAt) / 1000) * RATE);
    while (this.#sent + CHUNK <= due && this.#socket.readyState === WebSocket.OPEN) {
      const chunk = new Int16Array(CHUNK);
      chunk.set(this.#microphone.subarray(0, CHUNK));
      this.#microphone = this.#microphone.subarray(Math.min(CHUNK, this.#microphone.length));
      this.#sent += CHUNK;
      const payload = Buffer.from(encodeMulaw(chunk)).toString("base64");
      this.#socket.send(JSON.stringify({ event: "media", media: { payload } }));
    }
  }

  #receive(message: Record<string, unknown>): void {
    const media = message.media as { payload: string } | undefined;
    if (message.event === "media" && media) this.#heard.push(decodeMulaw(Buffer.from(media.payload, "base64")));
    else if (message.type === "transcription") this.transcriptions.push(message.data as Transcription);
    else this.others.push(message);
  }
}
