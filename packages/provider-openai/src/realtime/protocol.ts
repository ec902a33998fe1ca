import {
  type AudioFormat,
  type AudioFrame,
  defined,
  frameDurationMs,
  type RealtimeSessionConfig,
  type RoomKitError,
  type SendTextOptions,
} from "@roomkit/core";
import {
  bytesOfSamples,
  FormatCheck,
  ProviderError,
  type RealtimePort,
  type RealtimeProtocol,
} from "@roomkit/provider-utils";
import type {
  ConversationItem,
  RealtimeClientEvent,
  RealtimeErrorEvent,
  RealtimeServerEvent,
} from "openai/resources/realtime/realtime";
import { NAME } from "../connection/connection.ts";
import { Answers } from "./answers.ts";
import { Caller } from "./caller.ts";
import { Conversation } from "./conversation.ts";
import { EventOrder } from "./event-order.ts";
import type { RealtimeSettings, WireFormats } from "./options.ts";
import { endsSession, reportedError } from "./realtime-errors.ts";
import { Requests } from "./requests.ts";
import { buildSessionChange, buildSessionConfig } from "./session-config.ts";
import { SpokenItems } from "./spoken-items.ts";

type WithoutId<T> = T extends unknown ? Omit<T, "event_id"> : never;
type Command = WithoutId<RealtimeClientEvent>;

interface Update {
  readonly resolve: () => void;
  readonly reject: (error: RoomKitError) => void;
}

/** The vendor takes no less audio than this as a turn, ms. */
const MIN_TURN_MS = 100;
/** What the model is told when the caller spoke, and neither an answer nor their words came. */
const SAY_AGAIN = "What the caller just said was lost. Ask them to say it again.";
/** How long a change of a running session may take, ms. */
const UPDATE_MS = 5_000;

export interface OpenAIRealtimeProtocolOptions {
  readonly settings: RealtimeSettings;
  readonly config: RealtimeSessionConfig;
  /** Of the whole session, however often it is connected anew. */
  readonly formats: WireFormats;
}

/** The GA realtime protocol of OpenAI, without I/O. */
export class OpenAIRealtimeProtocol implements RealtimeProtocol {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly #port: RealtimePort;
  readonly #settings: RealtimeSettings;
  readonly #formats: WireFormats;
  readonly #format: FormatCheck;
  readonly #order: EventOrder;
  readonly #conversation: Conversation;
  readonly #spoken: SpokenItems;
  readonly #requests: Requests;
  readonly #answers: Answers;
  readonly #caller: Caller;
  readonly #updates: Update[] = [];
  #config: RealtimeSessionConfig;
  #configured = false;
  /** When the connection was lost the caller was waiting for an answer. */
  #owed = false;
  /** And it was one to speech. */
  #owedSpeech = false;
  /** Manual turns: audio of the turn so far, ms; undefined between turns. */
  #turnMs: number | undefined;
  #sent = 0;

  constructor(port: RealtimePort, { settings, config, formats }: OpenAIRealtimeProtocolOptions) {
    this.#port = port;
    this.#settings = settings;
    this.#config = config;
    this.#formats = formats;
    this.inbound = { sampleRate: formats.input.sampleRate, channels: 1 };
    this.outbound = { sampleRate: formats.output.sampleRate, channels: 1 };
    this.#format = new FormatCheck(this.inbound, NAME, port);
    this.#order = new EventOrder(port, settings.transcriptWaitMs);
    this.#conversation = new Conversation(config.history);
    this.#spoken = new SpokenItems(this.outbound, formats.output.codec);
    this.#requests = new Requests({
      port,
      answersSpeech: settings.turnDetection.createResponse !== false && config.turnDetection !== "manual",
      callsOpen: () => this.#answers.openCalls.size > 0,
      create: () => this.#send({ type: "response.create" }, "respond"),
      cancel: (id) => this.#cancel(id),
      onGivenUp: () => this.#refusedForGood(),
    });
    const parts = { port, order: this.#order, conversation: this.#conversation, requests: this.#requests };
    this.#answers = new Answers({
      ...parts,
      spoken: this.#spoken,
      onBadCall: (callId) => this.submitToolResult(callId, "The arguments were not JSON.", { isError: true }),
      onCutDue: (itemId) => this.#truncate(itemId),
    });
    this.#caller = new Caller({ ...parts, transcribed: settings.transcription !== false });
  }

  get waiting(): boolean {
    return this.#requests.underWay || this.#requests.speechUnanswered;
  }

  get idle(): boolean {
    return !this.waiting && !this.#requests.waiting && this.#answers.openCalls.size === 0 && !this.#caller.speaking;
  }

  // The vendor speaks first: `session.created`.
  begin(): void {
    this.#configured = false;
  }

  receive(message: unknown): void {
    const event = message as RealtimeServerEvent;
    switch (event.type) {
      case "session.created":
        this.#send(
          { type: "session.update", session: buildSessionConfig(this.#config, this.#settings, this.#formats) },
          "configure",
        );
        return;
      case "session.updated":
        if (this.#configured) this.#updates.shift()?.resolve();
        else this.#onConfigured();
        return;
      case "error":
        this.#onError(event);
        return;
      case "input_audio_buffer.speech_started":
        if (this.#config.turnDetection === "manual") return;
        break;
      case "conversation.item.added":
      case "conversation.item.done":
        this.#requests.read(event.item.id ?? "");
        break;
      case "conversation.item.truncated":
        this.#conversation.cut(event.item_id, event.audio_end_ms);
        return;
      case "conversation.item.deleted":
        this.#conversation.delete(event.item_id);
        return;
    }
    this.#caller.read(event);
    this.#answers.read(event);
  }

  lost(): void {
    this.#owed ||= this.#configured && (this.waiting || this.#requests.waiting || this.#turnOpen);
    this.#owedSpeech ||= this.#requests.speechUnanswered;
    this.#configured = false;
    this.#turnMs = undefined;
    // Once so that nothing is asked for by the ends of the others, and once for what those leave.
    this.#requests.lost();
    this.#caller.lost();
    this.#answers.lost();
    this.#requests.lost();
    this.#order.release();
    this.#spoken.clear();
    // The next connection begins with them.
    for (const { resolve } of this.#updates.splice(0)) resolve();
  }

  sendAudio(frame: AudioFrame): void {
    if (!this.#format.takes(frame)) return;
    if (this.#config.turnDetection === "manual") {
      // Between turns nobody is meant.
      if (this.#turnMs === undefined) return;
      this.#turnMs += frameDurationMs(frame);
    }
    const { codec } = this.#formats.input;
    const bytes = codec ? codec.encode(frame.samples) : bytesOfSamples(frame.samples);
    this.#send({ type: "input_audio_buffer.append", audio: Buffer.from(bytes).toString("base64") });
  }

  sendText(text: string, { role = "user", respond = true }: SendTextOptions): void {
    if (text.trim() === "") return;
    const id = this.#create({ type: "message", role, content: [{ type: "input_text", text }] });
    this.#conversation.say(role, id, text);
    if (respond) this.#requests.want(id);
  }

  activityStart(): void {
    if (this.#config.turnDetection !== "manual" || this.#turnMs !== undefined) return;
    this.interrupt();
    this.#turnMs = 0;
    this.#caller.began();
  }

  activityEnd(): void {
    if (this.#turnMs === undefined) return;
    const enough = this.#turnMs >= MIN_TURN_MS;
    this.#turnMs = undefined;
    this.#send({ type: enough ? "input_audio_buffer.commit" : "input_audio_buffer.clear" });
    if (enough) this.#requests.want();
    this.#caller.ended(false);
  }

  interrupt(): void {
    // An answer the next connection was to be asked for is not wanted either.
    this.#owed = false;
    this.#owedSpeech = false;
    this.#requests.interrupt();
  }

  truncate(itemId: string, playedMs: number): void {
    if (!(playedMs >= 0)) return;
    this.#conversation.cut(itemId, playedMs);
    this.#spoken.cut(itemId, playedMs);
    this.#truncate(itemId);
  }

  submitToolResult(callId: string, result: string, { isError = false }: { isError?: boolean | undefined } = {}): void {
    // Answered already, or never made.
    if (!this.#answers.openCalls.delete(callId)) return;
    const output = isError ? `Error: ${result}` : result;
    this.#conversation.answered(callId, output);
    this.#requests.want(this.#create({ type: "function_call_output", call_id: callId, output }));
  }

  update(config: Partial<RealtimeSessionConfig>): Promise<void> {
    const { history: _history, turnDetection: _turns, ...change } = config;
    this.#config = { ...this.#config, ...defined(change) };
    if (!this.#configured) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.#port.after(UPDATE_MS, () => {
        this.#forget(update);
        reject(new ProviderError("timeout", `${NAME} did not confirm the change`, { provider: NAME }));
      });
      const update: Update = {
        resolve: () => {
          stop();
          resolve();
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      };
      this.#updates.push(update);
      this.#send({ type: "session.update", session: buildSessionChange(change) }, "update");
    });
  }

  get #turnOpen(): boolean {
    return this.#settings.turnDetection.createResponse !== false && this.#config.turnDetection !== "manual";
  }

  #onConfigured(): void {
    this.#configured = true;
    for (const item of this.#conversation.items()) this.#send({ type: "conversation.item.create", item });
    const { unanswered } = this.#conversation;
    // Speech of which not even the words are left must be said again.
    if (this.#owed && unanswered) this.#requests.want();
    else if (this.#owedSpeech) this.sendText(SAY_AGAIN, { role: "system" });
    this.#owed = false;
    this.#owedSpeech = false;
    // What was heard but not written down is lost.
    this.#port.ready(this.#settings.transcription !== false);
  }

  #cancel(responseId: string): void {
    // The vendor may have stopped by itself: that it then refuses is no error.
    if (this.#answers.silence()) this.#send({ type: "response.cancel", response_id: responseId }, "cancel");
  }

  #truncate(itemId: string): void {
    const audio_end_ms = this.#spoken.dueCut(itemId);
    if (audio_end_ms === undefined) return;
    this.#send({ type: "conversation.item.truncate", item_id: itemId, content_index: 0, audio_end_ms }, "truncate");
  }

  #refusedForGood(): void {
    const message = `${NAME} refuses to answer: it says that it is answering already`;
    this.#port.emit({
      type: "error",
      error: new ProviderError("invalid_request", message, { provider: NAME }),
      fatal: false,
    });
  }

  #onError({ error }: RealtimeErrorEvent): void {
    const reported = reportedError(error);
    if (!this.#configured || endsSession(reported)) {
      this.#port.fail(reported);
      return;
    }
    const [purpose, number] = error.event_id?.split("_") ?? [];
    const active = error.code === "conversation_already_has_active_response";
    if (purpose === "respond" || active) {
      this.#requests.refused(active);
      if (active) return;
    }
    if (purpose === "item") this.#requests.unreadable(`item_rk${number}`);
    if (purpose === "cancel" || purpose === "truncate") {
      this.#port.note(`${purpose} came too late`, { code: error.code ?? "" });
      return;
    }
    if (purpose === "update") {
      this.#updates.shift()?.reject(reported);
      return;
    }
    this.#port.emit({ type: "error", error: reported, fatal: false });
  }

  #forget(update: Update): void {
    const at = this.#updates.indexOf(update);
    if (at >= 0) this.#updates.splice(at, 1);
  }

  /** Puts an item into the vendor's conversation; gives its id. */
  #create(item: ConversationItem): string {
    const id = `item_rk${this.#sent + 1}`;
    this.#send({ type: "conversation.item.create", item: { ...item, id } }, "item");
    return id;
  }

  /** The purpose stands in the event's id: an error names the event that caused it, and nothing else is kept. */
  #send(command: Command, purpose = "event"): void {
    this.#port.send({ ...command, event_id: `${purpose}_${++this.#sent}` } as RealtimeClientEvent);
  }
}
