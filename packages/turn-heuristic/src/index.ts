export { type HeuristicTurnsOptions, heuristicTurns } from "./heuristic.ts";
export type { Asked, TurnLexicon, UnfinishedReason } from "./lexicon/lexicon.ts";
export type { TurnReason } from "./reasons.ts";
