import { pcm16ToSamples, samplesToPcm16 } from "@roomkit/protocol";
import { V1Client } from "../measure/v1-client.ts";

/** Hz, both ways. */
export const RATE = 16_000;
/** 20 ms, in samples. */
export const FRAME: number = RATE / 50;

interface Piece {
  readonly utterance: number;
  readonly samples: Int16Array;
}

/**
 * A v1 client whose loudspeaker and microphone are turned by whoever measures, 20 ms at a time, so that a call takes place in virtual time over a real
 * socket. After each frame it has read everything that the server had sent by then.
 */
export class SpeakerphoneClient {
  /** Times it was told to be silent. */
  clears = 0;
  readonly #client: V1Client;
  #queue: Piece[] = [];
  readonly #played = new Map<number, number>();
  #cleared = 0;
  #pong: (() => void) | undefined;

  constructor(url: string) {
    this.#client = new V1Client(
      url,
      { codec: "pcm16", sampleRate: RATE },
      {
        onAudio: (utterance, audio) => this.#hear(utterance, audio),
        onMessage: ({ type, utterance = 0 }) => {
          if (type === "pong") this.#pong?.();
          if (type === "clear") this.#silence(utterance);
        },
      },
    );
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** Whether the loudspeaker has something to play. */
  get plays(): boolean {
    return this.#queue.length > 0;
  }

  /** The next 20 ms of the loudspeaker. */
  play(): Int16Array {
    const frame = new Int16Array(FRAME);
    for (let at = 0; at < frame.length; ) {
      const piece = this.#queue.shift();
      if (!piece) break;
      const part = piece.samples.subarray(0, frame.length - at);
      frame.set(part, at);
      at += part.length;
      this.#played.set(piece.utterance, (this.#played.get(piece.utterance) ?? 0) + part.length);
      if (part.length < piece.samples.length)
        this.#queue.unshift({ ...piece, samples: piece.samples.subarray(part.length) });
    }
    return frame;
  }

  /** Sends 20 ms of the microphone and what was played; resolves when the server has both, and all it had sent is here. */
  async send(samples: Int16Array): Promise<void> {
    this.#client.send(samplesToPcm16(samples), samples.length);
    for (const [utterance, playedSamples] of this.#played)
      this.#client.say({ event: "playback", utterance, playedSamples });
    const last = this.#queue[0]?.utterance ?? Number.POSITIVE_INFINITY;
    for (const utterance of this.#played.keys()) if (utterance < last) this.#played.delete(utterance);
    const pong = new Promise<void>((resolve) => {
      this.#pong = resolve;
    });
    this.#client.say({ event: "ping" });
    await pong;
  }

  close(): void {
    this.#client.close();
  }

  #hear(utterance: number, audio: Uint8Array): void {
    const samples = pcm16ToSamples(audio);
    if (samples && samples.length > 0 && utterance > this.#cleared) this.#queue.push({ utterance, samples });
  }

  #silence(upTo: number): void {
    this.clears++;
    this.#cleared = upTo;
    this.#queue = this.#queue.filter(({ utterance }) => utterance > this.#cleared);
    for (const [utterance, playedSamples] of this.#played) {
      if (utterance > this.#cleared) continue;
      this.#client.say({ event: "playback", utterance, playedSamples, done: true });
      this.#played.delete(utterance);
    }
  }
}
