import { type AudioFrame, samplesFor } from "@roomkit/core";

/** A frame in pieces of at most so many ms. */
export function* piecesOf(frame: AudioFrame, ms: number): Generator<AudioFrame, void, undefined> {
  const { samples, sampleRate, channels, timestamp } = frame;
  const step = samplesFor(frame, ms);
  if (samples.length <= step) yield frame;
  else
    for (let at = 0; at < samples.length; at += step)
      yield {
        ...frame,
        samples: samples.subarray(at, at + step),
        timestamp: timestamp + (at * 1000) / channels / sampleRate,
      };
}
