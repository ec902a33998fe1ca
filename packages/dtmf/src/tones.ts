import {
  type AudioFrame,
  assertOptions,
  type OptionRanges,
  optionsWithin,
  type Resolved,
  RoomKitError,
} from "@roomkit/core";
import { frequenciesOf } from "./keypad.ts";

export interface DtmfToneOptions {
  /** Hz, 8,000 to 192,000. Default 8,000. */
  readonly sampleRate?: number | undefined;
  /** Length of each tone, ms. Default 100. */
  readonly toneMs?: number | undefined;
  /** Silence after each tone, ms. Default 100. */
  readonly pauseMs?: number | undefined;
  /** Level of both tones together, dB below a square wave of full scale. Default -10. */
  readonly levelDb?: number | undefined;
  /** By how much the high tone is louder than the low one, dB: telephone lines damp it more. Default 2. */
  readonly twistDb?: number | undefined;
}

const defaults: Resolved<DtmfToneOptions> = { sampleRate: 8_000, toneMs: 100, pauseMs: 100, levelDb: -10, twistDb: 2 };

const ranges: OptionRanges<DtmfToneOptions> = {
  sampleRate: [8_000, 192_000],
  toneMs: [40, 1_000],
  pauseMs: [40, 1_000],
  levelDb: [-40, -7],
  twistDb: [-8, 4],
};

/** More at once are refused. */
const MOST_DIGITS = 64;

/** Rise and fall of a tone, so that it does not click. */
const EDGE_MS = 3;

/**
 * The tones of some digits (0 to 9, A to D, *, #), one after the other, as mono audio: for `VoiceChannel.sendDtmf` and the like.
 *
 * @throws RoomKitError `invalid_option` for an option out of range, `invalid_digits` for anything but 1 to 64 digits.
 */
export function dtmfTones(digits: string, options: DtmfToneOptions = {}): AudioFrame {
  assertOptions("dtmfTones", options, { within: ranges });
  const { sampleRate: wanted, toneMs, pauseMs, levelDb, twistDb } = optionsWithin(options, defaults, ranges);
  const pairs = typeof digits === "string" ? Array.from(digits, frequenciesOf) : [];
  const all = pairs.filter((pair) => pair !== undefined);
  if (all.length === 0 || all.length < pairs.length || all.length > MOST_DIGITS) {
    // Not which: they may be a secret.
    throw new RoomKitError("invalid_digits", `expected 1 to ${MOST_DIGITS} of 0-9, A-D, * and #`);
  }
  const sampleRate = Math.round(wanted);
  const length = Math.round((sampleRate * toneMs) / 1000);
  const edge = Math.round((sampleRate * EDGE_MS) / 1000);
  const step = length + Math.round((sampleRate * pauseMs) / 1000);
  const ratio = 10 ** (twistDb / 20);
  const low = (32_768 * 10 ** (levelDb / 20) * Math.SQRT2) / Math.sqrt(1 + ratio * ratio);
  const samples = new Int16Array(step * all.length);
  for (const [n, [lowHz, highHz]] of all.entries()) {
    for (let i = 0; i < length; i++) {
      const t = (2 * Math.PI * i) / sampleRate;
      const rise = Math.min(1, (i + 0.5) / edge, (length - i - 0.5) / edge);
      const shape = rise < 1 ? Math.sin((Math.PI / 2) * rise) ** 2 : 1;
      samples[n * step + i] = Math.round(shape * low * (Math.sin(lowHz * t) + ratio * Math.sin(highHz * t)));
    }
  }
  return { samples, sampleRate, channels: 1, timestamp: 0 };
}
