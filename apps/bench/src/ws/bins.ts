import type { Bins } from "./messages.ts";

const PER_MS = 10;
/** Two seconds and all beyond. */
const LAST = 20_000;

export class Histogram {
  readonly #counts = new Map<number, number>();

  add(ms: number): void {
    const at = Math.min(LAST, Math.max(1, Math.ceil(ms * PER_MS)));
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
  }

  bins(): Bins {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

/** The value below which `share` (0 to 1) of the values lie, to 0.1 ms, by the nearest rank; NaN for none. */
export function percentileOf(bins: Bins, share: number): number {
  const all = bins.reduce((sum, [, count]) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(share * all));
  let seen = 0;
  for (const [tenths, count] of bins) {
    seen += count;
    if (seen >= rank) return tenths / PER_MS;
  }
  return Number.NaN;
}

/** What several clients found, as one. */
export function merged(all: readonly Bins[]): Bins {
  const counts = new Map<number, number>();
  for (const [tenths, count] of all.flat()) counts.set(tenths, (counts.get(tenths) ?? 0) + count);
  return [...counts].sort(([a], [b]) => a - b);
}
