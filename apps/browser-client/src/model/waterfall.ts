import type { TurnMetrics } from "@roomkit/react";

export interface Stage {
  readonly name: string;
  /** What it means, for somebody who has never read the word endpointing. */
  readonly meaning: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** Colours repeat nothing the name does not say. */
  readonly tone: "wait" | "hear" | "think" | "voice" | "send";
}

export interface Waterfall {
  readonly stages: readonly Stage[];
  /** From the end of the user's speech to the last stage: the durations add up to it. */
  readonly totalMs: number;
}

const steps = [
  ["endpointMs", "End of speech", "Being sure that you had finished", "wait"],
  ["transcriptMs", "Transcript", "Writing down what you said", "hear"],
  ["decidedMs", "Pause", "Waiting whether you would go on", "wait"],
  ["firstTokenMs", "First words", "The model's first words", "think"],
  ["firstAudioMs", "First sound", "Turning them into speech", "voice"],
  ["replyMs", "Reply", "Sending the first sound to you", "send"],
] as const;

/** A turn's times as bars that follow each other. A stage the server did not time is part of the one after it. */
export function waterfall(metrics: TurnMetrics): Waterfall | undefined {
  const stages: Stage[] = [];
  let at = 0;
  for (const [key, name, meaning, tone] of steps) {
    const end = metrics[key];
    // Times that run backwards are measured by different clocks: no bar is better than a wrong one.
    if (end === undefined || end < at) continue;
    const because = key === "decidedMs" && metrics.decidedBy !== undefined ? ` (${metrics.decidedBy})` : "";
    stages.push({ name, meaning: `${meaning}${because}`, tone, startMs: at, durationMs: end - at });
    at = end;
  }
  return stages.length === 0 ? undefined : { stages, totalMs: at };
}

/** `840 ms`, `1.24 s`. */
export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** The middle of some times; undefined when there are none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
