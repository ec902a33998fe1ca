import type { CallerLab } from "./lab.ts";

/** Words of a caller's that began while the assistant was to be heard. */
export interface BargeIn {
  readonly text: string;
  /** Where its sound began, ms of the call. */
  readonly atMs: number;
  /** From there to silence at the ear, ms; absent where there was none. */
  readonly yieldMs: number | undefined;
}

/** Something the assistant said, and what it came after. */
export interface Answer {
  /** Where the caller's last sound before it ended, ms of the call. */
  readonly saidMs: number;
  /** From there to the first of the answer at the ear, ms. */
  readonly latencyMs: number;
}

/** Every time that words of a caller's began while the assistant was to be heard. */
export function bargeIns({ said, ear }: CallerLab): BargeIn[] {
  return said.flatMap(({ kind, text, fromMs }) => {
    if (kind !== "speech") return [];
    const over = ear.spans.find((span) => span.fromMs <= fromMs && fromMs < (span.toMs ?? Number.POSITIVE_INFINITY));
    return over ? [{ text, atMs: fromMs, yieldMs: over.toMs === undefined ? undefined : over.toMs - fromMs }] : [];
  });
}

/** Everything the assistant said after words of the caller's, the first of it each time. */
export function answers({ said, ear }: CallerLab): Answer[] {
  const spoken = said.filter(({ kind }) => kind === "speech");
  return ear.spans.flatMap((span, i) => {
    const before = spoken.filter(({ fromMs }) => fromMs <= span.fromMs).at(-1);
    const earlier = ear.spans[i - 1];
    if (!before || before.toMs > span.fromMs || (earlier && earlier.fromMs >= before.toMs)) return [];
    return [{ saidMs: before.toMs, latencyMs: span.fromMs - before.toMs }];
  });
}

/** Times at which the assistant began while the caller was speaking, ms of the call; what was under way by `graceMs` of it does not count. */
export function talkedOver({ said, ear }: CallerLab, graceMs: number): number[] {
  return ear.spans
    .map(({ fromMs }) => fromMs)
    .filter((at) => said.some(({ kind, fromMs, toMs }) => kind === "speech" && at > fromMs + graceMs && at < toMs));
}

/** The value that so much of them do not exceed, by the nearest rank; `share` 0 to 1. NaN of none. */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
