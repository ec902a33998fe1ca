import { assertOptions, BlockStage, type FrameStage, optionsWithin, type StageFactory } from "@roomkit/core";
import { BLOCK, loadGtcrn, openGtcrn, SAMPLE_RATE } from "./engine.ts";

export interface GtcrnOptions {
  /** How much of the noise goes, 0 to 1: the output is `strength` parts denoised audio, the rest what came in. Default 1. */
  readonly strength?: number | undefined;
}

export interface GtcrnFactory extends StageFactory<FrameStage> {
  readonly sampleRate: 16_000;
  /** How long the stage holds a sample back at most, ms: one block that fills and one that overlaps. */
  readonly delayMs: 32;
}

/**
 * Noise suppression by GTCRN (X. Rong et al., "GTCRN: A Speech Enhancement Model Requiring Ultralow Computational Resources", 2024).
 * Works on mono at 16,000 Hz in blocks of 16 ms; the pipeline resamples around it. Each stream has a state of its own. Loads
 * 197 KB of WebAssembly here, once per process, because a stage is opened in the middle of a call.
 *
 * @throws RoomKitError `invalid_option`; `engine_failed` when the WebAssembly cannot be loaded.
 */
export function gtcrn(options: GtcrnOptions = {}): GtcrnFactory {
  assertOptions("gtcrn", options, { number: ["strength"] });
  const { strength } = optionsWithin(options, { strength: 1 }, { strength: [0, 1] });
  loadGtcrn();
  const block = { name: "GTCRN", sampleRate: SAMPLE_RATE, size: BLOCK, delay: BLOCK, wet: strength };
  return {
    name: "denoiser-gtcrn",
    sampleRate: SAMPLE_RATE,
    delayMs: 32,
    recipe: { module: import.meta.url, name: "gtcrn", options },
    open: (format) => new BlockStage(format, { ...block, open: openGtcrn }),
  };
}
