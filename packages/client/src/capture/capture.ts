import { LevelMeter } from "../audio/level-meter.ts";
import { Resampler } from "../audio/resampler.ts";

export interface CaptureOptions {
  /** Rate audio is captured at, Hz. */
  readonly contextRate: number;
  /** Rate frames are made in, Hz. */
  readonly targetRate: number;
  /** Length of a frame, ms. Default 20. */
  readonly frameMs?: number;
  /** Silence sent after a recording, so that the server notices the end of speech, ms. Default 2,000. */
  readonly tailMs?: number;
}

/** A stretch of the caller's audio; `offset` counts samples since capture began, pauses included. */
export interface CapturedFrame {
  readonly offset: number;
  readonly samples: Int16Array<ArrayBuffer>;
}

/**
 * Turns what the browser captures into the frames a server wants. Two sources: the microphone, which can be muted, and a
 * recording, which takes its place while it plays. With neither, nothing is made, and offsets say how long that took.
 */
export class Capture {
  muted = false;
  readonly #contextRate: number;
  readonly #targetRate: number;
  readonly #frameLength: number;
  readonly #tailLength: number;
  readonly #resampler: Resampler;
  readonly #meter: LevelMeter;
  #frame: Int16Array<ArrayBuffer>;
  #filled = 0;
  /** Context samples since capture began. */
  #clock = 0;
  /** Offset of the next sample, while frames are made. */
  #offset: number | undefined;
  #tail = 0;

  constructor(options: CaptureOptions) {
    const { contextRate, targetRate, frameMs = 20, tailMs = 2_000 } = options;
    this.#contextRate = contextRate;
    this.#targetRate = targetRate;
    this.#frameLength = Math.round((targetRate * frameMs) / 1000);
    this.#tailLength = Math.round((contextRate * tailMs) / 1000);
    this.#resampler = new Resampler(contextRate, targetRate);
    this.#meter = new LevelMeter(contextRate);
    this.#frame = new Int16Array(this.#frameLength);
  }

  /**
   * Takes one block: `length` samples of each source that is there.
   * @returns the level of whichever source speaks (the microphone's also while muted), dBFS, once in 50 ms.
   */
  process(
    microphone: Float32Array | undefined,
    recording: Float32Array | undefined,
    length: number,
    onFrame: (frame: CapturedFrame) => void,
  ): number | undefined {
    let source = recording;
    if (recording) {
      this.#tail = this.#tailLength;
    } else if (microphone && !this.muted) {
      source = microphone;
      this.#tail = 0;
    } else if (this.#tail > 0) {
      source = new Float32Array(length);
      this.#tail -= length;
    }
    if (source) this.#take(source, onFrame);
    else if (this.#offset !== undefined) this.#stop();
    this.#clock += length;
    return this.#meter.add(recording ?? microphone, length);
  }

  #take(source: Float32Array, onFrame: (frame: CapturedFrame) => void): void {
    this.#offset ??= Math.round((this.#clock * this.#targetRate) / this.#contextRate);
    const samples = this.#resampler.process(source);
    for (let i = 0; i < samples.length; i++) {
      const value = Math.round((samples[i] as number) * 32_768);
      this.#frame[this.#filled++] = Math.max(-32_768, Math.min(32_767, value));
      if (this.#filled < this.#frameLength) continue;
      onFrame({ offset: this.#offset, samples: this.#frame });
      this.#offset += this.#frameLength;
      // A new one: the old belongs to whoever got it.
      this.#frame = new Int16Array(this.#frameLength);
      this.#filled = 0;
    }
  }

  #stop(): void {
    this.#offset = undefined;
    this.#filled = 0;
    this.#resampler.reset();
  }
}
