import { type AudioFrame, Framer, rms } from "@roomkit/core";

export const RATE = 16_000;
const HOP_MS = 20;

/** Speech that a voice is judged by: samples from -1 to 1, and where they were in the audio, ms, with the pauses that were left out. */
export interface SpeechWindow {
  readonly samples: Float32Array;
  readonly from: number;
  readonly to: number;
}

export interface SpeechWindowsOptions {
  /** Speech in one of them, ms. */
  readonly windowMs: number;
  /** RMS of 16-bit samples below which audio is no speech. */
  readonly minLevel: number;
  /** After a pause this long whoever speaks may be another: what is gathered is dropped, ms. */
  readonly pauseMs: number;
  readonly onWindow: (window: SpeechWindow) => void;
}

/** Gathers the speech of 16 kHz mono audio in windows of one length. */
export class SpeechWindows {
  readonly #options: SpeechWindowsOptions;
  readonly #framer = new Framer((RATE * HOP_MS) / 1000, RATE);
  readonly #window: Float32Array;
  #filled = 0;
  #from = 0;
  #to = 0;
  #quietMs = 0;

  constructor(options: SpeechWindowsOptions) {
    this.#options = options;
    this.#window = new Float32Array(Math.round((RATE * options.windowMs) / 1000));
  }

  push(frame: AudioFrame): void {
    this.#framer.push(frame, this.#gather);
  }

  /** What is gathered of the next window, if it is at least so much; the next window begins anew in any case. */
  take(leastMs: number): SpeechWindow | undefined {
    const length = this.#filled;
    this.#filled = 0;
    if (length === 0 || length < (RATE * leastMs) / 1000) return undefined;
    return { samples: this.#window.slice(0, length), from: this.#from, to: this.#to };
  }

  reset(): void {
    this.#framer.reset();
    this.#filled = 0;
    this.#quietMs = 0;
  }

  readonly #gather = (hop: Int16Array, timestamp: number): void => {
    const { minLevel, pauseMs, onWindow } = this.#options;
    if (rms(hop) < minLevel) {
      this.#quietMs += HOP_MS;
      if (this.#quietMs >= pauseMs) this.#filled = 0;
      return;
    }
    this.#quietMs = 0;
    if (this.#filled === 0) this.#from = timestamp;
    const room = Math.min(hop.length, this.#window.length - this.#filled);
    for (let i = 0; i < room; i++) this.#window[this.#filled + i] = (hop[i] as number) / 32_768;
    this.#filled += room;
    this.#to = timestamp + HOP_MS;
    const window = this.#filled < this.#window.length ? undefined : this.take(0);
    if (window) onWindow(window);
  };
}
