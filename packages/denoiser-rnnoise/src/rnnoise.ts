import { assertOptions, BlockStage, type FrameStage, optionsWithin, type StageFactory } from "@roomkit/core";
import { BLOCK, loadRnnoise, openRnnoise, SAMPLE_RATE } from "./engine.ts";

export interface RnnoiseOptions {
  /** How much of the noise goes, 0 to 1: the output is `strength` parts denoised audio, the rest what came in. Default 1. */
  readonly strength?: number | undefined;
}

export interface RnnoiseFactory extends StageFactory<FrameStage> {
  readonly sampleRate: 48_000;
  /** How long the stage holds a sample back at most, ms: one block that fills and one that overlaps. */
  readonly delayMs: 20;
}

/**
 * Noise suppression by RNNoise (J.-M. Valin, "A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band Speech Enhancement", 2018).
 * Works on mono at 48,000 Hz in blocks of 10 ms; the pipeline resamples around it. Each stream has a state of its own. Loads
 * 157 KB of WebAssembly here, once per process, because a stage is opened in the middle of a call.
 *
 * @throws RoomKitError `invalid_option`; `engine_failed` when the WebAssembly cannot be loaded.
 */
export function rnnoise(options: RnnoiseOptions = {}): RnnoiseFactory {
  assertOptions("rnnoise", options, { number: ["strength"] });
  const { strength } = optionsWithin(options, { strength: 1 }, { strength: [0, 1] });
  loadRnnoise();
  const block = { name: "RNNoise", sampleRate: SAMPLE_RATE, size: BLOCK, delay: BLOCK, wet: strength };
  return {
    name: "denoiser-rnnoise",
    sampleRate: SAMPLE_RATE,
    delayMs: 20,
    recipe: { module: import.meta.url, name: "rnnoise", options },
    open: (format) => new BlockStage(format, { ...block, open: openRnnoise }),
  };
}
