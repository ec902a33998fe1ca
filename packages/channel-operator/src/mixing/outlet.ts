import type { AudioFormat, AudioFrame } from "@roomkit/core";
import { createResampler, type Resampler } from "@roomkit/pipeline";
import { MIX } from "./source.ts";

/** What is mixed, in the format of whoever it is played to. */
export class Outlet {
  readonly #format: AudioFormat;
  readonly #resampler: Resampler;
  readonly #play: (frame: AudioFrame) => void;
  #timestamp = 0;

  constructor(format: AudioFormat, play: (frame: AudioFrame) => void) {
    this.#format = format;
    this.#resampler = createResampler(MIX.sampleRate, format.sampleRate);
    this.#play = play;
  }

  play(mixed: Int16Array): void {
    const resampled = this.#resampler.process(mixed);
    if (resampled.length === 0) return;
    const { sampleRate, channels } = this.#format;
    const samples = channels === 1 ? resampled : twice(resampled);
    this.#play({ samples, sampleRate, channels, timestamp: this.#timestamp });
    this.#timestamp += (resampled.length / sampleRate) * 1_000;
  }
}

function twice(mono: Int16Array): Int16Array {
  return Int16Array.from({ length: mono.length * 2 }, (_, i) => mono[i >> 1] as number);
}
