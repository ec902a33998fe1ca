import type { RealtimeEvent, RealtimeSessionConfig } from "@roomkit/core";
import type { RealtimePort } from "@roomkit/provider-utils";
import { VirtualClock } from "@roomkit/testing";
import { type OpenAIRealtimeOptions, realtimeSettings, wireFormats } from "./options.ts";
import { OpenAIRealtimeProtocol } from "./protocol.ts";

export interface Sent {
  readonly type: string;
  readonly event_id: string;
  readonly [key: string]: unknown;
}

/** The protocol with a vendor that says what a test lets it say, in any order at all. */
export class Vendor {
  readonly clock: VirtualClock = new VirtualClock();
  readonly sent: Sent[] = [];
  readonly events: RealtimeEvent[] = [];
  readonly protocol: OpenAIRealtimeProtocol;
  /** Says of each item, before all else, that it has read it. */
  acknowledges = true;
  readonly #unread: unknown[] = [];
  #connected = false;

  constructor(options: OpenAIRealtimeOptions = {}, config: RealtimeSessionConfig = {}) {
    const port: RealtimePort = {
      send: (message) => {
        if (!this.#connected) return;
        const sent = message as Sent;
        this.sent.push(sent);
        const item = sent.item as { readonly id?: string | undefined } | undefined;
        if (sent.type === "conversation.item.create" && this.acknowledges && item?.id) this.#unread.push(item);
      },
      emit: (event) => void this.events.push(event),
      ready: () => {},
      fail: () => {},
      rotate: () => {},
      after: (ms, handler) => this.clock.setTimeout(handler, ms),
      note: () => {},
    };
    const settings = realtimeSettings(options);
    this.protocol = new OpenAIRealtimeProtocol(port, { settings, config, formats: wireFormats(settings) });
    this.connect();
  }

  connect(): void {
    this.#connected = true;
    this.protocol.begin();
    this.say("session.created");
    this.say("session.updated");
  }

  lose(): void {
    this.#connected = false;
    this.protocol.lost();
  }

  say(type: string, facts: Readonly<Record<string, unknown>> = {}): void {
    for (const item of this.#unread.splice(0))
      this.protocol.receive({ type: "conversation.item.added", event_id: "event", item });
    this.protocol.receive({ type, event_id: "event", ...facts });
  }

  begin(id: string): void {
    this.say("response.created", { response: { id } });
  }

  words(response_id: string, item_id: string, delta: string): void {
    this.say("response.output_audio_transcript.delta", { response_id, item_id, delta });
  }

  audio(response_id: string, item_id: string, ms: number): void {
    const delta = Buffer.alloc(ms * 48).toString("base64");
    this.say("response.output_audio.delta", { response_id, item_id, delta });
  }

  done(id: string, status = "completed", more: Readonly<Record<string, unknown>> = {}): void {
    this.say("response.done", { response: { id, status, ...more } });
  }

  call(response_id: string, call_id: string): void {
    const item = { type: "function_call", call_id, name: "book", arguments: "{}", status: "completed" };
    this.say("response.output_item.done", { response_id, item });
  }

  speechStarted(item_id: string): void {
    this.say("input_audio_buffer.speech_started", { item_id, audio_start_ms: 0 });
  }

  speechStopped(item_id: string, previous_item_id: string | null = null): void {
    this.say("input_audio_buffer.speech_stopped", { item_id, audio_end_ms: 0 });
    this.say("input_audio_buffer.committed", { item_id, previous_item_id });
  }

  heard(item_id: string, transcript: string): void {
    this.say("conversation.item.input_audio_transcription.completed", { item_id, transcript });
  }

  /** An error about the last command of a type. */
  refuse(type: string, code: string): void {
    const event_id = this.of(type).at(-1)?.event_id;
    this.say("error", { error: { type: "invalid_request_error", code, message: "no", event_id } });
  }

  of(type: string): Sent[] {
    return this.sent.filter((sent) => sent.type === type);
  }

  /** Responses asked for so far. */
  get asked(): number {
    return this.of("response.create").length;
  }

  /** Final words so far: `role: text`. */
  get finals(): string[] {
    return this.events.flatMap((e) => (e.type === "transcript" && e.final ? [`${e.role}: ${e.text}`] : []));
  }

  /** What a new connection is given: `role: text`, or what a call is and came to. */
  carried(): string[] {
    this.lose();
    this.sent.length = 0;
    this.connect();
    return this.of("conversation.item.create").map(({ item }) => {
      const { type, role, content, call_id, output } = item as Readonly<Record<string, unknown>>;
      if (type === "function_call") return `call ${call_id}`;
      if (type === "function_call_output") return `${call_id} = ${output}`;
      return `${role}: ${(content as { text: string }[])[0]?.text}`;
    });
  }
}
