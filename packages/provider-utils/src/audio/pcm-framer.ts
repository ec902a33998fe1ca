import { type AudioFormat, type AudioFrame, RoomKitError } from "@roomkit/core";
import { samplesOfBytes } from "./pcm-bytes.ts";

export interface PcmFramerOptions extends AudioFormat {
  /** Length of a frame in ms. Default 20. */
  readonly frameMs?: number | undefined;
}

/**
 * Cuts a byte stream of 16-bit little-endian PCM into frames of one length, however the bytes are chunked: vendors send chunks
 * that end in the middle of a sample. Timestamps count from the stream's first sample.
 */
export class PcmFramer {
  readonly #format: AudioFormat;
  readonly #frameBytes: number;
  /** Bytes of the frame that is being filled; never as many as a frame has. */
  #rest: Uint8Array = new Uint8Array(0);
  /** Sample groups that have left. */
  #position = 0;

  /** @throws RoomKitError `invalid_option` when `frameMs` is less than one sample or more than 1,000. */
  constructor(options: PcmFramerOptions) {
    const { sampleRate, channels, frameMs = 20 } = options;
    this.#format = { sampleRate, channels };
    const samples = Math.round((sampleRate * frameMs) / 1000);
    if (!(samples >= 1) || frameMs > 1000) {
      throw new RoomKitError("invalid_option", "frameMs must be at least one sample and at most 1,000");
    }
    this.#frameBytes = samples * channels * 2;
  }

  /** The frames that `bytes` completes. */
  push(bytes: Uint8Array): AudioFrame[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % this.#frameBytes);
    const frames: AudioFrame[] = [];
    for (let at = 0; at < whole; at += this.#frameBytes)
      frames.push(this.#frame(all.subarray(at, at + this.#frameBytes)));
    // Copied: the chunk belongs to whoever gave it, and may be a view of a large buffer.
    this.#rest = Uint8Array.from(all.subarray(whole));
    return frames;
  }

  /** The last, shorter frame; undefined when nothing is left. Bytes that make no whole sample are dropped. */
  flush(): AudioFrame | undefined {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    const size = this.#format.channels * 2;
    const whole = rest.length - (rest.length % size);
    return whole === 0 ? undefined : this.#frame(rest.subarray(0, whole));
  }

  #frame(bytes: Uint8Array): AudioFrame {
    const timestamp = (this.#position / this.#format.sampleRate) * 1000;
    const samples = samplesOfBytes(bytes);
    this.#position += samples.length / this.#format.channels;
    return { samples, ...this.#format, timestamp };
  }
}
