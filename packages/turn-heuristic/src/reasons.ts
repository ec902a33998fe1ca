import type { Asked, UnfinishedReason } from "./lexicon/lexicon.ts";

/** What a judgement went by; the README says what each means. */
export type TurnReason =
  | Asked
  | UnfinishedReason
  | "answer"
  | "clause"
  | "closing"
  | "command"
  | "either"
  | "fragment"
  | "prosody"
  | "question"
  | "statement";
