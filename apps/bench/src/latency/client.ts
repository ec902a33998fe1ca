import { mulaw } from "@roomkit/codec-mulaw";
import { rms } from "@roomkit/core";
import { V1Client } from "../measure/v1-client.ts";

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
  readonly #client: V1Client;
  readonly #codec = mulaw();
  readonly #played = new Map<number, { samples: number; from: number }>();
  #cleared = 0;

  constructor(url: string) {
    this.#client = new V1Client(
      url,
      { codec: "mulaw", sampleRate: RATE },
      {
        onAudio: (utterance, audio) => this.#hear(utterance, audio),
        onMessage: ({ type, utterance = 0 }) => {
          if (type === "clear") this.#silence(utterance);
        },
      },
    );
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** 20 ms of the microphone, and what has been played by now. */
  send(samples: Int16Array): void {
    this.#client.send(this.#codec.encode(samples), samples.length);
    for (const [utterance, { samples: sent, from }] of this.#played) {
      const playedSamples = Math.min(sent, Math.round(((performance.now() - from) * RATE) / 1000));
      this.#client.say({ event: "playback", utterance, playedSamples });
      if (playedSamples === sent) this.#played.delete(utterance);
    }
  }

  close(): void {
    this.#client.close();
  }

  #hear(utterance: number, audio: Uint8Array): void {
    if (utterance <= this.#cleared || audio.length === 0) return;
    const now = performance.now();
    const samples = this.#codec.decode(audio);
    const played = this.#played.get(utterance) ?? { samples: 0, from: now };
    this.#played.set(utterance, { ...played, samples: played.samples + samples.length });
    if (rms(samples) >= AUDIBLE) this.soundAt ??= now;
  }

  #silence(upTo: number): void {
    this.silentAt = performance.now();
    this.#cleared = upTo;
    for (const utterance of [...this.#played.keys()]) if (utterance <= this.#cleared) this.#played.delete(utterance);
  }
}
