import type { ConversationItem, RealtimeResponse } from "openai/resources/realtime/realtime";
import { jsonPieces, type ScriptedReply } from "../ai-script.ts";
import { MS_PER_CHARACTER } from "../speech-audio.ts";
import type { WireAudio } from "./realtime-audio.ts";
import type { Item, Said } from "./realtime-wire.ts";

export interface ResponseContext {
  readonly id: string;
  readonly say: (event: Said) => void;
  readonly newItem: (item: Omit<Item, "id">) => Item;
  /** Waits as long as a piece takes to make. Rejects never. */
  readonly piece: () => Promise<void>;
  readonly cancelled: () => boolean;
  readonly audio: WireAudio;
  /** The words come when the response is done. */
  readonly lateWords: boolean;
}

/** Odd, so that every second piece ends in the middle of a sample. */
const CHUNK_BYTES = 4_801;

/** Says a whole answer, event by event, as the vendor does; gives what it came to. */
export async function sayResponse(reply: ScriptedReply, context: ResponseContext): Promise<void> {
  const { id, say, cancelled } = context;
  const output: ConversationItem[] = [];
  const response = (status: RealtimeResponse["status"]): RealtimeResponse => ({
    id,
    object: "realtime.response",
    status: status as "completed",
    output: [...output],
    ...(status === "in_progress" ? {} : { usage: usageOf(reply) }),
    ...(status === "cancelled" ? { status_details: { type: "cancelled", reason: "turn_detected" } } : {}),
  });
  say({ type: "response.created", response: response("in_progress") });
  const late: Said[] = [];
  if (reply.text && reply.text.length > 0) output.push(await saySpeech(reply.text, output.length, context, late));
  for (const call of cancelled() ? [] : (reply.toolCalls ?? [])) {
    await context.piece();
    if (cancelled()) break;
    output.push(sayCall(call, output.length, context));
  }
  say({ type: "response.done", response: response(cancelled() ? "cancelled" : "completed") });
  for (const event of late) say(event);
}

async function saySpeech(
  pieces: readonly string[],
  output_index: number,
  { id: response_id, say, newItem, piece, cancelled, audio, lateWords }: ResponseContext,
  late: Said[],
): Promise<ConversationItem> {
  const kept = newItem({ role: "assistant", text: "", audioMs: 0 });
  const message = (status: "in_progress" | "completed" | "incomplete"): ConversationItem => ({
    id: kept.id,
    type: "message",
    role: "assistant",
    status,
    content: status === "in_progress" ? [] : [{ type: "output_audio", transcript: kept.text }],
  });
  const at = { response_id, item_id: kept.id, output_index, content_index: 0 };
  say({ type: "response.output_item.added", response_id, output_index, item: message("in_progress") });
  say({ type: "conversation.item.added", item: message("in_progress") });
  say({ type: "response.content_part.added", ...at, part: { type: "audio", transcript: "" } });
  for (const text of pieces) {
    await piece();
    if (cancelled()) break;
    kept.text += text;
    if (!lateWords) say({ type: "response.output_audio_transcript.delta", ...at, delta: text });
    const bytes = audio.speak(text);
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
      const delta = Buffer.from(bytes.subarray(from, from + CHUNK_BYTES)).toString("base64");
      say({ type: "response.output_audio.delta", ...at, delta });
    }
    kept.audioMs += text.length * MS_PER_CHARACTER;
  }
  const done = message(cancelled() ? "incomplete" : "completed");
  const words: Said = { type: "response.output_audio_transcript.done", ...at, transcript: kept.text };
  if (lateWords) late.push(words);
  if (!cancelled()) {
    say({ type: "response.output_audio.done", ...at });
    if (!lateWords) say(words);
    say({ type: "response.content_part.done", ...at, part: { type: "audio", transcript: kept.text } });
  }
  say({ type: "response.output_item.done", response_id, output_index, item: done });
  say({ type: "conversation.item.done", item: done });
  return done;
}

function sayCall(
  { id, name, arguments: json }: NonNullable<ScriptedReply["toolCalls"]>[number],
  output_index: number,
  { id: response_id, say, newItem }: ResponseContext,
): ConversationItem {
  const call_id = id ?? `call_${response_id}_${output_index}`;
  const kept = newItem({ role: "call", text: json, audioMs: 0, callId: call_id });
  const item = (args: string): ConversationItem => ({
    id: kept.id,
    type: "function_call",
    call_id,
    name,
    arguments: args,
  });
  const at = { response_id, item_id: kept.id, output_index, call_id };
  say({ type: "response.output_item.added", response_id, output_index, item: item("") });
  say({ type: "conversation.item.added", item: item("") });
  for (const delta of jsonPieces(json)) say({ type: "response.function_call_arguments.delta", ...at, delta });
  say({ type: "response.function_call_arguments.done", ...at, name, arguments: json });
  say({ type: "response.output_item.done", response_id, output_index, item: item(json) });
  say({ type: "conversation.item.done", item: item(json) });
  return item(json);
}

function usageOf({ usage = { input: 20, output: 10 } }: ScriptedReply): NonNullable<RealtimeResponse["usage"]> {
  const { input, output, cached = 0 } = usage;
  return {
    total_tokens: input + output,
    input_tokens: input,
    output_tokens: output,
    input_token_details: { text_tokens: input, audio_tokens: 0, cached_tokens: cached },
    output_token_details: { text_tokens: output, audio_tokens: 0 },
  };
}
