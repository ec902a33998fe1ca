import type { AudioFrame } from "@roomkit/core";

/** Length of the frames a voice yields, in ms. */
const FRAME_MS = 20;

/** Cuts the audio of one utterance into frames that follow each other without a gap. */
export class FrameCutter {
  readonly #sampleRate: number;
  readonly #frameSamples: number;
  #position = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#frameSamples = Math.round((sampleRate * FRAME_MS) / 1000);
  }

  /** Where the next piece begins, in ms since the start of the utterance. */
  get positionMs(): number {
    return (this.#position / this.#sampleRate) * 1000;
  }

  /** The frames of a piece and of at least `pauseMs` of silence after it. The silence is what fills the last frame. */
  *cut(samples: Int16Array, pauseMs: number): Generator<AudioFrame, void, undefined> {
    const length = samples.length + Math.round((pauseMs * this.#sampleRate) / 1000);
    for (let at = 0; at < length; at += this.#frameSamples) {
      const frame = new Int16Array(this.#frameSamples);
      frame.set(samples.subarray(at, at + this.#frameSamples));
      const timestamp = this.positionMs;
      this.#position += this.#frameSamples;
      yield { samples: frame, sampleRate: this.#sampleRate, channels: 1, timestamp };
    }
  }
}
