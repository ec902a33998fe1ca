import type { RealtimePort } from "@roomkit/provider-utils";
import type { RealtimeServerEvent } from "openai/resources/realtime/realtime";
import type { Conversation } from "./conversation.ts";
import type { EventOrder } from "./event-order.ts";
import { reportedError } from "./realtime-errors.ts";
import type { Requests } from "./requests.ts";

export interface CallerOptions {
  readonly port: RealtimePort;
  readonly order: EventOrder;
  readonly conversation: Conversation;
  readonly requests: Requests;
  /** Whether the caller's words are written down. */
  readonly transcribed: boolean;
}

/** Finals remembered, so that none is told twice. */
const MAX_DONE = 64;

/** Reads what the vendor says of the caller's speech. */
export class Caller {
  readonly #options: CallerOptions;
  /** Words of items that are not final, by item. */
  readonly #texts = new Map<string, string>();
  readonly #done = new Set<string>();
  #speaking = false;
  /** The item the vendor hears being spoken. */
  #itemId: string | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  began(): void {
    if (this.#speaking) return;
    this.#speaking = true;
    this.#options.requests.speechBegan();
    this.#options.port.emit({ type: "speech-start" });
  }

  /** @param answered the vendor has it as a turn */
  ended(answered: boolean): void {
    if (!this.#speaking) return;
    this.#speaking = false;
    this.#itemId = undefined;
    this.#options.port.emit({ type: "speech-end" });
    this.#options.requests.speechEnded(answered);
  }

  read(event: RealtimeServerEvent): void {
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        this.began();
        this.#itemId = event.item_id;
        return;
      case "input_audio_buffer.speech_stopped":
        if (this.#itemId === undefined || this.#itemId === event.item_id) this.ended(true);
        return;
      case "input_audio_buffer.committed":
        this.#place(event.item_id, event.previous_item_id);
        // The end of the speech may be missing.
        if (this.#itemId === event.item_id) this.ended(true);
        return;
      case "input_audio_buffer.cleared":
        if (this.#itemId !== undefined) this.ended(false);
        return;
      case "conversation.item.added": {
        const { item, previous_item_id } = event;
        const spoken = item.type === "message" && item.role === "user" && item.content[0]?.type === "input_audio";
        if (spoken && item.id) this.#place(item.id, previous_item_id);
        return;
      }
      case "conversation.item.input_audio_transcription.delta":
        this.#partial(event.item_id, event.delta ?? "");
        return;
      case "conversation.item.input_audio_transcription.completed":
        this.#final(event.item_id, event.transcript.trim());
        return;
      case "conversation.item.input_audio_transcription.failed": {
        if (this.#done.has(event.item_id)) return;
        const error = reportedError({ ...event.error, message: "the caller's speech was not transcribed" });
        this.#options.port.emit({ type: "error", error, fatal: false });
        this.#final(event.item_id, this.#texts.get(event.item_id) ?? "");
        return;
      }
    }
  }

  lost(): void {
    this.ended(false);
    for (const [itemId, text] of [...this.#texts]) this.#final(itemId, text);
  }

  /** What was spoken has its place before it has words. */
  #place(itemId: string, previous: string | null | undefined): void {
    const { transcribed, conversation, order } = this.#options;
    if (!transcribed || this.#done.has(itemId)) return;
    conversation.reserve("user", itemId, previous);
    order.expect(itemId, previous);
  }

  #partial(id: string, delta: string): void {
    if (delta === "" || this.#done.has(id)) return;
    const text = (this.#texts.get(id) ?? "") + delta;
    this.#texts.set(id, text);
    this.#options.order.user(id, { type: "transcript", id, itemId: id, role: "user", text, final: false });
  }

  #final(id: string, text: string): void {
    if (this.#done.has(id)) return;
    this.#done.add(id);
    if (this.#done.size > MAX_DONE) this.#done.delete(this.#done.values().next().value as string);
    this.#texts.delete(id);
    this.#options.conversation.say("user", id, text);
    this.#options.order.user(id, { type: "transcript", id, itemId: id, role: "user", text, final: true });
  }
}
