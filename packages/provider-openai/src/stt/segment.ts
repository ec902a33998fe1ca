import { type AudioFormat, type AudioFrame, frameDurationMs, RoomKitError, sameFormat } from "@roomkit/core";
import { wavOfSamples } from "@roomkit/provider-utils";

/** Collects the audio of one request. */
export class Segment {
  readonly #pieces: Int16Array[] = [];
  #format: AudioFormat | undefined;
  #ms = 0;

  /** How much it holds, in ms. */
  get ms(): number {
    return this.#ms;
  }

  /** @throws RoomKitError `unsupported_format` when the format changes. */
  add(frame: AudioFrame): void {
    this.#format ??= { sampleRate: frame.sampleRate, channels: frame.channels };
    if (!sameFormat(this.#format, frame)) {
      throw new RoomKitError("unsupported_format", "all frames of a stream must have one format", {
        details: { before: this.#format, now: { sampleRate: frame.sampleRate, channels: frame.channels } },
      });
    }
    this.#pieces.push(frame.samples);
    this.#ms += frameDurationMs(frame);
  }

  /** All of it as a WAV file; it is empty afterwards. */
  take(): Uint8Array {
    const file = wavOfSamples(this.#pieces, this.#format ?? { sampleRate: 16_000, channels: 1 });
    this.#pieces.length = 0;
    this.#ms = 0;
    return file;
  }
}
