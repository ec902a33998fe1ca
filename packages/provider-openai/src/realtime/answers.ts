import { type AIUsage, type AudioFrame, frameDurationMs, type RealtimeEvent } from "@roomkit/core";
import { parseToolArguments, type RealtimePort } from "@roomkit/provider-utils";
import type { RealtimeResponse, RealtimeServerEvent } from "openai/resources/realtime/realtime";
import { NAME } from "../connection/connection.ts";
import type { Conversation } from "./conversation.ts";
import type { EventOrder } from "./event-order.ts";
import { endsSession, reportedError } from "./realtime-errors.ts";
import type { Requests } from "./requests.ts";
import type { SpokenItems } from "./spoken-items.ts";

export interface AnswersOptions {
  readonly port: RealtimePort;
  readonly order: EventOrder;
  readonly conversation: Conversation;
  readonly spoken: SpokenItems;
  readonly requests: Requests;
  /** A call cannot be made: its arguments are not JSON. */
  readonly onBadCall: (callId: string) => void;
  /** Audio has come of an item that was cut off before. */
  readonly onCutDue: (itemId: string) => void;
}

interface Active {
  readonly id: string;
  /** Transcripts without their final yet, by item. */
  readonly texts: Map<string, string>;
  /** Audio that has not been said to be complete, by item. */
  readonly audio: Set<string>;
  /** Audio given out of each of its items, ms: all there is to be heard. */
  readonly given: Map<string, number>;
  /** Audio the vendor made of each, ms, given out or not. */
  readonly made: Map<string, number>;
}

type Words = Omit<Extract<RealtimeEvent, { type: "transcript" }>, "type" | "id" | "role">;

/** Items whose words have been told, remembered so that they are told once. */
const MAX_TOLD = 64;

/** Reads what the vendor says of its responses. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #told = new Set<string>();
  /** Calls made and not answered yet. */
  readonly openCalls: Set<string> = new Set();
  #active: Active | undefined;
  /** The response that ended last. */
  #last: string | undefined;
  #silenced = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  get activeId(): string | undefined {
    return this.#active?.id;
  }

  /** What still comes of the response under way is nobody's business any more. False when it was not before. */
  silence(): boolean {
    const first = !this.#silenced;
    this.#silenced = this.#active !== undefined;
    return first;
  }

  read(event: RealtimeServerEvent): void {
    switch (event.type) {
      case "response.created":
        if (event.response.id) this.#begin(event.response.id);
        return;
      case "response.output_audio.delta":
        this.#audio(event.response_id, event.item_id, event.delta);
        return;
      case "response.output_audio.done":
        this.#flush(event.item_id);
        return;
      case "response.output_audio_transcript.delta":
        this.#text(event.response_id, event.item_id, event.delta, true);
        return;
      case "response.output_text.delta":
        this.#text(event.response_id, event.item_id, event.delta, false);
        return;
      case "response.output_audio_transcript.done":
        this.#final(event.response_id, event.item_id, event.transcript, true);
        return;
      case "response.output_text.done":
        this.#final(event.response_id, event.item_id, event.text, false);
        return;
      case "response.output_item.added":
        if (event.item.type === "message" && event.item.id && this.#is(event.response_id))
          this.#options.conversation.reserve("assistant", event.item.id);
        return;
      case "response.output_item.done":
        if (event.item.type !== "function_call" || !event.item.call_id || !this.#is(event.response_id)) return;
        // Cut off in the middle of its arguments: it has not been made.
        if (event.item.status === "incomplete") return;
        this.#call(event.item.call_id, event.item.name, event.item.arguments);
        return;
      case "response.done":
        this.#done(event.response);
        return;
    }
  }

  /** The connection is gone. Calls made stay open: they are being carried out, and the next connection is told of them. */
  lost(): void {
    if (this.#active) this.#end("cancelled", undefined);
  }

  #is(responseId: string): boolean {
    return this.#active?.id === responseId;
  }

  #begin(id: string): void {
    if (this.#active?.id === id) return;
    // One at a time; should the end of the one before be missing, it has ended all the same.
    if (this.#active) this.#end("completed", undefined);
    this.#active = { id, texts: new Map(), audio: new Set(), given: new Map(), made: new Map() };
    this.#emit({ type: "response-start", responseId: id });
    this.#options.requests.created(id);
  }

  #audio(responseId: string, itemId: string, delta: string): void {
    if (!this.#is(responseId)) return;
    this.#active?.audio.add(itemId);
    this.#note(itemId);
    const { ms, frames } = this.#options.spoken.push(itemId, delta);
    this.#active?.made.set(itemId, (this.#active.made.get(itemId) ?? 0) + ms);
    this.#options.conversation.received(itemId, ms);
    for (const frame of frames) this.#give(responseId, itemId, frame);
    this.#options.onCutDue(itemId);
  }

  #flush(itemId: string): void {
    const responseId = this.#active?.id;
    if (responseId === undefined || !this.#active?.audio.delete(itemId)) return;
    const frame = this.#options.spoken.flush(itemId);
    if (frame) this.#give(responseId, itemId, frame);
    this.#options.conversation.finish(itemId);
  }

  #note(itemId: string): void {
    const given = this.#active?.given;
    if (given && !given.has(itemId)) given.set(itemId, 0);
  }

  #give(responseId: string, itemId: string, frame: AudioFrame): void {
    if (this.#silenced) return;
    const given = this.#active?.given;
    given?.set(itemId, (given.get(itemId) ?? 0) + frameDurationMs(frame));
    this.#emit({ type: "audio", responseId, itemId, frame });
  }

  #text(responseId: string, itemId: string, delta: string, spoken: boolean): void {
    if (delta === "") return;
    if (!this.#is(responseId)) {
      this.#options.conversation.append(itemId, delta);
      return;
    }
    this.#note(itemId);
    const text = (this.#active?.texts.get(itemId) ?? "") + delta;
    this.#active?.texts.set(itemId, text);
    this.#options.conversation.say("assistant", itemId, text, spoken);
    this.#tell(itemId, { itemId, responseId, text, final: false });
  }

  #final(responseId: string, itemId: string, text: string, spoken: boolean): void {
    if (!this.#is(responseId)) {
      // Late: what has been told of it as far as it was known stays so, but the memory of it can still be completed.
      if (!this.#options.conversation.knows(itemId)) return;
      this.#options.conversation.say("assistant", itemId, text, spoken);
      if (text !== "" && !this.#told.has(itemId))
        this.#options.port.emit(this.#transcript(itemId, { itemId, responseId, text, final: true }));
      return;
    }
    this.#note(itemId);
    const known = this.#active?.texts.get(itemId);
    if (known === undefined && text === "") return;
    this.#active?.texts.delete(itemId);
    this.#options.conversation.say("assistant", itemId, text, spoken);
    this.#tell(itemId, { itemId, responseId, text, final: true });
  }

  #tell(itemId: string, words: Words): void {
    // Of audio that is not given out any more there may be words all the same.
    const ms = this.#silenced ? this.#active?.made.get(itemId) : undefined;
    this.#emit(this.#transcript(itemId, ms === undefined ? words : { ...words, audioMs: Math.round(ms) }));
  }

  #transcript(itemId: string, words: Words): RealtimeEvent {
    if (words.final) this.#told.add(itemId);
    if (this.#told.size > MAX_TOLD) this.#told.delete(this.#told.values().next().value as string);
    return { type: "transcript", id: itemId, role: "assistant", ...words };
  }

  #call(id: string, name: string, json: string): void {
    if (this.#options.conversation.knowsCall(id)) return;
    this.#options.conversation.called(id, name, json);
    this.openCalls.add(id);
    let args: unknown;
    try {
      args = parseToolArguments(json, name, NAME);
    } catch {
      this.#options.onBadCall(id);
      return;
    }
    this.#emit({ type: "tool-call", id, name, arguments: args });
  }

  #done({ id, status, status_details, usage }: RealtimeResponse): void {
    if (id === undefined) return;
    if (!this.#is(id)) {
      // An end whose beginning was never told.
      if (!this.#active && id !== this.#last) this.#options.requests.done();
      return;
    }
    const failed = status === "failed";
    const error = failed ? reportedError({ ...status_details?.error, message: "the response failed" }) : undefined;
    if (error && !endsSession(error)) this.#options.port.emit({ type: "error", error, fatal: false });
    this.#end(failed ? "failed" : status === "cancelled" ? "cancelled" : "completed", usage && usageOf(usage));
    if (error && endsSession(error)) this.#options.port.fail(error);
    else this.#options.requests.done();
  }

  #end(status: "completed" | "cancelled" | "failed", usage: AIUsage | undefined): void {
    const active = this.#active;
    if (!active) return;
    for (const itemId of [...active.audio]) this.#flush(itemId);
    // A response that is cut off ends without telling the final text.
    for (const [itemId, text] of [...active.texts]) this.#final(active.id, itemId, text, false);
    for (const [itemId, ms] of active.given) {
      this.#options.conversation.finish(itemId);
      if (this.#silenced) this.#options.conversation.cut(itemId, ms);
    }
    this.#active = undefined;
    this.#last = active.id;
    this.#silenced = false;
    const end = { type: "response-end", responseId: active.id, status } as const;
    this.#options.order.emit(active.id, usage ? { ...end, usage } : end);
  }

  #emit(event: RealtimeEvent): void {
    if (this.#active) this.#options.order.emit(this.#active.id, event);
  }
}

function usageOf({
  input_tokens,
  output_tokens,
  input_token_details,
}: NonNullable<RealtimeResponse["usage"]>): AIUsage {
  const cached = input_token_details?.cached_tokens;
  return {
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    cachedInputTokens: cached,
  };
}
