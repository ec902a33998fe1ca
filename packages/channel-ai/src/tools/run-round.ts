import { type AIMessage, type ToolCall, untilAborted } from "@roomkit/core";
import { runTool, type ToolLog, type ToolOutcome } from "@roomkit/tools";
import type { Turn } from "../reply/turn.ts";
import type { RepetitionGuard } from "./repetition.ts";

/**
 * Runs the calls of one round side by side and gives the model's messages of their results, in the order of the calls. A reply
 * that is cut off does not wait for them: what became of each is in the log, and told to the hooks, when it is known.
 *
 * @throws RoomKitError `aborted`, and nothing else.
 */
export async function runRound(
  calls: readonly ToolCall[],
  turn: Turn,
  tools: { readonly guard: RepetitionGuard; readonly log: ToolLog },
  signal: AbortSignal,
): Promise<AIMessage[]> {
  for (const call of calls) tools.log.call(call);
  // Where another process may go on with the call, it must know what was begun: nothing is done twice unasked.
  if (turn.host.sessions) await untilAborted(tools.log.flushed(), signal);
  const repeated = tools.guard.note(calls);
  const { host, roomId, channelId } = turn;
  const run = async (call: ToolCall, index: number): Promise<AIMessage> => {
    const startedAt = host.clock.now();
    const refusal = refuse(call, index, turn, repeated);
    const outcome: ToolOutcome = refusal ? { result: refusal, isError: true } : await runTool(call, turn, signal);
    const { result, isError, ran = call } = outcome;
    tools.log.result(call, outcome);
    if (host.hasHooks("ON_TOOL_CALL", roomId)) {
      const made = { turnId: turn.correlationId, durationMs: Math.round(host.clock.now() - startedAt) };
      host.notifyHooks("ON_TOOL_CALL", { roomId, channelId, call: ran, result, isError, ...made });
    }
    return { role: "tool", toolCallId: call.id, toolName: call.name, content: result, ...(isError ? { isError } : {}) };
  };
  return untilAborted(Promise.all(calls.map(run)), signal);
}

function refuse(call: ToolCall, index: number, turn: Turn, repeated: ReadonlySet<ToolCall>): string | undefined {
  const { maxToolCallsPerRound } = turn.options;
  if (index >= maxToolCallsPerRound) return `The call was not made: at most ${maxToolCallsPerRound} calls at once.`;
  if (repeated.has(call))
    return "The call was not made: it has been made before with the same arguments. Use that result.";
  return undefined;
}
