import { assertOptions, type OptionRanges, optionsWithin, type Resolved } from "@roomkit/core";

/** Levels are dB below a square wave of full scale. */
export interface AgcOptions {
  /** Where speech is brought to: its mean level while somebody speaks. Default -20. */
  readonly targetDb?: number | undefined;
  /** Most gain, dB. Default 24. */
  readonly maxGainDb?: number | undefined;
  /** Most attenuation, dB. Default 18. */
  readonly maxCutDb?: number | undefined;
  /** How fast gain may rise, dB per second of speech. Default 15. */
  readonly upDbPerS?: number | undefined;
  /** How fast gain may fall, dB per second of speech; what is too loud until then meets the limiter. Default 40. */
  readonly downDbPerS?: number | undefined;
  /** What is quieter is never speech. Default -55. */
  readonly gateDb?: number | undefined;
  /** No sample comes out higher. Default -1. */
  readonly ceilingDb?: number | undefined;
}

const defaults: Resolved<AgcOptions> = {
  targetDb: -20,
  maxGainDb: 24,
  maxCutDb: 18,
  upDbPerS: 15,
  downDbPerS: 40,
  gateDb: -55,
  ceilingDb: -1,
};

const ranges: OptionRanges<AgcOptions> = {
  targetDb: [-40, -6],
  maxGainDb: [0, 40],
  maxCutDb: [0, 40],
  upDbPerS: [0.5, 200],
  downDbPerS: [0.5, 1_000],
  gateDb: [-80, -20],
  ceilingDb: [-20, 0],
};

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function resolveOptions(options: AgcOptions): Resolved<AgcOptions> {
  assertOptions("agc", options, { within: ranges });
  return optionsWithin(options, defaults, ranges);
}
