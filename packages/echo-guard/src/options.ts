import { assertOptions, type OptionRanges, optionsWithin, type Resolved } from "@roomkit/core";

export interface EchoGuardOptions {
  /** An echo is looked for up to so long after what is played, ms. Default 600. */
  readonly maxDelayMs?: number | undefined;
  /** A caller who was heard over the echo is let through for so long after the last sign of them, ms. Default 200. */
  readonly hangoverMs?: number | undefined;
  /** Whether the noise of the room stands in for what is taken out; otherwise silence does. Default true. */
  readonly comfortNoise?: boolean | undefined;
}

const defaults: Resolved<EchoGuardOptions> = { maxDelayMs: 600, hangoverMs: 200, comfortNoise: true };

const ranges: OptionRanges<EchoGuardOptions> = { maxDelayMs: [100, 1_000], hangoverMs: [50, 1_000] };

/** @throws RoomKitError `invalid_option` for a value out of range. */
export function resolveOptions(options: EchoGuardOptions): Resolved<EchoGuardOptions> {
  assertOptions("echoGuard", options, { within: ranges, boolean: ["comfortNoise"] });
  return optionsWithin(options, defaults, ranges);
}
