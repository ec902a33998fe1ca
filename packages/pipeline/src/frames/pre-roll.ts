import { type AudioFrame, frameDurationMs } from "@roomkit/core";

/** The newest audio of a stream, in case it turns out to be speech. */
export class PreRoll {
  readonly #keepMs: number;
  readonly #frames: AudioFrame[] = [];

  /** @param keepMs how much is kept at most, in ms; older frames are dropped. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  push(frame: AudioFrame): void {
    this.#frames.push(frame);
    const oldest = frame.timestamp + frameDurationMs(frame) - this.#keepMs;
    while (this.#frames.length > 1) {
      const first = this.#frames[0] as AudioFrame;
      if (first.timestamp + frameDurationMs(first) > oldest) break;
      this.#frames.shift();
    }
  }

  /** What is kept from `timestamp` on, to the sample; the rest stays here no longer. */
  take(timestamp: number): AudioFrame[] {
    const taken: AudioFrame[] = [];
    for (const frame of this.#frames) {
      const { samples, sampleRate, channels } = frame;
      const late = Math.max(0, Math.round(((timestamp - frame.timestamp) * sampleRate) / 1000));
      const skip = late * channels;
      if (skip >= samples.length) continue;
      if (skip === 0) taken.push(frame);
      else
        taken.push({
          ...frame,
          samples: samples.subarray(skip),
          timestamp: frame.timestamp + (late / sampleRate) * 1000,
        });
    }
    this.clear();
    return taken;
  }

  clear(): void {
    this.#frames.length = 0;
  }
}
