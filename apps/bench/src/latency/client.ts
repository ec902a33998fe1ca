import { once } from "node:events";
import { mulaw } from "@roomkit/codec-mulaw";
import { rms } from "@roomkit/core";
import { decodeAudioFrame, defaultLimits, encodeAudioFrame } from "@roomkit/protocol";
import WebSocket from "ws";

/** Hz, both ways: what a telephone has. */
export const RATE = 8_000;
/** 20 ms, in samples. */
export const FRAME: number = RATE / 50;
/** What is quieter is no answer, RMS. */
const AUDIBLE = 100;

/** A caller by mu-law at 8 kHz, who notes when the loudspeaker begins and falls silent. Times are of `performance.now()`. */
export class PhoneClient {
  /** When the first sound came that was not told to be silent since; undefined: silence. */
  soundAt: number | undefined;
  /** When it was last told to be silent. */
  silentAt: number | undefined;
  readonly #socket: WebSocket;
  readonly #codec = mulaw();
  readonly #played = new Map<number, { samples: number; from: number }>();
  #cleared = 0;
  #offset = 0;
  #ready: () => void = () => {};

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on("message", (data, binary) => (binary ? this.#hear(data as Buffer) : this.#told(String(data))));
  }

  async connect(): Promise<void> {
    await once(this.#socket, "open");
    const audio = { codec: "mulaw", sampleRate: RATE };
    const ready = new Promise<void>((resolve) => {
      this.#ready = resolve;
    });
    this.#say({ event: "start", protocol: 1, audio: { send: audio, receive: audio } });
    await ready;
  }

  /** 20 ms of the microphone, and what has been played by now. */
  send(samples: Int16Array): void {
    const audio = this.#codec.encode(samples);
    this.#socket.send(encodeAudioFrame({ utterance: 0, offset: this.#offset, end: false, audio }));
    this.#offset += samples.length;
    for (const [utterance, { samples: sent, from }] of this.#played) {
      const playedSamples = Math.min(sent, Math.round(((performance.now() - from) * RATE) / 1000));
      this.#say({ event: "playback", utterance, playedSamples });
      if (playedSamples === sent) this.#played.delete(utterance);
    }
  }

  close(): void {
    this.#socket.terminate();
  }

  #say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  #hear(bytes: Uint8Array): void {
    const decoded = decodeAudioFrame(bytes, defaultLimits);
    if (!decoded.ok) throw new Error(decoded.message);
    const { utterance, audio } = decoded.frame;
    if (utterance <= this.#cleared || audio.length === 0) return;
    const now = performance.now();
    const samples = this.#codec.decode(audio);
    const played = this.#played.get(utterance) ?? { samples: 0, from: now };
    this.#played.set(utterance, { ...played, samples: played.samples + samples.length });
    if (rms(samples) >= AUDIBLE) this.soundAt ??= now;
  }

  #told(text: string): void {
    const message = JSON.parse(text) as { event?: string; type?: string; utterance?: number };
    if (message.event === "ready") this.#ready();
    if (message.type !== "clear") return;
    this.silentAt = performance.now();
    this.#cleared = message.utterance ?? 0;
    for (const utterance of [...this.#played.keys()]) if (utterance <= this.#cleared) this.#played.delete(utterance);
  }
}
