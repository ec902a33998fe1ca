import { type EventContent, type RoomEvent, RoomKitError } from "@roomkit/core";
import { defineTool, type Tool } from "./tool.ts";

/** Longest reason and summary that are kept, in characters. */
const MAX_REASON_CHARS = 1_000;
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

export interface HandoffToOptions {
  /** When to hand over, for the model: "For questions about bills." */
  readonly description: string;
  /** The tool's name. Default `hand_over_to_` and the target's id. */
  readonly name?: string | undefined;
  /** Default `whole`. */
  readonly history?: HandoffHistory | undefined;
  /** Longest in ms, the writing of a summary included; default the channel's `toolTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/**
 * A tool by which an assistant hands the caller over to another one: an AI channel of the same `floor`, or one of the `assistants` of a
 * realtime channel. What keeps it from being made is told to the model with its code: `handoff_target_gone`, `handoff_not_on_floor`,
 * `handoff_limit`, `handoff_unsupported`.
 */
export function handoffTo(target: string, options: HandoffToOptions): Tool<{ reason?: string }> {
  const { description, name = `hand_over_to_${target}`.replace(/[^\w-]/g, "_").slice(0, 64), timeoutMs } = options;
  const { history = "whole" } = options;
  if (history !== "whole" && history !== "none" && typeof history !== "function")
    throw new RoomKitError("invalid_option", "handoffTo: history must be whole, none or a function");
  return defineTool({
    name,
    description: `Hands the conversation over to ${target}. ${description}`,
    parameters: {
      type: "object",
      properties: {
        reason: {
          type: "string",
          description: "What the caller wants, for the one who takes over. The caller does not hear it.",
        },
      },
    },
    timeoutMs,
    execute: async ({ reason = "" }, { handOff, signal }) => {
      signal.throwIfAborted();
      try {
        if (!handOff) throw new RoomKitError("handoff_unsupported", "this channel cannot hand over");
        return await handOff({ to: target, reason: reason.slice(0, MAX_REASON_CHARS), history });
      } catch (error) {
        if (!RoomKitError.is(error) || !error.code.startsWith("handoff_")) throw error;
        throw new RoomKitError("tool_failed", `The conversation was not handed over (${error.code}): ${error.message}`);
      }
    },
  });
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
