import { RoomKitError } from "@roomkit/core";

/** Length of the filter in samples of the lower of the two rates: the price of the steepness, paid in delay and work. */
const SPAN = 64;

/**
 * Shape of the Kaiser window. With {@link SPAN} it gives 83 dB of rejection from half the lower rate on, in return for a
 * transition that begins at 0.417 of it (attenuation there < 0.05 dB).
 */
const BETA = 8.3;

/** Most taps one ratio may need; a ratio of two rates with nothing in common would take a table without measure. */
const MAX_TAPS = 262_144;

/** Two rates in lowest terms. Time is counted in ticks of their least common multiple. */
export interface Ratio {
  /** Ticks per input sample. */
  readonly up: number;
  /** Ticks per output sample. */
  readonly down: number;
}

/** The ratio of two rates in Hz. */
export function ratioOf(fromRate: number, toRate: number): Ratio {
  const common = greatestCommonDivisor(fromRate, toRate);
  return { up: toRate / common, down: fromRate / common };
}

/** A low-pass filter between two rates, cut into the phases an output sample can have. */
export interface PolyphaseFilter extends Ratio {
  /** Taps per phase, a multiple of 16. */
  readonly width: number;
  /** How many ticks the output lags behind the input. */
  readonly delay: number;
  /** `up` rows of `width` taps, the one for the oldest sample first. */
  readonly taps: Float32Array;
}

/**
 * Designs the filter of a ratio: a windowed sinc (Kaiser's window and his formulas for length and shape), with each phase scaled
 * to a gain of exactly one at 0 Hz, so that a constant comes out constant.
 *
 * @throws RoomKitError `unsupported_format` when the rates have too little in common.
 */
export function designFilter({ up, down }: Ratio): PolyphaseFilter {
  const longer = Math.max(up, down);
  // The prototype lives at the tick rate; its ends, where the window is zero, are left out.
  const half = (SPAN / 2) * longer;
  const length = 2 * half - 1;
  const used = Math.ceil(length / up);
  const width = Math.ceil(used / 16) * 16;
  if (up * width > MAX_TAPS) {
    throw new RoomKitError(
      "unsupported_format",
      `no filter for the ratio ${up}:${down}: the rates have too little in common`,
    );
  }
  const attenuation = BETA / 0.1102 + 8.7;
  const transition = (attenuation - 7.95) / (14.36 * SPAN);
  const cutoff = (0.5 - transition / 2) / longer;
  const taps = new Float32Array(up * width);
  const row = new Float64Array(used);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let k = 0; k < used; k++) {
      const at = k * up + phase - (half - 1);
      row[k] = at < half ? sinc(cutoff, at) * kaiser(at / half) : 0;
      sum += row[k] as number;
    }
    const end = (phase + 1) * width - 1;
    for (let k = 0; k < used; k++) taps[end - k] = (row[k] as number) / sum;
  }
  return { up, down, width, delay: half - 1, taps };
}

function sinc(cutoff: number, at: number): number {
  return at === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * at) / (Math.PI * at);
}

/** The window at -1 to 1 of its half length, up to a constant factor. */
function kaiser(at: number): number {
  return bessel(BETA * Math.sqrt(Math.max(0, 1 - at * at)));
}

/** The modified Bessel function of the first kind and order zero, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
