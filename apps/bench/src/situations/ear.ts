import { STRETCH_MS } from "./line.ts";

/** From here on a caller hears it, dBFS. */
const AUDIBLE_DB = -50;

/** Something audible, ms. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/** What can be heard from `fromMs` on; pauses of less than `pauseMs` belong to it. */
export function audible(levels: readonly number[], fromMs: number, pauseMs: number): Stretch[] {
  const found: { startMs: number; endMs: number }[] = [];
  for (let i = Math.max(0, Math.floor(fromMs / STRETCH_MS)); i < levels.length; i++) {
    if ((levels[i] as number) < AUDIBLE_DB) continue;
    const [startMs, endMs] = [i * STRETCH_MS, (i + 1) * STRETCH_MS];
    const last = found.at(-1);
    if (last && startMs - last.endMs < pauseMs) last.endMs = endMs;
    else found.push({ startMs, endMs });
  }
  return found;
}

/** From `fromMs` on, how long until it is silent for `lastingMs`; undefined: never. */
export function silentAfter(levels: readonly number[], fromMs: number, lastingMs: number): number | undefined {
  const first = audible(levels, fromMs, lastingMs)[0];
  // It was silent at once, and long enough.
  if (!first || first.startMs - fromMs >= lastingMs) return 0;
  const lastedMs = levels.length * STRETCH_MS - first.endMs;
  return lastedMs >= lastingMs ? first.endMs - fromMs : undefined;
}
