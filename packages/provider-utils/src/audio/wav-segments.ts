import { type AudioFormat, type AudioFrame, abortable, frameDurationMs, RoomKitError, sameFormat } from "@roomkit/core";
import { wavOfSamples } from "./wav.ts";

export interface WavSegmentOptions {
  /** Longest file, ms: longer audio is cut there. */
  readonly maxMs: number;
  /** A rest shorter than this is left out, ms. Default 0: only an empty one. */
  readonly minMs?: number | undefined;
  readonly signal: AbortSignal;
}

/** One file of a stream. */
export interface WavSegment {
  readonly wav: Uint8Array;
  /** Where it begins in the stream, ms. */
  readonly startMs: number;
}

/**
 * A stream of audio as WAV files, for vendors that take requests: one file, or several where the audio is longer than a request may be.
 *
 * @throws RoomKitError `unsupported_format` when the format changes within the stream; `aborted`.
 */
export async function* wavSegments(
  audio: AsyncIterable<AudioFrame>,
  { maxMs, minMs = 0, signal }: WavSegmentOptions,
): AsyncGenerator<WavSegment, void, undefined> {
  let format: AudioFormat | undefined;
  let pieces: Int16Array[] = [];
  let startMs = 0;
  let ms = 0;
  for await (const frame of abortable(audio, signal)) {
    format ??= { sampleRate: frame.sampleRate, channels: frame.channels };
    if (!sameFormat(format, frame)) {
      throw new RoomKitError("unsupported_format", "all frames of a stream must have one format", {
        details: { before: format, now: { sampleRate: frame.sampleRate, channels: frame.channels } },
      });
    }
    pieces.push(frame.samples);
    ms += frameDurationMs(frame);
    if (ms < maxMs) continue;
    yield { wav: wavOfSamples(pieces, format), startMs };
    startMs += ms;
    pieces = [];
    ms = 0;
  }
  if (format && ms > 0 && ms >= minMs) yield { wav: wavOfSamples(pieces, format), startMs };
}
