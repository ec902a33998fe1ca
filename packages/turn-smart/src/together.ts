import { gradedDecision, type TurnContext, type TurnDecision } from "@roomkit/core";

/** Up to here the other detector knows of something unfinished, whatever it sounds like. */
const UNFINISHED = 0.25;
/** What the model's odds count beside those of the other detector. */
const MODEL_SHARE = 0.5;

/** Whether the other detector decides alone: it knows what the sound cannot tell. */
export function decidesAlone(other: TurnDecision): boolean {
  return !other.complete && other.confidence <= UNFINISHED;
}

/** What model and other detector decide together; docs/decisions/0012-end-of-turn.md has the table that this rests on. */
export function together(probability: number, other: TurnDecision | undefined, context: TurnContext): TurnDecision {
  if (!other) return gradedDecision(probability, context, "model");
  if (decidesAlone(other)) return other;
  const odds = MODEL_SHARE * logit(probability) + logit(other.confidence);
  return gradedDecision(1 / (1 + Math.exp(-odds)), context, other.reason ?? "model");
}

/** Bounded, so that nothing is certain beyond what the other can say. */
const logit = (p: number): number =>
  Math.log(Math.min(0.98, Math.max(0.02, p)) / (1 - Math.min(0.98, Math.max(0.02, p))));
