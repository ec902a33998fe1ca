import type { CallEntry } from "./entries.ts";

/** What a call decided: a turn of the caller's, or how an utterance of the assistant's ended. */
export type Decision =
  | { readonly type: "turn"; readonly atMs: number; readonly text: string }
  | {
      readonly type: "answer";
      readonly atMs: number;
      readonly heard: string;
      readonly unheard: string;
      readonly interrupted: boolean;
    };

/** What differs: the same place of the conversation in both. */
export interface Difference {
  /** The caller's turns before it. */
  readonly turn: number;
  readonly recorded: Decision | undefined;
  readonly replayed: Decision | undefined;
}

export const decisionsOf = (entries: readonly CallEntry[]): Decision[] =>
  entries.flatMap((entry): Decision[] => {
    if (entry.k === "turn") return [{ type: "turn", atMs: entry.t, text: entry.text }];
    if (entry.k !== "answer") return [];
    const { heard, unheard, interrupted } = entry;
    return [{ type: "answer", atMs: entry.t, heard, unheard, interrupted }];
  });

/** `replayed` in the order of `recorded`, where two of the same millisecond come the other way round: it has no order of its own. */
export function aligned(recorded: readonly Decision[], replayed: readonly Decision[]): readonly Decision[] {
  const found = [...replayed];
  for (let i = 0; i + 1 < found.length; i++) {
    const [a, b] = [found[i] as Decision, found[i + 1] as Decision];
    const crossed = told(recorded[i]) === told(b) && told(recorded[i + 1]) === told(a) && told(a) !== told(b);
    if (crossed && b.atMs - a.atMs < 1) found.splice(i, 2, b, a);
  }
  return found;
}

/** Told apart by words, not by time. */
export function differences(recorded: readonly Decision[], replayed: readonly Decision[]): Difference[] {
  const found: Difference[] = [];
  let turn = 0;
  for (let i = 0; i < Math.max(recorded.length, replayed.length); i++) {
    const [a, b] = [recorded[i], replayed[i]];
    if (a?.type === "turn" || b?.type === "turn") turn++;
    if (told(a) !== told(b)) found.push({ turn, recorded: a, replayed: b });
  }
  return found;
}

/** A decision in a line, without its time. */
export function told(decision: Decision | undefined): string {
  if (!decision) return "nothing";
  if (decision.type === "turn") return `caller: ${decision.text}`;
  return `assistant: ${decision.heard}${decision.interrupted ? ` | cut off before: ${decision.unheard}` : ""}`;
}
