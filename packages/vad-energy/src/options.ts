import { type OptionRanges, optionsWithin, type Resolved } from "@roomkit/core";

export interface EnergyVadOptions {
  /** Least RMS of 16-bit samples that can be speech, 1 to 32,767. Default 300 (-41 dBFS). */
  readonly energyThreshold?: number | undefined;
  /** Silence that ends speech, in ms. Default 500. */
  readonly silenceThresholdMs?: number | undefined;
  /** How long clear sound (6 dB above the threshold) must last to be speech, in ms. A shorter one, such as a click, never is. Default 60. */
  readonly onsetMs?: number | undefined;
  /** How long sound that barely reaches the threshold must last to be speech, in ms; louder sound proves itself sooner, down to `onsetMs`. Default 200. */
  readonly minSpeechMs?: number | undefined;
  /** Audio before the speech that belongs to it, in ms. Default 300. */
  readonly speechPadMs?: number | undefined;
  /** Longest speech, in ms; it is ended there, and what follows is speech of its own. Default 60,000. */
  readonly maxSpeechMs?: number | undefined;
  /** Whether the threshold rises above steady noise. Default true. */
  readonly adaptive?: boolean | undefined;
  /** How far above the noise speech must be in the band of voices, as a ratio of RMS, > 1. Default 2.2 (7 dB). */
  readonly noiseFactor?: number | undefined;
  /** How far back the noise is looked for, in ms: steady sound becomes noise after so long. Default 1,500. */
  readonly noiseWindowMs?: number | undefined;
}

const defaults: Resolved<EnergyVadOptions> = {
  energyThreshold: 300,
  silenceThresholdMs: 500,
  onsetMs: 60,
  minSpeechMs: 200,
  speechPadMs: 300,
  maxSpeechMs: 60_000,
  adaptive: true,
  noiseFactor: 2.2,
  noiseWindowMs: 1_500,
};

const ranges: OptionRanges<EnergyVadOptions> = {
  energyThreshold: [1, 32_767],
  silenceThresholdMs: [20, 60_000],
  onsetMs: [10, 5_000],
  minSpeechMs: [10, 5_000],
  speechPadMs: [0, 5_000],
  maxSpeechMs: [100, 3_600_000],
  noiseFactor: [1.01, 100],
  noiseWindowMs: [100, 60_000],
};

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function resolveOptions(options: EnergyVadOptions): Resolved<EnergyVadOptions> {
  return optionsWithin(options, defaults, ranges);
}
