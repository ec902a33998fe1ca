import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { createResampler } from "@roomkit/pipeline";
import { decodeAudioFrame, defaultLimits, encodeAudioFrame, pcm16ToSamples, samplesToPcm16 } from "@roomkit/protocol";
import { fliteTts } from "roomkit";
import WebSocket from "ws";

/** Hz, both ways. */
const RATE = 16_000;
const FRAME = RATE / 50;

/** Somebody with a microphone that is always open, who hears and remembers what is said. */
export class Caller {
  readonly #socket: WebSocket;
  readonly #lines = new Map<unknown, { readonly role: unknown; readonly text: string }>();
  #said: Int16Array = new Int16Array(0);
  #sent = 0;
  /** Samples that came, and the loudest of them. */
  heard = 0;
  loudest = 0;
  closed: number | undefined;

  /** @param url of the server: `http://127.0.0.1:8000` */
  constructor(url: string, token?: string) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/voice/websocket/offer`, { headers });
    const audio = { codec: "pcm16", sampleRate: RATE };
    this.#socket.on("open", () =>
      this.#socket.send(JSON.stringify({ event: "start", protocol: 1, audio: { send: audio, receive: audio } })),
    );
    this.#socket.on("message", (data, binary) => {
      if (binary) this.#hear(data as Buffer);
      else this.#read(JSON.parse(String(data)));
    });
    // A refusal comes as an error, and then as the end.
    this.#socket.on("error", () => {});
    this.#socket.on("close", (code) => {
      this.closed = code;
    });
  }

  /** Says it at the pace of time, and goes on with silence until `done`. */
  async speak(samples: Int16Array, done: () => boolean, ms: number): Promise<void> {
    this.#said = samples;
    const begin = performance.now();
    while (!done()) {
      const passed = performance.now() - begin;
      if (passed > ms || this.closed !== undefined)
        throw new Error(`No answer in ${ms} ms: ${this.lines().join(" / ")}`);
      for (; this.#sent < (passed * RATE) / 1000; this.#sent += FRAME) this.#send();
      await wait(10);
    }
  }

  /** What was said, as `user: ...` and `assistant: ...`. */
  lines(): string[] {
    return [...this.#lines.values()].map(({ role, text }) => `${role}: ${text}`);
  }

  async hangUp(): Promise<void> {
    if (this.closed !== undefined) return;
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #send(): void {
    const frame = new Int16Array(FRAME);
    frame.set(this.#said.subarray(this.#sent, this.#sent + FRAME));
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encodeAudioFrame({ utterance: 0, offset: this.#sent, end: false, audio: samplesToPcm16(frame) }));
  }

  #hear(bytes: Uint8Array): void {
    const result = decodeAudioFrame(bytes, defaultLimits);
    if (!result.ok) throw new Error(result.message);
    const samples = pcm16ToSamples(result.frame.audio) ?? new Int16Array(0);
    this.heard += samples.length;
    for (const sample of samples) this.loudest = Math.max(this.loudest, Math.abs(sample));
  }

  #read(message: Record<string, unknown>): void {
    if (message.type === "transcript") this.#lines.set(message.id, { role: message.role, text: String(message.text) });
  }
}

/** A sentence as sound, at the rate of {@link Caller}. */
export async function spoken(text: string): Promise<Int16Array> {
  const tts = fliteTts();
  const samples: number[] = [];
  async function* once() {
    yield text;
  }
  try {
    for await (const part of tts.synthesize(once(), { signal: AbortSignal.timeout(60_000) })) {
      if (part.type !== "audio") continue;
      const { samples: piece, sampleRate } = part.frame;
      samples.push(...(sampleRate === RATE ? piece : createResampler(sampleRate, RATE).process(piece)));
    }
  } finally {
    await tts.close?.();
  }
  return Int16Array.from(samples);
}
