import { MS_PER_CHARACTER } from "../speech-audio.ts";

/** A word that was heard, in ms of the audio. */
export interface HeardWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface RecogniserEvents {
  /** Speech after silence (or at the beginning). */
  readonly onSpeech?: ((atMs: number) => void) | undefined;
  /** A word is complete. */
  readonly onWord: (word: HeardWord) => void;
  /** So much silence in one piece, told for each further {@link MS_PER_CHARACTER} ms of it. */
  readonly onSilence?: ((ms: number, atMs: number) => void) | undefined;
}

/** Hears what `audioOfText` said, while its bytes (16-bit little-endian PCM) come in. */
export class Recogniser {
  readonly #events: RecogniserEvents;
  readonly #blockBytes: number;
  readonly #channels: number;
  #rest: Buffer = Buffer.alloc(0);
  #atMs = 0;
  #silenceMs = 0;
  #speaking = false;
  #word = "";
  #wordStartMs = 0;

  constructor(format: { readonly sampleRate: number; readonly channels: number }, events: RecogniserEvents) {
    this.#events = events;
    this.#channels = format.channels;
    this.#blockBytes = Math.round((format.sampleRate * MS_PER_CHARACTER) / 1000) * format.channels * 2;
  }

  /** How much audio came, in ms. */
  get audioMs(): number {
    return this.#atMs + (this.#rest.length / this.#blockBytes) * MS_PER_CHARACTER;
  }

  push(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (; at + this.#blockBytes <= all.length; at += this.#blockBytes) {
      // In the middle of a half wave, where no edge is.
      this.#hear(Math.abs(all.readInt16LE(at + 4 * this.#channels * 2)));
      this.#atMs += MS_PER_CHARACTER;
    }
    this.#rest = Buffer.from(all.subarray(at));
  }

  /** What is being said counts as a word from now on. */
  flush(): void {
    if (this.#word) this.#events.onWord({ text: this.#word, startMs: this.#wordStartMs, endMs: this.#atMs });
    this.#word = "";
  }

  #hear(level: number): void {
    if (level < 32) {
      this.flush();
      this.#silenceMs += MS_PER_CHARACTER;
      this.#speaking = false;
      this.#events.onSilence?.(this.#silenceMs, this.#atMs + MS_PER_CHARACTER);
      return;
    }
    const character = String.fromCharCode(Math.round(level / 32));
    this.#silenceMs = 0;
    if (character === " ") {
      this.flush();
      return;
    }
    if (!this.#speaking) this.#events.onSpeech?.(this.#atMs);
    this.#speaking = true;
    if (!this.#word) this.#wordStartMs = this.#atMs;
    this.#word += character;
  }
}
