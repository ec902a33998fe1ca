import { RoomKitError } from "../errors/error.ts";
import type { AudioFrame } from "./frame.ts";

/**
 * Cuts a stream of mono frames of any length into windows of one length, for stages that work on such, and keeps track of
 * where on the capture clock each window begins. Samples that do not fill a window wait for the next frame.
 */
export class Framer {
  readonly #buffer: Int16Array;
  readonly #sampleRate: number;
  #filled = 0;
  /** Where the window being filled begins, ms. */
  #timestamp = 0;

  /** @param size samples per window, >= 1. */
  constructor(size: number, sampleRate: number) {
    if (!Number.isInteger(size) || size < 1)
      throw new RoomKitError("invalid_option", "a window has at least one sample");
    this.#buffer = new Int16Array(size);
    this.#sampleRate = sampleRate;
  }

  /**
   * Takes the next frame and calls `each` for every window it completes; the window is only valid during the call. A frame that
   * does not follow the one before it (its timestamp is off by more than a window) begins a new window.
   *
   * @throws RoomKitError `unsupported_format` when the frame is not mono or not of the stream's rate.
   */
  push(frame: AudioFrame, each: (window: Int16Array, timestamp: number) => void): void {
    if (frame.sampleRate !== this.#sampleRate || frame.channels !== 1) {
      throw new RoomKitError("unsupported_format", `expected mono at ${this.#sampleRate} Hz`, {
        details: { sampleRate: frame.sampleRate, channels: frame.channels },
      });
    }
    const { samples } = frame;
    const buffer = this.#buffer;
    const size = buffer.length;
    const msPerSample = 1000 / this.#sampleRate;
    const expected = this.#timestamp + this.#filled * msPerSample;
    if (this.#filled > 0 && Math.abs(frame.timestamp - expected) > size * msPerSample) this.#filled = 0;
    // Copied one by one: a view of each window would be garbage, a hundred times a second and call.
    for (let at = 0; at < samples.length; ) {
      if (this.#filled === 0) this.#timestamp = frame.timestamp + at * msPerSample;
      const to = Math.min(samples.length, at + size - this.#filled);
      let filled = this.#filled;
      while (at < to) buffer[filled++] = samples[at++] as number;
      this.#filled = filled % size;
      if (filled === size) each(buffer, this.#timestamp);
    }
  }

  /** Forgets the samples that wait. */
  reset(): void {
    this.#filled = 0;
  }
}
