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

/** Shorter pauses are within words, ms. */
const WORD_PAUSE_MS = 150;

/** When that ended which was audible at a moment, or had been before it. */
export function endOf(levels: readonly number[], atMs: number): number {
  return audible(levels, 0, WORD_PAUSE_MS).findLast(({ startMs }) => startMs <= atMs)?.endMs ?? 0;
}
