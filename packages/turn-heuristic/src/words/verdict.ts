import type { TurnReason } from "../reasons.ts";

/** How likely a turn is over, 0 to 1, and by what. */
export interface Verdict {
  readonly confidence: number;
  readonly reason: TurnReason;
}
