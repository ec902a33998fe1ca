import { RoomKitError } from "@roomkit/core";
import { CallerLab } from "./lab.ts";
import { answers, bargeIns, percentileOf, talkedOver } from "./measures.ts";

/** What a matcher says, as vitest and jest take it. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

export interface WithinOptions {
  /** So much of them must be within, 0 to 1. Default 1: all. */
  readonly percentile?: number | undefined;
}

/** One call or several: figures are taken over all of them. */
type Calls = CallerLab | readonly CallerLab[];

/** What {@link labMatchers} adds to `expect`. */
export interface LabMatchers<R = unknown> {
  /** Words of the caller's over the assistant silenced it within so long, of virtual time, from their first sound. */
  toYieldWithin(ms: number, options?: WithinOptions): R;
  /** The caller heard these words, one after the other, rendered and not cut off. */
  toHaveHeard(text: string): R;
  /** All the caller said was taken for one turn; `text`: with these words. */
  toBeOneTurn(text?: string): R;
  /** The assistant never began while the caller spoke. `graceMs`: what was under way by then, default 300. */
  neverTalkedOver(graceMs?: number): R;
  /** From the end of the caller's sound to the first of the answer took no longer, of virtual time. */
  answeredWithin(ms: number, options?: WithinOptions): R;
}

/** For `expect.extend(labMatchers)`; plain functions otherwise. None of them looks at wall time. */
export const labMatchers: {
  readonly [Name in keyof LabMatchers]: (calls: unknown, ...args: Parameters<LabMatchers[Name]>) => MatcherResult;
} = {
  toYieldWithin(calls, ms, options = {}) {
    const times = labs(calls)
      .flatMap(bargeIns)
      .map(({ yieldMs = Number.POSITIVE_INFINITY }) => yieldMs);
    return within("silent", "barge-ins", times, ms, options);
  },
  answeredWithin(calls, ms, options = {}) {
    const times = labs(calls)
      .flatMap(answers)
      .map(({ latencyMs }) => latencyMs);
    return within("answered", "answers", times, ms, options);
  },
  toHaveHeard(calls, text) {
    const heard = labs(calls).map(({ ear }) => ear.heard());
    const wanted = ` ${words(text).join(" ")} `;
    const pass = heard.every((one) => ` ${words(one).join(" ")} `.includes(wanted));
    return {
      pass,
      message: () => `the caller was${pass ? " not" : ""} to hear "${text}", and heard "${heard.join('", "')}"`,
    };
  },
  toBeOneTurn(calls, text) {
    const turns = labs(calls).map(({ client }) => client.turns.map((turn) => turn.text));
    const same = (said: string): boolean => text === undefined || words(said).join(" ") === words(text).join(" ");
    const pass = turns.every((all) => all.length === 1 && same(all[0] as string));
    const told = turns.map((all) => `[${all.map((turn) => `"${turn}"`).join(", ")}]`).join(", ");
    return {
      pass,
      message: () => `expected ${pass ? "not " : ""}one turn${text === undefined ? "" : ` of "${text}"`}, got ${told}`,
    };
  },
  neverTalkedOver(calls, graceMs = 300) {
    const times = labs(calls).flatMap((lab) => talkedOver(lab, graceMs));
    const told = times.map((at) => `${Math.round(at)} ms`).join(", ");
    return {
      pass: times.length === 0,
      message: () =>
        told === ""
          ? "the assistant was to talk over the caller, and did not"
          : `the assistant talked over the caller at ${told}`,
    };
  },
};

function within(
  what: string,
  which: string,
  times: readonly number[],
  ms: number,
  { percentile = 1 }: WithinOptions,
): MatcherResult {
  const worst = percentileOf(times, percentile);
  // Of nothing at all nothing is shown.
  const pass = times.length > 0 && worst <= ms;
  const share = percentile === 1 ? "all" : `${percentile * 100} %`;
  const found =
    times.length === 0
      ? "there were none"
      : Number.isFinite(worst)
        ? `it was ${Math.round(worst)} ms`
        : "at least one never was";
  return {
    pass,
    message: () =>
      `${share} of ${times.length} ${which} had ${pass ? "not " : ""}to be ${what} within ${ms} ms: ${found}`,
  };
}

/** @throws RoomKitError `invalid_option` for something else than labs. */
function labs(calls: unknown): readonly CallerLab[] {
  const all = Array.isArray(calls) ? (calls as readonly Calls[]) : [calls];
  if (all.length > 0 && all.every((lab) => lab instanceof CallerLab)) return all as readonly CallerLab[];
  throw new RoomKitError("invalid_option", "a CallerLab is expected, or several");
}

/** A text as words that can be compared: no case, no punctuation. */
function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}
