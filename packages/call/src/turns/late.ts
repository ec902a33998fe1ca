import type { TurnState } from "./state.ts";

/** The segments remembered at most whose words were not waited for, or whose words were overtaken. */
const MAX_LATE = 8;

/** The words that are awaited hold up nobody any more. @param behind those that were said before something was typed */
export function unawaited(state: TurnState, behind: readonly number[] = []): TurnState {
  const late = [...state.late, ...state.awaited].slice(-MAX_LATE);
  return { ...state, awaited: [], late, behind: [...state.behind, ...behind].slice(-MAX_LATE) };
}

/** What cut the assistant off does not matter any more, if it only says that somebody listens. */
export function overtaken(state: TurnState): TurnState {
  const { resumable, speaking, awaited, aside } = state;
  if (!resumable) return state;
  const segments = speaking === undefined ? awaited : [...awaited, speaking];
  return { ...state, aside: [...aside, ...segments].slice(-MAX_LATE) };
}
