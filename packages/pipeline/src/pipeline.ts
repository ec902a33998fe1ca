import { type AudioFormat, type AudioPipeline, RoomKitError } from "@roomkit/core";
import { type AudioPipelineConfig, checkConfig } from "./config.ts";
import { Stream } from "./stream.ts";

/**
 * The audio path of a voice channel. Inbound: resample to the internal rate (mono), record, touch tones, AEC, echo guard, AGC, denoise,
 * VAD, diarization. Outbound: postprocess, record, resample to what the transport plays. Which rates are changed follows from
 * the formats: the transport's, the frames' own, and those the stages ask for.
 *
 * A stage that fails on a frame, or cannot be opened for the format, is passed by and told of as `stage-error`; the call goes on. One
 * that fails again and again is taken out (`stage-change`). The stream's `stages` can be switched while it lasts.
 *
 * `open` throws RoomKitError `invalid_audio` for a format that is none, `unsupported_format` when there is no way from the
 * transport's rate to the internal one.
 *
 * @throws RoomKitError `invalid_option`.
 */
export function audioPipeline(config: AudioPipelineConfig = {}): AudioPipeline {
  checkConfig(config);
  return {
    open(formats) {
      for (const direction of ["inbound", "outbound"] as const) checkFormat(formats[direction], direction);
      return new Stream(config, formats);
    },
  };
}

function checkFormat({ sampleRate, channels }: AudioFormat, direction: string): void {
  const rateOk = Number.isInteger(sampleRate) && sampleRate >= 8_000 && sampleRate <= 192_000;
  if (rateOk && (channels === 1 || channels === 2)) return;
  throw new RoomKitError("invalid_audio", `the ${direction} format must be 8,000 to 192,000 Hz, 1 or 2 channels`, {
    details: { sampleRate, channels },
  });
}
