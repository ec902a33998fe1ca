import { type Clock, RoomKitError, systemClock } from "@roomkit/core";

export interface OfflineAIOptions {
  /** What the assistant calls itself. Default `Kit`. */
  readonly name?: string | undefined;
  /** Tells the time, and paces `wordsPerSecond`. Default the system clock. */
  readonly clock?: Clock | undefined;
  /** IANA name of the zone whose time and date are told, `Europe/Berlin`. Default the machine's own. */
  readonly timeZone?: string | undefined;
  /** In [0, 1): which joke, which wording, heads or tails. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Words yielded in a second, > 0: a model's pace. Default: as fast as they are read. */
  readonly wordsPerSecond?: number | undefined;
}

export interface ResolvedOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly timeZone: string | undefined;
  readonly random: () => number;
  readonly wordsPerSecond: number | undefined;
}

/** @throws RoomKitError `invalid_option`. */
export function resolveOptions(options: OfflineAIOptions): ResolvedOptions {
  const { name = "Kit", clock = systemClock, timeZone, random = Math.random, wordsPerSecond } = options;
  if (!/^\p{L}[\p{L} '-]{0,39}$/u.test(name)) throw new RoomKitError("invalid_option", "name must be 1 to 40 letters");
  if (wordsPerSecond !== undefined && !(wordsPerSecond > 0 && Number.isFinite(wordsPerSecond))) {
    throw new RoomKitError("invalid_option", "wordsPerSecond must be > 0");
  }
  if (timeZone !== undefined) {
    try {
      new Intl.DateTimeFormat("en", { timeZone });
    } catch (cause) {
      throw new RoomKitError("invalid_option", `timeZone ${JSON.stringify(timeZone)} is not known`, { cause });
    }
  }
  return { name, clock, timeZone, random, wordsPerSecond };
}
