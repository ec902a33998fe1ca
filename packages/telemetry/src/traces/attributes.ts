import type { Attributes } from "@opentelemetry/api";
import type { TurnMetrics } from "@roomkit/core";
import type { CallRecord, ReplyRecord, ToolRecord, TurnRecord } from "../calls/records.ts";

/** Characters of one text that a span carries. */
const MAX_TEXT = 8_192;

export function callAttributes({ session, transport, providers }: CallRecord): Attributes {
  return defined({
    "roomkit.session.id": session.id,
    "roomkit.room.id": session.roomId,
    "roomkit.channel.id": session.channelId,
    "roomkit.transport": transport,
    "roomkit.provider.stt": providers.stt,
    "roomkit.provider.tts": providers.tts,
    "roomkit.provider.realtime": providers.realtime,
  });
}

export function callTotals(call: CallRecord, reason: string): Attributes {
  return {
    "roomkit.end.reason": reason,
    "roomkit.turns": call.turns,
    "roomkit.turns.interrupted": call.interrupted,
    "roomkit.tool_calls": call.toolCalls,
    "roomkit.errors": call.errors,
    "gen_ai.usage.input_tokens": call.inputTokens,
    "gen_ai.usage.output_tokens": call.outputTokens,
  };
}

export function turnAttributes(call: CallRecord, turn: TurnRecord): Attributes {
  const { session, transport } = call;
  return defined({
    "roomkit.turn.id": turn.id,
    "roomkit.session.id": session.id,
    "roomkit.room.id": session.roomId,
    "roomkit.transport": transport,
    "roomkit.interrupted": turn.interrupted,
    ...(turn.metrics && delays(turn.metrics)),
    "roomkit.transcript": clip(turn.said),
  });
}

/** Of stages of one turn, ms. `e2e_latency`: from when the caller stopped until the first sound was handed to the transport. */
function delays(metrics: TurnMetrics): Record<string, number | string | undefined> {
  const { transcriptMs, hooksMs, decidedMs, firstTokenMs, firstAudioMs, preparedMs = 0 } = metrics;
  const eou = decidedMs ?? hooksMs ?? transcriptMs;
  return {
    "roomkit.speech_ms": metrics.speechMs,
    "roomkit.eou_delay_ms": eou,
    "roomkit.stt_final_delay_ms": transcriptMs,
    "roomkit.llm_ttft_ms": since(firstTokenMs, eou === undefined ? 0 : eou - preparedMs),
    "roomkit.tts_ttfb_ms": since(firstAudioMs, firstTokenMs),
    "roomkit.e2e_latency_ms": metrics.replyMs,
    "roomkit.decided_by": metrics.decidedBy,
    "roomkit.prepared_ms": metrics.preparedMs,
    "roomkit.prepared_speech_ms": metrics.preparedSpeechMs,
  };
}

export function replyAttributes(reply: ReplyRecord): Attributes {
  const { provider, channelId, status, usage, text } = reply;
  return defined({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": provider,
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInputTokens,
    "roomkit.channel.id": channelId,
    "roomkit.reply.status": status,
    "roomkit.reply": clip(text),
  });
}

export function toolAttributes(tool: ToolRecord): Attributes {
  return defined({
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool.name,
    "gen_ai.tool.call.id": tool.callId,
    "gen_ai.tool.call.arguments": clip(tool.arguments === undefined ? undefined : json(tool.arguments)),
    "gen_ai.tool.call.result": clip(tool.result),
  });
}

export function playoutAttributes(turn: TurnRecord): Attributes {
  return defined({ "roomkit.played_ms": turn.playedMs, "roomkit.heard": clip(turn.heard) });
}

function since(end: number | undefined, start: number | undefined): number | undefined {
  return end === undefined || start === undefined ? undefined : Math.max(0, end - start);
}

function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function clip(text: string | undefined): string | undefined {
  return text?.slice(0, MAX_TEXT);
}

function defined(all: Readonly<Record<string, string | number | boolean | undefined>>): Attributes {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
