import type { SegmentText, TurnRules, TurnState } from "./state.ts";

/** An echo comes at most so long after what is played, with the room's, in ms of speech. */
const LATEST_ECHO_MS = 700;

/** Whether so much speech over the assistant's speech takes the floor. */
export function interrupts(speechMs: number, { strategy, minSpeechMs, wordlessMs }: TurnRules): boolean {
  // That there are words is no proof: which they are is told by themselves.
  if (strategy === "semantic") return Number.isFinite(speechMs) && speechMs >= wordlessMs;
  return strategy === "immediate" || speechMs >= minSpeechMs;
}

/** The segment as one that goes on though nothing is played. */
export function aloneSince({ alone }: TurnState, segment: number, speechMs: number): TurnState["alone"] {
  if (alone?.segment !== segment) return { segment, fromMs: speechMs, proven: false };
  const proven = speechMs - alone.fromMs > LATEST_ECHO_MS;
  return proven === alone.proven ? alone : { ...alone, proven };
}

/** Whether words are the assistant's own, by its loudspeaker: not those of somebody who went on when it had long been silent. */
export function isEcho({ alone }: TurnState, { segment, text }: SegmentText, rules: TurnRules): boolean {
  return !(alone?.segment === segment && alone.proven) && rules.isEcho?.(text) === true;
}

/** Whether words want no floor. Before anything was audible there was nothing to listen to: how they sounded says nothing then. */
export function onlyListens(state: TurnState, words: SegmentText, rules: TurnRules): boolean {
  const over = state.resumable !== undefined || (state.utterance !== undefined && !state.overlap?.early);
  return rules.isBackchannel(over ? words : { text: words.text });
}
