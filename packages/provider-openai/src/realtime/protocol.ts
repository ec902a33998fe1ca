import {
  type AudioFormat,
  type AudioFrame,
  frameDurationMs,
  type RealtimeSessionConfig,
  type RoomKitError,
} from "@roomkit/core";
import {
  bytesOfSamples,
  FormatCheck,
  ProviderError,
  type RealtimePort,
  type RealtimeProtocol,
} from "@roomkit/provider-utils";
import type { RealtimeClientEvent, RealtimeErrorEvent, RealtimeServerEvent } from "openai/resources/realtime/realtime";
import { NAME } from "../connection/connection.ts";
import { Answers } from "./answers.ts";
import { Caller } from "./caller.ts";
import { Conversation } from "./conversation.ts";
import { EventOrder } from "./event-order.ts";
import type { RealtimeSettings } from "./options.ts";
import { endsSession, reportedError } from "./realtime-errors.ts";
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
/** How long a change of a running session may take, ms. */
const UPDATE_MS = 5_000;

/** The GA realtime protocol of OpenAI, without I/O. */
export class OpenAIRealtimeProtocol implements RealtimeProtocol {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly #port: RealtimePort;
  readonly #settings: RealtimeSettings;
  readonly #format: FormatCheck;
  readonly #order: EventOrder;
  readonly #conversation: Conversation;
  readonly #spoken: SpokenItems;
  readonly #answers: Answers;
  readonly #caller: Caller;
  readonly #updates: Update[] = [];
  #config: RealtimeSessionConfig;
  #configured = false;
  /** `response.create` was sent and neither confirmed nor refused. */
  #creating = false;
  /** Another response is wanted as soon as the one under way has ended. */
  #wanted = false;
  /** The response that was asked for is not wanted any more. */
  #unwanted = false;
  /** When the connection was lost the caller was waiting for an answer. */
  #owed = false;
  /** Manual turns: audio of the turn so far, ms; undefined between turns. */
  #turnMs: number | undefined;
  #sent = 0;

  constructor(port: RealtimePort, settings: RealtimeSettings, config: RealtimeSessionConfig) {
    this.#port = port;
    this.#settings = settings;
    this.#config = config;
    const format: AudioFormat = { sampleRate: settings.codec ? 8_000 : 24_000, channels: 1 };
    this.inbound = format;
    this.outbound = format;
    this.#format = new FormatCheck(format, NAME, port);
    this.#order = new EventOrder(port, settings.transcriptWaitMs);
    this.#conversation = new Conversation(config.history);
    this.#spoken = new SpokenItems(format, settings.codec);
    const parts = { port, order: this.#order, conversation: this.#conversation };
    this.#answers = new Answers({
      ...parts,
      spoken: this.#spoken,
      onBadCall: (callId) => this.submitToolResult(callId, "The arguments were not JSON.", { isError: true }),
      onDone: () => this.#answered(),
    });
    this.#caller = new Caller({ ...parts, transcribed: settings.transcription !== false });
  }

  get waiting(): boolean {
    return this.#answers.activeId !== undefined || this.#creating;
  }

  get idle(): boolean {
    return !this.waiting && !this.#wanted && this.#answers.openCalls.size === 0 && !this.#caller.speaking;
  }

  // The vendor speaks first: `session.created`.
  begin(): void {
    this.#configured = false;
  }

  receive(message: unknown): void {
    const event = message as RealtimeServerEvent;
    switch (event.type) {
      case "session.created":
        this.#send({ type: "session.update", session: buildSessionConfig(this.#config, this.#settings) }, "configure");
        return;
      case "session.updated":
        if (this.#configured) this.#updates.shift()?.resolve();
        else this.#onConfigured();
        return;
      case "error":
        this.#onError(event);
        return;
      case "response.created":
        this.#creating = false;
        break;
      case "input_audio_buffer.speech_started":
        if (this.#config.turnDetection === "manual") return;
        break;
    }
    this.#caller.read(event);
    this.#answers.read(event);
    if (event.type === "response.created" && this.#unwanted) this.interrupt();
  }

  lost(): void {
    this.#owed ||= this.#configured && (this.waiting || this.#wanted || this.#turnOpen);
    this.#configured = false;
    this.#creating = false;
    this.#wanted = false;
    this.#unwanted = false;
    this.#turnMs = undefined;
    this.#caller.lost();
    this.#answers.lost();
    this.#order.release();
    this.#spoken.clear();
    this.#conversation.forgetOpenCalls();
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
    const { codec } = this.#settings;
    const bytes = codec ? codec.encode(frame.samples) : bytesOfSamples(frame.samples);
    this.#send({ type: "input_audio_buffer.append", audio: Buffer.from(bytes).toString("base64") });
  }

  sendText(text: string, { role = "user", respond = true }: { role?: "user" | "system"; respond?: boolean }): void {
    if (text.trim() === "") return;
    this.#conversation.say(role, "", text);
    this.#send({
      type: "conversation.item.create",
      item: { type: "message", role, content: [{ type: "input_text", text }] },
    });
    if (respond) this.#respond();
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
    this.#caller.ended();
    this.#send({ type: enough ? "input_audio_buffer.commit" : "input_audio_buffer.clear" });
    if (enough) this.#respond();
  }

  interrupt(): void {
    const id = this.#answers.activeId;
    this.#wanted = false;
    this.#unwanted = id === undefined && this.#creating;
    if (id === undefined) return;
    this.#answers.silence();
    // Named, so that it cannot hit the next one. The vendor may have stopped by itself: that it then refuses is no error.
    this.#send({ type: "response.cancel", response_id: id }, "cancel");
  }

  truncate(itemId: string, playedMs: number): void {
    const cut = this.#spoken.reserveCut(itemId, playedMs);
    if (!cut) return;
    this.#conversation.cut(itemId, cut.part);
    const { endMs } = cut;
    this.#send(
      { type: "conversation.item.truncate", item_id: itemId, content_index: 0, audio_end_ms: endMs },
      "truncate",
    );
  }

  submitToolResult(callId: string, result: string, { isError = false }: { isError?: boolean } = {}): void {
    // Answered already, or a call of a connection that is gone.
    if (!this.#answers.openCalls.delete(callId)) return;
    const output = isError ? `Error: ${result}` : result;
    this.#conversation.answered(callId, output);
    this.#send({ type: "conversation.item.create", item: { type: "function_call_output", call_id: callId, output } });
    if (this.#answers.openCalls.size === 0) this.#respond();
  }

  update(config: Partial<RealtimeSessionConfig>): Promise<void> {
    const { history: _history, turnDetection: _turns, ...change } = config;
    this.#config = { ...this.#config, ...change };
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
    const owed = this.#owed && this.#conversation.unanswered;
    this.#owed = false;
    if (owed) this.#respond();
    // What was heard but not written down is lost.
    this.#port.ready(this.#settings.transcription !== false);
  }

  /** Asks for a response: now, or when the one under way has ended. */
  #respond(): void {
    if (this.#answers.openCalls.size > 0) return;
    this.#unwanted = false;
    if (this.#answers.activeId !== undefined) this.#wanted = true;
    else if (!this.#creating) {
      this.#creating = true;
      this.#send({ type: "response.create" }, "respond");
    }
  }

  #answered(): void {
    if (!this.#wanted || this.#answers.openCalls.size > 0) return;
    this.#wanted = false;
    this.#respond();
  }

  #onError({ error }: RealtimeErrorEvent): void {
    const reported = reportedError(error);
    if (!this.#configured || endsSession(reported)) {
      this.#port.fail(reported);
      return;
    }
    const purpose = error.event_id?.split("_")[0];
    if (purpose === "respond") {
      this.#creating = false;
      // The vendor has begun one by itself at the same moment.
      if (error.code === "conversation_already_has_active_response") {
        this.#wanted = !this.#unwanted;
        if (this.#wanted && this.#answers.activeId === undefined)
          this.#port.note("a response was refused: one is active");
        return;
      }
    }
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

  /** The purpose stands in the event's id: an error names the event that caused it, and nothing else is kept. */
  #send(command: Command, purpose = "event"): void {
    this.#port.send({ ...command, event_id: `${purpose}_${++this.#sent}` } as RealtimeClientEvent);
  }
}
