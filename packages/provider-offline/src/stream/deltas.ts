import { type AIPart, abortedError, type Clock } from "@roomkit/core";

export interface Pace {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Absent: no pauses. */
  readonly wordsPerSecond: number | undefined;
}

/**
 * A text as a model gives it: word by word. Ends early, with `length`, after `maxWords`.
 *
 * @returns how it ended
 * @throws RoomKitError `aborted`.
 */
export async function* textDeltas(
  text: string,
  maxWords: number,
  pace: Pace,
): AsyncGenerator<AIPart, "stop" | "length"> {
  const words = text.match(/\S+\s*/g) ?? [];
  for (const [index, word] of words.entries()) {
    if (pace.signal.aborted) throw abortedError(pace.signal);
    if (index === maxWords) return "length";
    if (index > 0 && pace.wordsPerSecond !== undefined)
      await pace.clock.sleep(1_000 / pace.wordsPerSecond, pace.signal);
    yield { type: "text-delta", text: word };
  }
  if (pace.signal.aborted) throw abortedError(pace.signal);
  return "stop";
}
