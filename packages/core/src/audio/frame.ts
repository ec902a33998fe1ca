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
 *   the samples do not divide into channels, or the timestamp is no number.
 */
export function assertFrame(frame: AudioFrame): void {
  const { samples, sampleRate, channels, timestamp }: Partial<AudioFrame> = frame ?? {};
  const rateOk = Number.isInteger(sampleRate) && Number(sampleRate) >= 8_000 && Number(sampleRate) <= 192_000;
  const channelsOk = channels === 1 || channels === 2;
  const timed = Number.isFinite(timestamp);
  if (samples instanceof Int16Array && rateOk && channelsOk && timed && samples.length % channels === 0) return;
  throw new RoomKitError(
    "invalid_audio",
    "an audio frame must be Int16Array samples at 8,000 to 192,000 Hz, 1 or 2 channels, with a timestamp",
    {
      details: { sampleRate, channels, samples: samples?.length ?? 0 },
    },
  );
}

/** Checks what a stage gave back. @throws RoomKitError `invalid_stage_output` when it is no mono audio of this rate. */
export function assertStageOutput(frame: AudioFrame, sampleRate: number): void {
  const ok =
    frame?.samples instanceof Int16Array &&
    frame.sampleRate === sampleRate &&
    frame.channels === 1 &&
    Number.isFinite(frame.timestamp);
  if (!ok) throw new RoomKitError("invalid_stage_output", "the stage gave something else than audio in its format");
}
