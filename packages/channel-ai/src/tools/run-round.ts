import type { AIMessage, ToolCall } from "@roomkit/core";
import { runTool, type ToolLog, type ToolOutcome } from "@roomkit/tools";
import type { Turn } from "../reply/turn.ts";
import type { RepetitionGuard } from "./repetition.ts";

/**
 * Runs the calls of one round side by side and gives the model's messages of their results, in the order of the calls.
 * Never throws.
 */
export async function runRound(
  calls: readonly ToolCall[],
  turn: Turn,
  tools: { readonly guard: RepetitionGuard; readonly log: ToolLog },
  signal: AbortSignal,
): Promise<AIMessage[]> {
  for (const call of calls) tools.log.call(call);
  const repeated = tools.guard.note(calls);
  const outcomes = await Promise.all(
    calls.map((call, index): Promise<ToolOutcome> => {
      const refusal = refuse(call, index, turn, repeated);
      return refusal ? Promise.resolve({ result: refusal, isError: true }) : runTool(call, turn, signal);
    }),
  );
  return calls.map((call, index) => {
    const { result, isError, ran = call } = outcomes[index] as ToolOutcome;
    tools.log.result(call, { result, isError });
    const { host, roomId, channelId } = turn;
    if (host.hasHooks("ON_TOOL_CALL", roomId))
      host.notifyHooks("ON_TOOL_CALL", { roomId, channelId, call: ran, result, isError });
    return { role: "tool", toolCallId: call.id, toolName: call.name, content: result, ...(isError ? { isError } : {}) };
  });
}

function refuse(call: ToolCall, index: number, turn: Turn, repeated: ReadonlySet<ToolCall>): string | undefined {
  const { maxToolCallsPerRound } = turn.options;
  if (index >= maxToolCallsPerRound) return `The call was not made: at most ${maxToolCallsPerRound} calls at once.`;
  if (repeated.has(call))
    return "The call was not made: it has been made before with the same arguments. Use that result.";
  return undefined;
}
