import { randomUUID } from "node:crypto";
import { decodeMulaw, encodeMulaw } from "@roomkit/codec-mulaw";
import { rms } from "@roomkit/core";
import { inSequence, seededRandom } from "@roomkit/testing";
import WebSocket from "ws";
import { type Echo, type Line, type Lines, NOISE_DB, NOTHING_DB, STRETCH_MS, type Told } from "./line.ts";
import { RATE } from "./voices.ts";

/** Samples of a stretch in the microphone. */
const STRETCH = (RATE * STRETCH_MS) / 1000;
/** What a browser's ScriptProcessor gives at a time: 85 ms. */
const CHUNK = 4_096;
const CONNECT_MS = 10_000;
/** Where this machine stands still a sound card does not make up for it, ms. */
const MOST_AT_ONCE_MS = 200;

/** Calls in the seed's own wire format: mu-law in JSON, 48,000 Hz in chunks of 85 ms, 24,000 Hz back. */
export function wsLines(url: string): Lines {
  return {
    call: (echo) => WsLine.call(url, echo),
    close: async () => {},
  };
}

/** Microphone and loudspeaker of one sound card: both go by the same count of samples. */
class WsLine implements Line {
  readonly levels: number[] = [];
  readonly told: Told[] = [];
  readonly #socket: WebSocket;
  readonly #echo: Echo | undefined;
  readonly #random = seededRandom(11);
  readonly #timer: NodeJS.Timeout;
  /** What came and was not played yet, 24,000 Hz. */
  #queue: Int16Array = new Int16Array(0);
  /** What is said and was not sent yet. */
  #voice: Int16Array = new Int16Array(0);
  /** What was played, a stretch each, the newest last. */
  #played: Float64Array[] = [];
  #lastSample = 0;
  #chunk: Int16Array[] = [];
  #at = performance.now();
  #dueMs = 0;

  private constructor(socket: WebSocket, echo: Echo | undefined) {
    this.#socket = socket;
    this.#echo = echo;
    socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    socket.send(JSON.stringify({ event: "start", websocket_id: randomUUID() }));
    this.#timer = setInterval(() => this.#tick(), STRETCH_MS / 2);
  }

  static async call(url: string, echo: Echo | undefined): Promise<WsLine> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/voice/websocket/offer`, {
      handshakeTimeout: CONNECT_MS,
    });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return new WsLine(socket, echo);
  }

  get nowMs(): number {
    return this.levels.length * STRETCH_MS;
  }

  async look(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error("the server has closed the connection");
  }

  async speak(samples: Int16Array): Promise<number> {
    const startMs = this.nowMs + (this.#voice.length * 1000) / RATE;
    this.#voice = inSequence(this.#voice, samples);
    return startMs;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.close(1000);
    await closed;
  }

  #receive(message: Record<string, unknown>): void {
    const media = message.media as { payload: string } | undefined;
    if (message.event === "media" && media) {
      this.#queue = inSequence(this.#queue, decodeMulaw(Buffer.from(media.payload, "base64")));
      return;
    }
    if (message.type === "clear_audio") this.#queue = new Int16Array(0);
    this.told.push({ atMs: this.nowMs, message });
  }

  #tick(): void {
    const now = performance.now();
    this.#dueMs += Math.min(now - this.#at, MOST_AT_ONCE_MS);
    this.#at = now;
    for (; this.#dueMs >= STRETCH_MS; this.#dueMs -= STRETCH_MS) this.#stretch();
  }

  #stretch(): void {
    const played = this.#play();
    const echo = this.#echo && this.#played.at(-1 - Math.round(this.#echo.delayMs / STRETCH_MS));
    const gain = 10 ** ((this.#echo?.db ?? 0) / 20);
    const noise = 32_768 * 10 ** (NOISE_DB / 20) * Math.sqrt(3);
    const heard = new Int16Array(STRETCH).map((_, i) => {
      const sum = (this.#voice[i] ?? 0) + gain * (echo?.[i] ?? 0) + noise * (2 * this.#random() - 1);
      return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    });
    this.#voice = this.#voice.subarray(Math.min(STRETCH, this.#voice.length));
    this.levels.push(Math.max(NOTHING_DB, 20 * Math.log10(rms(played) / 32_768)));
    this.#send(heard);
  }

  /** The next stretch of what has come; silence where nothing has. */
  #play(): Int16Array {
    const played = new Int16Array(STRETCH / 2);
    played.set(this.#queue.subarray(0, played.length));
    this.#queue = this.#queue.subarray(Math.min(played.length, this.#queue.length));
    // Twice the rate, by halves between two samples.
    const twice = new Float64Array(STRETCH);
    for (const [i, sample] of played.entries()) {
      twice[2 * i] = (this.#lastSample + sample) / 2;
      twice[2 * i + 1] = this.#lastSample = sample;
    }
    // A second of it is more than any echo takes.
    this.#played = [...this.#played.slice(-100), twice];
    return played;
  }

  #send(stretch: Int16Array): void {
    this.#chunk.push(stretch);
    let samples = inSequence(...this.#chunk);
    for (; samples.length >= CHUNK; samples = samples.subarray(CHUNK)) {
      const payload = Buffer.from(encodeMulaw(samples.subarray(0, CHUNK))).toString("base64");
      if (this.#socket.readyState === WebSocket.OPEN)
        this.#socket.send(JSON.stringify({ event: "media", media: { payload } }));
    }
    this.#chunk = [samples];
  }
}
