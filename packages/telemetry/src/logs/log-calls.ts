import {
  assertOptions,
  type Clock,
  type Logger,
  type RoomKit,
  systemClock,
  turnStages,
  type Unsubscribe,
} from "@roomkit/core";
import type { CallRecord, PartRecord, TurnRecord } from "../calls/records.ts";
import { watchCalls } from "../calls/watch-calls.ts";

export interface LogOptions {
  readonly clock?: Clock | undefined;
}

/** Codes of errors that a line names. */
const MAX_CODES = 8;

/**
 * Logs one line for each call and one for each turn, when they are over, at `info`: facts alone, nothing that was said.
 *
 * @param logger pino, or anything with its four methods.
 * @returns what stops it; calls that go on are logged as ended then.
 * @throws RoomKitError `invalid_option`.
 */
export function logCalls(kit: RoomKit, logger: Pick<Logger, "info">, options: LogOptions = {}): Unsubscribe {
  assertOptions("logCalls", options, { object: ["clock"] });
  const { clock = systemClock } = options;
  return watchCalls(
    kit,
    {
      turn: (call, turn) => logger.info(turnFields(call, turn), "turn"),
      ended: (call, reason, at) => logger.info(callFields(call, reason, at), "call ended"),
    },
    { clock, content: false },
  );
}

function callFields(call: CallRecord, reason: string, at: number): Record<string, unknown> {
  const { session, transport, providers, startedAt, turns, interrupted, toolCalls, toolErrors, errors } = call;
  const { inputTokens, outputTokens, lastError } = call;
  return {
    ...{ event: "call", session: session.id, room: session.roomId, channel: session.channelId, transport },
    ...{ ...providers, reason, durationMs: Math.round(at - startedAt), turns, interrupted },
    ...{ toolCalls, toolErrors, inputTokens, outputTokens, errors, lastError },
  };
}

function turnFields({ session, transport }: CallRecord, turn: TurnRecord): Record<string, unknown> {
  const { id, startedAt, endedAt, metrics, interrupted, playedMs, parts } = turn;
  const { speechMs, replyMs, decidedBy } = metrics ?? {};
  const stages = metrics ? turnStages(metrics) : [];
  const took = stages.map(({ stage, startMs, endMs }) => [`${stage}Ms`, endMs - startMs] as const);
  return {
    ...{ event: "turn", session: session.id, room: session.roomId, turn: id, transport },
    ...{ durationMs: Math.round(endedAt - startedAt), speechMs, replyMs, ...Object.fromEntries(took), decidedBy },
    ...{ interrupted, playedMs: Math.round(playedMs), ...partFields(parts) },
  };
}

function partFields(parts: readonly PartRecord[]): Record<string, unknown> {
  const replies = parts.filter((part) => part.type === "reply");
  const tools = parts.filter((part) => part.type === "tool");
  const sum = (of: "inputTokens" | "outputTokens"): number =>
    replies.reduce((all, { usage }) => all + (usage?.[of] ?? 0), 0);
  const codes = new Set(parts.flatMap((part) => (part.type === "note" && part.failed ? [part.code] : [])));
  return {
    ...{ toolCalls: tools.length, toolErrors: tools.filter(({ isError }) => isError).length },
    ...(replies.length > 0 && { ai: replies[0]?.provider, inputTokens: sum("inputTokens") }),
    ...(replies.length > 0 && { outputTokens: sum("outputTokens"), status: replies.at(-1)?.status }),
    ...(codes.size > 0 && { errors: [...codes].slice(0, MAX_CODES) }),
  };
}
