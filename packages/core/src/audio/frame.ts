import { RoomKitError } from "../errors/error.ts";
import type { AudioFormat } from "./format.ts";

/**
 * A stretch of 16-bit linear PCM, any length. Frames are values: whoever receives one must not write to `samples`,
 * and whoever sends one must not reuse the array.
 */
export interface AudioFrame extends AudioFormat {
  /** Interleaved signed 16-bit samples; the length is a multiple of `channels`. */
  readonly samples: Int16Array;
  /** Milliseconds since the stream began, on the capture (or synthesis) clock: position of the first sample. */
  readonly timestamp: number;
}

/** Length of a frame in milliseconds. */
export function frameDurationMs(frame: AudioFrame): number {
  return (frame.samples.length / frame.channels / frame.sampleRate) * 1000;
}

/** How many samples (all channels together) `ms` milliseconds of this format take, rounded to whole sample groups. */
export function samplesFor(format: AudioFormat, ms: number): number {
  return Math.round((format.sampleRate * ms) / 1000) * format.channels;
}

/** A frame of digital silence. */
export function silence(format: AudioFormat, ms: number, timestamp = 0): AudioFrame {
  return {
    samples: new Int16Array(samplesFor(format, ms)),
    sampleRate: format.sampleRate,
    channels: format.channels,
    timestamp,
  };
}

/**
 * Checks a frame from outside (an application, a provider).
 *
 * @throws RoomKitError `invalid_audio` when the rate is outside 8,000 to 192,000 Hz, the channel count is not 1 or 2,
 *   or the samples do not divide into channels.
 */
export function assertFrame(frame: AudioFrame): void {
  const { samples, sampleRate, channels } = frame;
  const rateOk = Number.isInteger(sampleRate) && sampleRate >= 8_000 && sampleRate <= 192_000;
  const channelsOk = channels === 1 || channels === 2;
  if (samples instanceof Int16Array && rateOk && channelsOk && samples.length % channels === 0) return;
  throw new RoomKitError(
    "invalid_audio",
    "an audio frame must be Int16Array samples at 8,000 to 192,000 Hz, 1 or 2 channels",
    {
      details: { sampleRate, channels, samples: samples?.length ?? 0 },
    },
  );
}
