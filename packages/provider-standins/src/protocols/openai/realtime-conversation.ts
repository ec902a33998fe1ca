import { type Cancel, defined, systemClock } from "@roomkit/core";
import type {
  ConversationItem,
  RealtimeClientEvent,
  RealtimeSessionCreateRequest,
} from "openai/resources/realtime/realtime";
import type { SocketExchange } from "../../server/socket-exchange.ts";
import type { AIScript } from "../ai-script.ts";
import { SpeechDetector } from "../realtime/speech-detector.ts";
import { textOfAudio } from "../speech-audio.ts";
import { type WireAudio, wireAudio } from "./realtime-audio.ts";
import type { OpenAIRealtimeStandInOptions } from "./realtime-options.ts";
import { sayResponse } from "./realtime-response.ts";
import type { Item, Said } from "./realtime-wire.ts";

type Options = OpenAIRealtimeStandInOptions & { readonly script: AIScript };

/** One session. */
export class RealtimeConversation {
  readonly #exchange: SocketExchange;
  readonly #options: Options;
  readonly #items: Item[] = [];
  #session: RealtimeSessionCreateRequest = { type: "realtime" };
  #detector: SpeechDetector | undefined;
  /** Audio appended and not committed, for manual turns. */
  #appended: Buffer[] = [];
  #results: string[] = [];
  #userText = "";
  #active: { readonly id: string; cancelled: boolean } | undefined;
  /** Settles when no response is being said. */
  #running: Promise<void> = Promise.resolve();
  #speechItem = "";
  /** Words of the caller that wait for others to overtake them. */
  #unwritten: (() => void) | undefined;
  #count = 0;
  #cancelExpiry: Cancel = () => {};

  constructor(exchange: SocketExchange, options: Options) {
    this.#exchange = exchange;
    this.#options = options;
    const { sessionMs, clock = systemClock } = options;
    exchange.onJson = (frame) => this.#receive(frame as RealtimeClientEvent);
    exchange.signal.addEventListener("abort", () => {
      this.#cancelExpiry();
      if (this.#active) this.#active.cancelled = true;
    });
    if (sessionMs !== undefined) {
      this.#cancelExpiry = clock.setTimeout(() => {
        this.#error("session_expired", "the session is too old", undefined);
        exchange.close(1001, "session expired");
      }, sessionMs);
    }
    this.#say({ type: "session.created", session: this.#session });
  }

  #say(event: Said): void {
    this.#exchange.send({ event_id: `event_${++this.#count}`, ...event });
  }

  #error(code: string, message: string, event_id: string | undefined): void {
    const type = "invalid_request_error";
    this.#say({ type: "error", error: defined({ type, code, message, event_id }) });
  }

  #receive(event: RealtimeClientEvent): void {
    switch (event.type) {
      case "session.update":
        this.#configure(event.session as RealtimeSessionCreateRequest);
        return;
      case "input_audio_buffer.append":
        this.#append(Buffer.from(event.audio, "base64"));
        return;
      case "input_audio_buffer.commit":
        this.#commitByHand(event.event_id);
        return;
      case "input_audio_buffer.clear":
        this.#appended = [];
        this.#detector?.reset();
        this.#say({ type: "input_audio_buffer.cleared" });
        return;
      case "conversation.item.create":
        this.#create(event.item, event.event_id);
        return;
      case "conversation.item.truncate":
        this.#truncate(event.item_id, event.audio_end_ms, event.event_id);
        return;
      case "response.create":
        if (this.#active) this.#error("conversation_already_has_active_response", "one is active", event.event_id);
        else void this.#respond();
        return;
      case "response.cancel":
        if (!this.#active || (event.response_id !== undefined && event.response_id !== this.#active.id))
          this.#error("response_cancel_not_active", "none is active", event.event_id);
        else this.#active.cancelled = true;
        return;
      default:
        this.#error("unsupported", `not stood in for: ${event.type}`, event.event_id);
    }
  }

  #configure(session: RealtimeSessionCreateRequest): void {
    const { audio } = this.#session;
    const { input, output } = session.audio ?? {};
    this.#session = {
      ...this.#session,
      ...session,
      audio: { input: { ...audio?.input, ...input }, output: { ...audio?.output, ...output } },
    };
    const detection = this.#session.audio?.input?.turn_detection;
    const silenceMs = detection?.type === "server_vad" ? (detection.silence_duration_ms ?? 500) : 500;
    const { sampleRate } = this.#input;
    this.#detector = detection
      ? new SpeechDetector({
          sampleRate,
          silenceMs,
          onStart: (atMs) => this.#speechStarted(atMs),
          onEnd: (samples, atMs) => this.#speechEnded(samples, atMs),
        })
      : undefined;
    const shown = { ...this.#session };
    if (!detection) shown.audio = { ...shown.audio, input: without(shown.audio?.input, "turn_detection") };
    this.#say({ type: "session.updated", session: shown });
  }

  #append(bytes: Buffer): void {
    if (this.#detector) this.#detector.push(this.#input.decode(bytes));
    else this.#appended.push(bytes);
  }

  #commitByHand(event_id: string | undefined): void {
    const samples = this.#input.decode(Buffer.concat(this.#appended));
    this.#appended = [];
    const ms = (samples.length / this.#input.sampleRate) * 1000;
    if (ms < 100) this.#error("input_audio_buffer_commit_empty", `only ${ms} ms`, event_id);
    else this.#heard(this.#newItem({ role: "user", text: "", audioMs: 0 }).id, samples, false);
  }

  get #input(): WireAudio {
    return wireAudio(this.#session.audio?.input?.format, this.#options.codec);
  }

  #speechStarted(atMs: number): void {
    this.#speechItem = `item_${++this.#count}`;
    this.#say({ type: "input_audio_buffer.speech_started", audio_start_ms: atMs, item_id: this.#speechItem });
    if (this.#active && this.#session.audio?.input?.turn_detection?.interrupt_response) this.#active.cancelled = true;
  }

  #speechEnded(samples: Int16Array, atMs: number): void {
    const item_id = this.#speechItem;
    this.#say({ type: "input_audio_buffer.speech_stopped", audio_end_ms: atMs, item_id });
    this.#items.push({ id: item_id, role: "user", text: "", audioMs: 0 });
    this.#heard(item_id, samples, this.#session.audio?.input?.turn_detection?.create_response ?? true);
  }

  #heard(item_id: string, samples: Int16Array, answer: boolean): void {
    const { transcription = "early", transcribe = textOfAudio } = this.#options;
    const at = this.#items.findIndex(({ id }) => id === item_id);
    this.#say({ type: "input_audio_buffer.committed", item_id, previous_item_id: this.#items[at - 1]?.id ?? null });
    const item: ConversationItem = { id: item_id, type: "message", role: "user", content: [{ type: "input_audio" }] };
    this.#say({ type: "conversation.item.added", item });
    this.#say({ type: "conversation.item.done", item });
    const text = transcribe(samples, this.#input.sampleRate).trim();
    this.#userText = text;
    const entry = this.#items.find(({ id }) => id === item_id);
    if (entry) entry.text = text;
    const written = (): void => this.#writeDown(item_id, text);
    if (transcription === "early") written();
    // What was interrupted ends before the next begins.
    const wanted = answer && (!this.#active || this.#active.cancelled);
    const answered = wanted ? this.#running.then(() => this.#respond()) : Promise.resolve();
    if (transcription === "crossed") void answered.then(() => this.#writeCrossed(written));
    else if (transcription !== "early") void answered.then(written);
  }

  /** The words wait for those that come after them. */
  #writeCrossed(written: () => void): void {
    const before = this.#unwritten;
    this.#unwritten = before ? undefined : written;
    if (!before) return;
    written();
    before();
  }

  #writeDown(item_id: string, transcript: string): void {
    const { transcription = "early" } = this.#options;
    if (!this.#session.audio?.input?.transcription || transcription === "never") return;
    const at = { item_id, content_index: 0 };
    if (transcription === "failed") {
      const error = { type: "server_error", code: "audio_unintelligible", message: "made up" };
      this.#say({ type: "conversation.item.input_audio_transcription.failed", ...at, error });
      return;
    }
    for (const delta of transcript.split(/(?<= )/))
      this.#say({ type: "conversation.item.input_audio_transcription.delta", ...at, delta });
    const usage = { type: "duration", seconds: 1 } as const;
    this.#say({ type: "conversation.item.input_audio_transcription.completed", ...at, transcript, usage });
  }

  #create(item: ConversationItem, event_id: string | undefined): void {
    if (item.type === "function_call_output") {
      if (!this.#items.some((each) => each.role === "call" && each.callId === item.call_id)) {
        this.#error("invalid_value", `no call ${item.call_id}`, event_id);
        return;
      }
      this.#results.push(item.output);
      const { id } = this.#newItem({
        ...named(item),
        role: "result",
        text: item.output,
        audioMs: 0,
        callId: item.call_id,
      });
      this.#acknowledge({ ...item, id });
    } else if (item.type === "function_call") {
      const callId = item.call_id ?? "";
      const { id } = this.#newItem({ ...named(item), role: "call", text: item.arguments, audioMs: 0, callId });
      this.#acknowledge({ ...item, id });
    } else if (item.type === "message") {
      const text = item.content.map((part) => ("text" in part ? (part.text ?? "") : "")).join("");
      if (item.role === "user") this.#userText = text;
      const { id } = this.#newItem({ ...named(item), role: item.role, text, audioMs: 0 });
      this.#acknowledge({ ...item, id });
    } else this.#error("invalid_value", `not stood in for: ${item.type}`, event_id);
  }

  #acknowledge(item: ConversationItem): void {
    this.#say({ type: "conversation.item.added", item });
    this.#say({ type: "conversation.item.done", item });
  }

  #truncate(item_id: string, audio_end_ms: number, event_id: string | undefined): void {
    const item = this.#items.find(({ id, role }) => id === item_id && role === "assistant");
    if (!item) this.#error("item_not_found", `no item ${item_id}`, event_id);
    else if (!Number.isInteger(audio_end_ms) || audio_end_ms < 0 || audio_end_ms > item.audioMs)
      this.#error("invalid_value", `audio_end_ms: 0 to ${item.audioMs}, not ${audio_end_ms}`, event_id);
    else {
      item.text = item.text.slice(0, Math.ceil(audio_end_ms / 20));
      item.audioMs = audio_end_ms;
      this.#say({ type: "conversation.item.truncated", item_id, content_index: 0, audio_end_ms });
    }
  }

  #respond(): Promise<void> {
    this.#running = this.#sayResponse();
    return this.#running;
  }

  async #sayResponse(): Promise<void> {
    const { script, pieceMs = 0, lateWords = false, clock = systemClock } = this.#options;
    const active = { id: `resp_${++this.#count}`, cancelled: false };
    this.#active = active;
    const items = this.#items.map(({ role, text }) => ({ role, text }));
    const toolResults = this.#results;
    this.#results = [];
    const reply = script({ userText: this.#userText, toolResults, body: { session: this.#session, items } });
    await sayResponse(reply, {
      id: active.id,
      say: (event) => {
        // It has ended before it says so: what is asked for upon that must not find it active.
        if (event.type === "response.done") this.#active = undefined;
        this.#say(event);
      },
      newItem: (item) => this.#newItem(item),
      piece: () => (pieceMs > 0 ? clock.sleep(pieceMs, this.#exchange.signal).catch(() => {}) : Promise.resolve()),
      cancelled: () => active.cancelled,
      audio: wireAudio(this.#session.audio?.output?.format, this.#options.codec),
      lateWords,
    });
  }

  #newItem(item: Omit<Item, "id"> & { readonly id?: string | undefined }): Item {
    const kept = { ...item, id: item.id ?? `item_${++this.#count}` };
    this.#items.push(kept);
    return kept;
  }
}

/** The id an item was given by who made it. */
function named({ id }: ConversationItem): { readonly id?: string | undefined } {
  return id === undefined ? {} : { id };
}

function without<T extends object, K extends keyof T>(value: T | undefined, key: K): Omit<T, K> {
  const { [key]: _left, ...rest } = value ?? ({} as T);
  return rest;
}
