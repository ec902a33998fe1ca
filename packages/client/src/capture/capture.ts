import type { OwnSamples } from "@roomkit/protocol";
import { LevelMeter } from "../audio/level-meter.ts";
import { Resampler } from "../audio/resampler.ts";

export interface CaptureOptions {
  /** Rate audio is captured at, Hz. */
  readonly contextRate: number;
  /** Rate frames are made in, Hz; without it none are made. */
  readonly targetRate?: number | undefined;
  /** Length of a frame, ms. Default 20. */
  readonly frameMs?: number | undefined;
  /** Silence sent after a recording, so that the server notices the end of speech, ms. Default 2,000. */
  readonly tailMs?: number | undefined;
}

/** A stretch of the caller's audio; `offset` counts samples since capture began, pauses included. */
export interface CapturedFrame {
  readonly offset: number;
  readonly samples: OwnSamples;
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
  readonly #resampler: Resampler | undefined;
  readonly #meter: LevelMeter;
  #selected: Float32Array | undefined;
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
    this.#targetRate = targetRate ?? contextRate;
    this.#frameLength = Math.round((this.#targetRate * frameMs) / 1000);
    this.#tailLength = Math.round((contextRate * tailMs) / 1000);
    this.#resampler = targetRate === undefined ? undefined : new Resampler(contextRate, targetRate);
    this.#meter = new LevelMeter(contextRate);
    this.#frame = new Int16Array(this.#frameLength);
  }

  /** What of the last block goes out: the microphone's or the recording's samples, silence after a recording, or nothing. */
  get selected(): Float32Array | undefined {
    return this.#selected;
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
    const source = this.#select(microphone, recording, length);
    this.#selected = source;
    if (source) this.#take(source, onFrame);
    else if (this.#offset !== undefined) this.#stop();
    this.#clock += length;
    return this.#meter.add(recording ?? microphone, length);
  }

  #select(
    microphone: Float32Array | undefined,
    recording: Float32Array | undefined,
    length: number,
  ): Float32Array | undefined {
    if (recording) {
      this.#tail = this.#tailLength;
      return recording;
    }
    if (microphone && !this.muted) {
      this.#tail = 0;
      return microphone;
    }
    if (this.#tail <= 0) return undefined;
    this.#tail -= length;
    return new Float32Array(length);
  }

  #take(source: Float32Array, onFrame: (frame: CapturedFrame) => void): void {
    if (this.#resampler === undefined) return;
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
    this.#resampler?.reset();
  }
}
