import { assertOptions, type OptionRanges, optionsWithin, type Resolved } from "@roomkit/core";

export interface DtmfOptions {
  /** Least level of a digit, both tones together, dB below a square wave of full scale. Default -42. */
  readonly minLevelDb?: number | undefined;
  /** Shorter tones are no digit, ms. Default 31: Q.24 wants 40 ms taken and 23 ms refused. */
  readonly minToneMs?: number | undefined;
  /** A shorter silence within a tone does not end it, ms. Default 25: Q.24 wants 40 ms to separate two presses of a key, and 10 ms not to. */
  readonly minPauseMs?: number | undefined;
  /** Most by which the high tone may be louder than the low one, dB. Default 6: the 4 of Q.24, and what noise adds. */
  readonly normalTwistDb?: number | undefined;
  /** Most by which the low tone may be louder than the high one, dB. Default 10: the 8 of Q.24, and what noise adds. */
  readonly reverseTwistDb?: number | undefined;
}

const defaults: Resolved<DtmfOptions> = {
  minLevelDb: -42,
  minToneMs: 31,
  minPauseMs: 25,
  normalTwistDb: 6,
  reverseTwistDb: 10,
};

const ranges: OptionRanges<DtmfOptions> = {
  minLevelDb: [-70, -10],
  minToneMs: [25, 1_000],
  minPauseMs: [15, 1_000],
  normalTwistDb: [0, 20],
  reverseTwistDb: [0, 20],
};

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function resolveOptions(options: DtmfOptions): Resolved<DtmfOptions> {
  assertOptions("dtmf", options, { within: ranges });
  return optionsWithin(options, defaults, ranges);
}
