import { decodeMulaw, encodeMulaw } from "@roomkit/codec-mulaw";
import WebSocket from "ws";
import { Microphone, Speaker } from "./speaker.fixture.ts";
import { concat, resample, type Sound } from "./speech.fixture.ts";

interface Transcription {
  readonly role: string;
  readonly text: string;
}

/** The seed's client sends what a ScriptProcessor of 4,096 samples at 48,000 Hz gives. */
const RATE = 48_000;
const CHUNK = 4_096;
/** What the server's audio has, Hz. */
const OUT_RATE = 24_000;

/** A client that knows nothing but the seed's wire format: JSON, mu-law, `start`, `media`, `stop`, `ping`. */
export class WireClient {
  readonly transcriptions: Transcription[] = [];
  /** Everything else the server said, as it was. */
  readonly others: Record<string, unknown>[] = [];
  /** Plays what comes; the dialect does not number utterances. */
  readonly speaker = new Speaker(OUT_RATE);
  readonly #socket: WebSocket;
  #heard: Int16Array[] = [];
  readonly #microphone = new Microphone(RATE, (samples) => this.#send(samples), CHUNK);
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string, id: string, headers: Readonly<Record<string, string>> = {}) {
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/voice/websocket/offer`, { headers });
    this.#socket.on("open", () => {
      this.#socket.send(JSON.stringify({ event: "start", websocket_id: id }));
      this.#microphone.start();
    });
    this.#socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    this.#socket.on("error", () => {});
    this.#socket.on("close", (code, reason) => {
      this.#microphone.close();
      this.speaker.close();
      this.closed = { code, reason: String(reason) };
    });
  }

  /** Speaks into the microphone; it is quiet before and after. */
  say(sound: Sound): void {
    this.#microphone.say(resample(sound, RATE));
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

  /** What has come so far, played or not. */
  get heard(): Sound {
    return { samples: concat(this.#heard), sampleRate: OUT_RATE };
  }

  said(role: "user" | "assistant"): string[] {
    return this.transcriptions.filter((line) => line.role === role).map((line) => line.text);
  }

  #send(chunk: Int16Array): void {
    if (!this.open) return;
    const payload = Buffer.from(encodeMulaw(chunk)).toString("base64");
    this.#socket.send(JSON.stringify({ event: "media", media: { payload } }));
  }

  #receive(message: Record<string, unknown>): void {
    const media = message.media as { payload: string } | undefined;
    if (message.event === "media" && media) {
      const samples = decodeMulaw(Buffer.from(media.payload, "base64"));
      this.#heard.push(samples);
      this.speaker.push(0, samples);
      return;
    }
    if (message.type === "clear_audio") this.speaker.clear();
    if (message.type === "transcription") this.transcriptions.push(message.data as Transcription);
    else this.others.push(message);
  }
}
