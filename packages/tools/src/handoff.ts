import type { EventContent, RoomEvent } from "@roomkit/core";

/** Longest summary that is kept, in characters. */
const MAX_SUMMARY_CHARS = 8_000;

/** What a summary is written from. */
export interface HandoffContext {
  readonly roomId: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  /** What the one that hands over may see of the conversation, oldest first. */
  readonly events: readonly RoomEvent[];
  /** Aborts when nobody wants it any more. */
  readonly signal: AbortSignal;
}

/**
 * How much of the conversation so far the next assistant is shown: all that it may see, nothing, or what a function writes in its place,
 * within the tool's time.
 */
export type HandoffHistory = "whole" | "none" | ((context: HandoffContext) => string | Promise<string>);

/** A handoff that an assistant asks for. */
export interface HandoffRequest {
  readonly to: string;
  readonly reason: string;
  readonly history: HandoffHistory;
}

/** A handoff that was made, as the room's log has it: content of the type `system` and the code `handoff`. */
export interface Handoff {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly history: "whole" | "none" | "summary";
  readonly summary?: string | undefined;
}

/** The content of the event that tells of a handoff. */
export function handoffContent({ from, to, reason, history, summary }: Handoff): EventContent {
  const data = { from, to, reason, history };
  const whole = summary === undefined ? data : { ...data, summary: summary.slice(0, MAX_SUMMARY_CHARS) };
  return { type: "system", code: "handoff", data: whole };
}

/** The handoff an event tells of; undefined for any other event. */
export function readHandoff({ content }: Pick<RoomEvent, "content">): Handoff | undefined {
  if (content.type !== "system" || content.code !== "handoff") return undefined;
  const { from, to, reason, history, summary } = (content.data ?? {}) as Partial<Record<keyof Handoff, unknown>>;
  if (typeof from !== "string" || typeof to !== "string" || typeof reason !== "string") return undefined;
  const known = history === "none" || history === "summary" ? history : "whole";
  return { from, to, reason, history: known, ...(typeof summary === "string" && { summary }) };
}
