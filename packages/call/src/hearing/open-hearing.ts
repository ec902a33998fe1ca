import { RoomKitError } from "@roomkit/core";
import type { Hearing, HearingOptions } from "./hearing.ts";
import { ManualHearing } from "./manual-hearing.ts";
import { StreamHearing } from "./stream-hearing.ts";
import { VadHearing } from "./vad-hearing.ts";

/**
 * Who finds where speech begins and ends; by default the pipeline's VAD when it has one, otherwise the recogniser.
 *
 * @throws RoomKitError `invalid_option` for `vad` without one.
 */
export function openHearing(by: "vad" | "stt" | "manual" | undefined, options: HearingOptions): Hearing {
  const { hasVad } = options.pipeline;
  if (by === "vad" && !hasVad)
    throw new RoomKitError("invalid_option", "turnDetection `vad` needs a pipeline with a VAD");
  if (by === "manual") return new ManualHearing(options);
  return (by ?? (hasVad ? "vad" : "stt")) === "vad" ? new VadHearing(options) : new StreamHearing(options);
}
