import type { RealtimePort } from "@roomkit/provider-utils";
import type { RealtimeServerEvent } from "openai/resources/realtime/realtime";
import type { Conversation } from "./conversation.ts";
import type { EventOrder } from "./event-order.ts";
import { reportedError } from "./realtime-errors.ts";

export interface CallerOptions {
  readonly port: RealtimePort;
  readonly order: EventOrder;
  readonly conversation: Conversation;
  /** Whether the caller's words are written down. */
  readonly transcribed: boolean;
}

/** Reads what the vendor says of the caller's speech. */
export class Caller {
  readonly #options: CallerOptions;
  /** Words of items that are not final, by item. */
  readonly #texts = new Map<string, string>();
  #speaking = false;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  began(): void {
    if (this.#speaking) return;
    this.#speaking = true;
    this.#options.port.emit({ type: "speech-start" });
  }

  ended(): void {
    if (!this.#speaking) return;
    this.#speaking = false;
    this.#options.port.emit({ type: "speech-end" });
  }

  read(event: RealtimeServerEvent): void {
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        this.began();
        return;
      case "input_audio_buffer.speech_stopped":
        this.ended();
        return;
      case "input_audio_buffer.committed":
        if (!this.#options.transcribed) return;
        this.#options.conversation.say("user", event.item_id, "");
        this.#options.order.expect(event.item_id);
        return;
      case "conversation.item.input_audio_transcription.delta":
        this.#partial(event.item_id, event.delta ?? "");
        return;
      case "conversation.item.input_audio_transcription.completed":
        this.#final(event.item_id, event.transcript.trim());
        return;
      case "conversation.item.input_audio_transcription.failed": {
        const error = reportedError({ ...event.error, message: "the caller's speech was not transcribed" });
        this.#options.port.emit({ type: "error", error, fatal: false });
        this.#final(event.item_id, this.#texts.get(event.item_id) ?? "");
        return;
      }
    }
  }

  lost(): void {
    this.ended();
    for (const [itemId, text] of [...this.#texts]) this.#final(itemId, text);
  }

  #partial(id: string, delta: string): void {
    if (delta === "") return;
    const text = (this.#texts.get(id) ?? "") + delta;
    this.#texts.set(id, text);
    this.#options.port.emit({ type: "transcript", id, itemId: id, role: "user", text, final: false });
  }

  #final(id: string, text: string): void {
    this.#texts.delete(id);
    this.#options.conversation.say("user", id, text);
    this.#options.port.emit({ type: "transcript", id, itemId: id, role: "user", text, final: true });
    this.#options.order.settled(id);
  }
}
