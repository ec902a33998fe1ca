import { assertOptions, RoomKitError } from "@roomkit/core";
import { defineTool } from "./define-tool.ts";
import type { HandoffHistory } from "./handoff.ts";
import type { Tool } from "./tool.ts";

/** Longest reason that is kept, in characters. */
const MAX_REASON_CHARS = 1_000;

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
  assertOptions<HandoffToOptions>("handoffTo", options, {
    required: ["description"],
    string: ["description", "name"],
    oneOf: { history: ["whole", "none"] },
    function: ["history"],
    within: { timeoutMs: [1, 3_600_000] },
  });
  const { description, name = `hand_over_to_${target}`.replace(/[^\w-]/g, "_").slice(0, 64), timeoutMs } = options;
  const { history = "whole" } = options;
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
