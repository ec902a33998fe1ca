import { type Clock, RoomKitError, type TurnDecision, type TurnDetector, untilAborted } from "@roomkit/core";
import type { CallEntry } from "./entries.ts";
import { shapeOf } from "./masked.ts";

interface Asked {
  readonly t: number;
  readonly shape: string;
  verdict: Extract<CallEntry, { k: "verdict" }> | undefined;
}

/** A turn detector that says of the same words what the recorded one said, as long after it was asked; of others nothing. */
export function replayDetector(clock: Clock, entries: readonly CallEntry[]): TurnDetector {
  const asked = new Map<number, Asked>();
  for (const entry of entries) {
    if (entry.k === "ask") asked.set(entry.n, { t: entry.t, shape: shapeOf(entry.text), verdict: undefined });
    const one = entry.k === "verdict" ? asked.get(entry.n) : undefined;
    if (one && entry.k === "verdict") one.verdict = entry;
  }
  const left = [...asked.values()];
  return {
    name: "replay",
    async evaluate({ transcript }, { signal }): Promise<TurnDecision> {
      const index = left.findIndex(({ shape }) => shape === shapeOf(transcript));
      const one = index < 0 ? undefined : left.splice(index, 1)[0];
      if (!one) throw new RoomKitError("failed", "the recorded turn detector was not asked about this");
      const { verdict, t } = one;
      // It never answered, and does not now.
      if (!verdict) return untilAborted(new Promise<never>(() => {}), signal);
      await clock.sleep(verdict.t - t, signal);
      if (!verdict.decision) throw new RoomKitError(verdict.error ?? "failed", "as it was recorded");
      return verdict.decision as TurnDecision;
    },
  };
}
