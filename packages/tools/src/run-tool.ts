import { AbortScope, RoomKitError, type ToolCall, untilAborted, withTimeout } from "@roomkit/core";
import type { ToolScope } from "./scope.ts";

/** What the model is told of a call. */
export interface ToolOutcome {
  readonly result: string;
  readonly isError: boolean;
  /** The call that ran, where a hook made another of it. */
  readonly ran?: ToolCall;
}

export const INTERRUPTED: ToolOutcome = { result: "The call was interrupted before it finished.", isError: true };

/**
 * Runs one call: arguments checked, hooks asked, what they changed checked again, then the tool within its time. Never throws:
 * every failure is an outcome in words that give away nothing of the inside.
 */
export async function runTool(call: ToolCall, scope: ToolScope, signal: AbortSignal): Promise<ToolOutcome> {
  try {
    const fault = scope.tools.faults(call.name, call.arguments);
    if (fault !== undefined) return failure(`The call was not made: ${fault}`);
    const permitted = await permit(call, scope, signal);
    if ("isError" in permitted) return permitted;
    const ran = permitted === call ? {} : { ran: permitted };
    return { result: await execute(permitted, scope, signal), isError: false, ...ran };
  } catch (error) {
    return explain(error, call, scope, signal);
  }
}

/** The call as the hooks leave it, or why it may not run. */
async function permit(call: ToolCall, scope: ToolScope, signal: AbortSignal): Promise<ToolCall | ToolOutcome> {
  const { host, roomId, channelId } = scope;
  if (!host.hasHooks("BEFORE_TOOL_USE", roomId)) return call;
  const outcome = await untilAborted(host.runHooks("BEFORE_TOOL_USE", { roomId, channelId, call }, signal), signal);
  if (!outcome.allowed) return failure(refusal(outcome.reason));
  // The id is what pairs the call with its result; a hook has no say in it.
  const changed: ToolCall = { ...outcome.payload.call, id: call.id };
  const fault = scope.tools.faults(changed.name, changed.arguments);
  if (fault === undefined) return changed;
  host.logger.warn(
    { roomId, channelId, tool: changed.name },
    "a BEFORE_TOOL_USE hook made a call that does not fit its tool",
  );
  return failure("The call was not allowed.");
}

/** The model may hear the reason somebody gave; what the kit says of a broken hook, or of none given, tells it nothing. */
function refusal(reason: string): string {
  const given = reason !== "" && reason !== "blocked" && reason !== "hook_failed";
  return given ? `The call was not allowed: ${reason}` : "The call was not allowed.";
}

async function execute(call: ToolCall, scope: ToolScope, signal: AbortSignal): Promise<string> {
  const tool = scope.tools.get(call.name);
  if (!tool) throw new RoomKitError("unknown_tool", "there is no such tool");
  const running = new AbortScope().child(signal);
  try {
    const context = {
      signal: running.signal,
      roomId: scope.roomId,
      callId: call.id,
      ...(scope.session ? { session: scope.session } : {}),
    };
    const result = Promise.resolve().then(() => tool.execute(call.arguments, context));
    const value = await withTimeout(result, tool.timeoutMs ?? scope.toolLimits.timeoutMs, {
      clock: scope.host.clock,
      signal,
      what: `tool ${call.name}`,
    });
    return clip(asText(value), scope.toolLimits.resultMaxLength);
  } catch (error) {
    running.abort(error);
    throw error;
  } finally {
    running.release();
  }
}

function explain(error: unknown, call: ToolCall, scope: ToolScope, signal: AbortSignal): ToolOutcome {
  if (signal.aborted) return INTERRUPTED;
  const { host, roomId, channelId } = scope;
  const code = RoomKitError.is(error) ? error.code : "tool_threw";
  host.logger.warn({ roomId, channelId, tool: call.name, code }, "a tool failed");
  if (code === "tool_failed") return failure(clip((error as RoomKitError).message, scope.toolLimits.resultMaxLength));
  return failure(code === "timeout" ? "The tool took too long." : "The tool failed.");
}

function failure(result: string): ToolOutcome {
  return { result, isError: true };
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "done" : (JSON.stringify(value) ?? String(value));
}

/** The first `max` characters, and a word on what is missing. Never half a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 1] ?? "") ? max - 1 : max;
  return `${text.slice(0, end)} [cut: ${text.length - end} more characters]`;
}
