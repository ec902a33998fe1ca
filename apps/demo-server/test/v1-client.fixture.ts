import { decodeAudioFrame, defaultLimits, encodeAudioFrame, pcm16ToSamples, samplesToPcm16 } from "@roomkit/protocol";
import WebSocket from "ws";
import { Microphone } from "./speaker.fixture.ts";
import { concat } from "./speech.fixture.ts";

/** Hz, both ways. */
export const RATE = 16_000;

/** A client that speaks v1 with exact 16-bit audio: a microphone that is always open, and a speaker that reports what it played. */
export class V1Client {
  readonly messages: Record<string, unknown>[] = [];
  /** Audio by utterance, in the order it came. */
  readonly heard = new Map<number, Int16Array[]>();
  readonly #socket: WebSocket;
  readonly #microphone = new Microphone(RATE, (samples, offset) => this.#send(samples, offset));
  closed = false;

  /** @param typed what the user types before the server has answered `start`. */
  constructor(url: string, ...typed: readonly string[]) {
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/voice/websocket/offer`);
    const audio = { codec: "pcm16", sampleRate: RATE };
    this.#socket.on("open", () => {
      this.#socket.send(JSON.stringify({ event: "start", protocol: 1, audio: { send: audio, receive: audio } }));
      for (const text of typed) this.#socket.send(JSON.stringify({ event: "text", text }));
    });
    this.#socket.on("message", (data, binary) =>
      binary ? this.#hear(data as Buffer) : this.#receive(JSON.parse(String(data))),
    );
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#microphone.close();
      this.closed = true;
    });
  }

  say(samples: Int16Array): void {
    this.#microphone.say(samples);
  }

  close(): void {
    this.#socket.terminate();
  }

  /** The last transcripts of a role, by id, in the order they began. */
  transcripts(role: "user" | "assistant"): string[] {
    const lines = new Map<unknown, string>();
    for (const m of this.messages) if (m.type === "transcript" && m.role === role) lines.set(m.id, String(m.text));
    return [...lines.values()];
  }

  /** All that came out of the speaker, as one. */
  get sound(): Int16Array {
    return concat([...this.heard.values()].flat());
  }

  #receive(message: Record<string, unknown>): void {
    this.messages.push(message);
    if (message.type === "ready" || message.event === "ready") this.#microphone.start();
  }

  #hear(bytes: Uint8Array): void {
    const result = decodeAudioFrame(bytes, defaultLimits);
    if (!result.ok) throw new Error(result.message);
    const { utterance, audio } = result.frame;
    this.heard.set(utterance, [...(this.heard.get(utterance) ?? []), pcm16ToSamples(audio) ?? new Int16Array(0)]);
  }

  #send(samples: Int16Array, offset: number): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encodeAudioFrame({ utterance: 0, offset, end: false, audio: samplesToPcm16(samples) }));
    for (const [utterance, pieces] of this.heard) {
      const playedSamples = pieces.reduce((sum, piece) => sum + piece.length, 0);
      this.#socket.send(JSON.stringify({ event: "playback", utterance, playedSamples, underruns: 0 }));
    }
  }
}
