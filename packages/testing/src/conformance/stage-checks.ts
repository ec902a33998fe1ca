import { type AudioFormat, type AudioFrame, frameDurationMs } from "@roomkit/core";
import { check } from "./case.ts";

/** How much two times may differ that should be the same, ms. */
export const SAME_MS = 0.5;
/** What came out of a stage. */
export interface Output {
  /** All audio, as one. */
  readonly samples: Int16Array;
  readonly frames: readonly AudioFrame[];
  readonly events: readonly unknown[];
}

/** What `process` gave, as audio of this format that ends at `now` (ms) or before. @throws ConformanceFailure. */
export function checkFrame(out: unknown, { sampleRate, channels }: AudioFormat, now: number): AudioFrame {
  const frame = out as AudioFrame | undefined;
  check(frame?.samples instanceof Int16Array, `process gave no audio, but ${JSON.stringify(out)}`);
  const right = frame.sampleRate === sampleRate && frame.channels === channels;
  check(right, `it gave ${frame.sampleRate} Hz, ${frame.channels} channels`);
  check(frame.samples.length % channels === 0, `it gave ${frame.samples.length} samples for ${channels} channels`);
  const end = frame.timestamp + frameDurationMs(frame);
  check(Number.isFinite(end) && end <= now + SAME_MS, `it gave audio up to ${end} ms at ${now} ms`);
  return frame;
}

/** What `process` gave, as something heard until `now`, ms. @throws ConformanceFailure. */
export function checkEvent(out: unknown, now: number): unknown {
  check(typeof out === "object" && out !== null, `it told of ${String(out)}`);
  for (const [key, value] of Object.entries(out)) {
    check(typeof value !== "number" || Number.isFinite(value), `it told of ${key} ${value}`);
  }
  const { timestamp } = out as { timestamp?: number | undefined };
  check(timestamp !== undefined && timestamp <= now + SAME_MS, `at ${now} ms it told of what is at ${timestamp} ms`);
  return out;
}

/** @throws ConformanceFailure when two runs told of different things. */
export function checkSame(actual: readonly unknown[], expected: readonly unknown[], when: string): void {
  const same = actual.length === expected.length && actual.every((event, i) => alike(event, expected[i]));
  check(same, `${when} it tells of ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

/** The same but for the last digits of numbers. */
function alike(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= SAME_MS;
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => alike(a[key as never], b[key as never]));
}

/** An event told of `ms` later. */
export const shifted = (event: unknown, ms: number): unknown => ({
  ...(event as { timestamp: number }),
  timestamp: (event as { timestamp: number }).timestamp + ms,
});

/** Bit by bit. */
export const sameSamples = (a: Int16Array, b: Int16Array): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

/** Where two outputs begin to differ. */
export const where = ({ samples: a }: Output, { samples: b }: Output): string =>
  a.length === b.length ? `from ${a.findIndex((x, i) => x !== b[i])} on` : `(${a.length}, not ${b.length})`;

/** Mean square. */
export const energy = (samples: Int16Array): number =>
  samples.reduce((sum, x) => sum + x * x, 0) / Math.max(1, samples.length);
