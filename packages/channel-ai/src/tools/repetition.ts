import type { ToolCall } from "@roomkit/core";

/** Notices a model that makes the same call round after round. Side by side in one round, equal calls are fine (two dice). */
export class RepetitionGuard {
  readonly #maxRounds: number;
  readonly #rounds = new Map<string, number>();
  #tripped = false;

  constructor(maxRounds: number) {
    this.#maxRounds = maxRounds;
  }

  /** A call had to be refused: the model should answer in words now. */
  get tripped(): boolean {
    return this.#tripped;
  }

  /** Takes in the calls of a round; returns those that may not run. */
  note(calls: readonly ToolCall[]): ReadonlySet<ToolCall> {
    const repeated = new Set<ToolCall>();
    const seen = new Set<string>();
    for (const call of calls) {
      const key = `${call.name} ${canonical(call.arguments)}`;
      if (!seen.has(key)) this.#rounds.set(key, (this.#rounds.get(key) ?? 0) + 1);
      seen.add(key);
      if ((this.#rounds.get(key) ?? 0) > this.#maxRounds) repeated.add(call);
    }
    if (repeated.size > 0) this.#tripped = true;
    return repeated;
  }
}

/** JSON with sorted keys: equal for equal arguments, in whichever order they were written. */
function canonical(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
          : inner,
      ) ?? ""
    );
  } catch {
    return String(value);
  }
}
