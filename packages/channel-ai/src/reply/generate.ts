import { type AIMessage, type AIRequest, abortedError, errorFields, RoomKitError } from "@roomkit/core";
import { ToolLog } from "@roomkit/tools";
import { RepetitionGuard } from "../tools/repetition.ts";
import { runRound } from "../tools/run-round.ts";
import type { ReplyAccount } from "./account.ts";
import { generateRound, type RoundEnd } from "./round.ts";
import type { Turn } from "./turn.ts";

/**
 * A whole reply as text: generations and tool rounds in turn, until the model answers in words or may call no more. A model that
 * fails is reported; when nothing had been said the fallback is, otherwise the text just ends.
 *
 * @throws RoomKitError `aborted`, and nothing else.
 */
export async function* generateReply(turn: Turn, account: ReplyAccount, signal: AbortSignal): AsyncGenerator<string> {
  const log = new ToolLog(turn);
  try {
    yield* converse(turn, account, log, signal);
    account.status = "completed";
  } catch (error) {
    if (signal.aborted) throw abortedError(signal);
    account.status = "failed";
    report(turn, RoomKitError.from(error));
    const { fallbackText } = turn.options;
    if (account.text.trim() === "" && fallbackText !== false && fallbackText !== "") {
      account.text += fallbackText;
      yield fallbackText;
    }
  } finally {
    await log.flushed();
  }
}

async function* converse(
  turn: Turn,
  account: ReplyAccount,
  log: ToolLog,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const guard = new RepetitionGuard(turn.options.maxIdenticalCalls);
  const messages = await turn.messages();
  for (let round = 0; ; round++) {
    const mustAnswer = round >= turn.options.maxToolRounds || guard.tripped;
    const end = yield* generateRound(makeRequest({ ...turn, mustAnswer }, messages), turn, account, signal);
    if (end.calls.length === 0) return;
    if (mustAnswer) {
      // It was told to answer in words and called all the same.
      if (end.text.trim() === "")
        throw new RoomKitError("tool_loop", "the model goes on calling tools instead of answering");
      return;
    }
    account.toolCalls += end.calls.length;
    messages.push(assistantMessage(end), ...(await runRound(end.calls, turn, { guard, log }, signal)));
    if (turn.passed()) return;
  }
}

/** What a model is asked for a round of a reply; without `mustAnswer` for the first. */
export function makeRequest(
  turn: Pick<Turn, "options" | "system" | "tools"> & { readonly mustAnswer?: boolean },
  messages: readonly AIMessage[],
): AIRequest {
  const { system, tools, options, mustAnswer = options.maxToolRounds === 0 } = turn;
  const { temperature, maxOutputTokens, providerOptions } = options;
  return {
    messages: [...messages],
    system,
    ...(tools.definitions.length === 0 ? {} : { tools: tools.definitions, toolChoice: mustAnswer ? "none" : "auto" }),
    temperature,
    maxOutputTokens,
    providerOptions,
  };
}

function assistantMessage(end: RoundEnd): AIMessage {
  return {
    role: "assistant",
    content: end.text,
    toolCalls: end.calls,
    providerData: end.providerData,
  };
}

function report(turn: Turn, error: RoomKitError): void {
  const { host, roomId, channelId } = turn;
  host.logger.warn({ roomId, channelId, ...errorFields(error) }, "the reply failed");
  host.emit("ai_error", { roomId, channelId, error, provider: turn.options.provider.name });
  if (host.hasHooks("ON_ERROR", roomId)) host.notifyHooks("ON_ERROR", { roomId, where: `reply:${channelId}`, error });
}
