import { type CallRoom, resolveCallOptions, VoiceCall } from "@roomkit/call";
import {
  type AudioFormat,
  type AudioFrame,
  type Clock,
  type ConnectionMessage,
  defined,
  Emitter,
  keepNewest,
  type Logger,
  type RealtimeEvent,
  type RealtimeSession,
  type RealtimeSessionConfig,
  RoomKitError,
  type SendTextOptions,
  type Unsubscribe,
  type UtteranceId,
  type VoiceSession,
} from "@roomkit/core";
import { asInstruction, ModelConversation } from "./conversation.ts";
import { Line } from "./line.ts";
import { ownRoom } from "./own-room.ts";
import type { CascadeSessionOptions, Response, Typed } from "./session-state.ts";

/**
 * A speech-to-speech session made of a recogniser, a model and a voice. The call in it is the one that voice channels have: it
 * hears, takes turns and speaks on a {@link Line} whose other end are the session's events, in a room of its own.
 */
export class CascadeSession implements RealtimeSession {
  readonly id: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly #line: Line;
  readonly #call: VoiceCall;
  readonly #conversation: ModelConversation;
  readonly #events = new Emitter<{ event: RealtimeEvent }>((error) => {
    throw error;
  });
  readonly #onPrepared: CascadeSessionOptions["onPrepared"];
  #config: RealtimeSessionConfig;
  #response: Response | undefined;
  #responses = 0;
  /** The newest responses, by their audio: for words heard after the response's end. */
  readonly #spoken = new Map<UtteranceId, Response>();
  /** What the call says by itself, without a turn of the caller. */
  #own = "";
  /** Not submitted yet, oldest first. */
  #typed: Typed[] = [];
  /** Whether the session has said that the caller speaks. */
  #speaking = false;
  /** The caller speaks over an answer, and it does not count yet: what is guessed of it waits. */
  #contested = false;
  #guess: Extract<RealtimeEvent, { type: "transcript" }> | undefined;
  /** The application interrupts, not the caller. */
  #commanded = false;
  #closed = false;

  constructor(options: CascadeSessionOptions) {
    const { id, ai, clock, logger, config, inbound, outbound, settings, native, onFallback } = options;
    this.id = id;
    this.inbound = inbound;
    this.outbound = outbound;
    this.#config = config;
    this.#onPrepared = options.onPrepared;
    this.#conversation = new ModelConversation({
      ...settings,
      ai,
      clock,
      onFallback,
      config: () => this.#config,
      onToolCall: (call) => this.#emit({ type: "tool-call", ...call }),
      onToolsCancelled: (ids) => this.#emit({ type: "tool-call-cancelled", ids }),
      onError: (error) => this.#emit({ type: "error", error, fatal: false }),
      onPrepared: (used) => options.onPrepared({ sessionId: id, what: "text", used }),
    });
    const { memory } = this.#conversation;
    for (const { role, text } of config.history ?? []) {
      if (role === "user") memory.user(text);
      else memory.assistant(undefined, text);
    }
    this.#line = new Line({
      id,
      clock,
      inbound,
      outbound,
      onAudio: (utterance, frame) => this.#onAudio(utterance, frame),
      onUtteranceEnd: () => this.#complete(),
      onClear: () => this.#onClear(),
      onMessage: (message) => this.#onMessage(message),
    });
    const session: VoiceSession = {
      id,
      roomId: id,
      participantId: "caller",
      channelId: "cascade",
      state: "active",
      metadata: {},
    };
    const { voice, language } = config;
    const turnDetection = config.turnDetection === "manual" ? "manual" : options.call.turnDetection;
    this.#call = new VoiceCall({
      room: this.#room(clock, logger, onFallback),
      settings: resolveCallOptions({ ...options.call, voice, language, turnDetection }),
      session,
      connection: this.#line,
      native,
    });
  }

  get responding(): boolean {
    return this.#response !== undefined || this.#typed.some(({ takenBack }) => !takenBack);
  }

  onEvent(listener: (event: RealtimeEvent) => void): Unsubscribe {
    return this.#events.on("event", listener);
  }

  sendAudio(frame: AudioFrame): void {
    this.#line.hear(frame);
  }

  sendText(text: string, options: SendTextOptions = {}): void {
    if (this.#closed || text.trim() === "") return;
    const words = options.role === "system" ? asInstruction(text) : text;
    if (options.respond === false) {
      this.#conversation.memory.user(words);
      return;
    }
    this.#typed.push({ words, takenBack: false });
    this.#command(() => this.#call.type(words));
  }

  activityStart(): void {
    this.#call.activityStart();
  }

  activityEnd(): void {
    this.#call.activityEnd();
  }

  interrupt(): void {
    for (const typed of this.#typed) typed.takenBack = true;
    this.#command(() => this.#call.interrupt("client"));
  }

  playback(itemId: string, playedMs: number, done: boolean): void {
    this.#line.report(itemId, playedMs, done);
  }

  truncate(itemId: string, playedMs: number): void {
    this.#line.report(itemId, playedMs, true);
  }

  submitToolResult(callId: string, result: string, options: { readonly isError?: boolean | undefined } = {}): void {
    this.#conversation.submit(callId, result, options.isError ?? false);
  }

  async update(config: Partial<RealtimeSessionConfig>): Promise<void> {
    this.#config = { ...this.#config, ...defined(config) };
    const { voice, language } = this.#config;
    this.#call.reconfigure({ voice, language });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.interrupt();
    // A listener may have closed it upon that.
    if (this.#closed) return;
    this.#closed = true;
    void this.#call.close("closed");
    await this.#line.close();
    this.#events.emit("event", { type: "closed", reason: "client" });
    this.#events.clear();
  }

  #room(clock: Clock, logger: Logger, onFallback: CascadeSessionOptions["onFallback"]): CallRoom {
    return ownRoom({
      clock,
      logger,
      onFallback,
      submit: ({ text, turnId }, signal) => this.#respond(text, turnId, signal),
      prepare: ({ text }, how) => this.#conversation.prepare(text, how),
      compose: (instruction, signal) => this.#conversation.compose(instruction, signal),
      history: () => this.#conversation.memory.said,
      onSpeechStart: () => {
        // Over an answer it counts when the call says so, by silencing that.
        this.#contested = this.#response !== undefined || this.#call.phase === "speaking";
        if (!this.#contested) this.#speechStart();
      },
      onSpeechEnd: (durationMs) => {
        this.#contested = false;
        this.#guess = undefined;
        if (!this.#speaking) return;
        this.#speaking = false;
        const { speechEndedAt } = this.#call;
        const silenceMs = speechEndedAt === undefined ? undefined : clock.now() - speechEndedAt;
        this.#emit({ type: "speech-end", durationMs, silenceMs });
      },
      onError: (error) => this.#emit({ type: "error", error, fatal: false }),
      onVoiceFailed: () => {
        if (this.#response) this.#response.failed = true;
      },
      onSpeechPrepared: ({ used, chars }) => this.#onPrepared({ sessionId: this.id, what: "speech", used, chars }),
      saying: (text) => {
        this.#own = text;
      },
      said: (text) => {
        if (text !== "") this.#conversation.memory.assistant(undefined, text);
      },
    });
  }

  /** Answers a turn of the caller: resolves when the answer has been heard, or cut off. */
  async #respond(text: string, turnId: string, signal: AbortSignal): Promise<void> {
    const { memory } = this.#conversation;
    memory.user(text);
    const unwanted = this.#withoutTyped(text) === "" && this.#typed.every(({ takenBack }) => takenBack);
    this.#typed = [];
    const response = this.#begin("");
    const { id } = response;
    if (unwanted) return this.#end(response, "cancelled");
    let failure: unknown;
    const parts = this.#conversation.answer(id, signal);
    const written = async function* (): AsyncGenerator<string, void, undefined> {
      try {
        for await (const part of parts) {
          response.text += part;
          yield part;
        }
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    const { text: said, heard } = await this.#call.reply(written(), { signal, correlationId: turnId });
    if (failure !== undefined && !signal.aborted)
      this.#emit({ type: "error", error: RoomKitError.from(failure, "ai_failed"), fatal: false });
    response.failed ||= failure !== undefined;
    this.#end(response, signal.aborted ? "cancelled" : "completed");
    if (heard?.interrupted) memory.heard(id, said);
  }

  /** All audio of the answer under way has been given. */
  #complete(): void {
    if (this.#response) this.#end(this.#response, "completed");
  }

  #begin(text: string): Response {
    const id = `${this.id}_r${++this.#responses}`;
    const response: Response = { id, utterance: undefined, text, failed: false, ended: false };
    this.#response = response;
    this.#emit({ type: "response-start", responseId: id });
    return response;
  }

  #end(response: Response, how: "completed" | "cancelled"): void {
    if (response.ended) return;
    response.ended = true;
    const status = response.failed && how === "completed" ? "failed" : how;
    if (this.#response === response) this.#response = undefined;
    const { id: responseId, utterance, text } = response;
    if (utterance !== undefined && text.trim() !== "")
      this.#emit({
        type: "transcript",
        id: utterance,
        itemId: utterance,
        role: "assistant",
        text: text.trim(),
        final: true,
      });
    this.#emit({ type: "response-end", responseId, status });
  }

  #onAudio(utterance: UtteranceId, frame: AudioFrame): void {
    // What the call says by itself, such as the rest of an answer that noise cut off, is a response too.
    const response = this.#response ?? this.#begin(this.#own);
    if (response.utterance === undefined) {
      response.utterance = utterance;
      this.#spoken.set(utterance, response);
      keepNewest(this.#spoken, 16);
    }
    this.#emit({ type: "audio", responseId: response.id, itemId: utterance, frame });
  }

  /** The call takes the floor from the assistant. */
  #onClear(): void {
    const response = this.#response;
    if (!this.#commanded) this.#speechStart();
    if (response) this.#end(response, "cancelled");
  }

  #onMessage(message: ConnectionMessage): void {
    if (message.type !== "transcript") return;
    const { id, role, text, final } = message;
    if (role === "user") {
      const words = final ? this.#withoutTyped(text) : text;
      if (words === "") return;
      const transcript = { type: "transcript", id, role, text: words, final } as const;
      if (this.#contested && !final) this.#guess = transcript;
      else this.#emit(transcript);
    } else if (!final && this.#spoken.get(id)?.ended === false) {
      this.#emit({ type: "transcript", id, itemId: id, role, text, final: false });
    }
  }

  /** What the application typed is no transcript. */
  #withoutTyped(text: string): string {
    const spoken = this.#typed.reduceRight(
      (words, typed) => (words.endsWith(typed.words) ? words.slice(0, -typed.words.length).trimEnd() : words),
      text,
    );
    return spoken.trim();
  }

  /** The caller has the floor. */
  #speechStart(): void {
    const guess = this.#guess;
    this.#contested = false;
    this.#guess = undefined;
    if (this.#speaking) return;
    this.#speaking = true;
    this.#emit({ type: "speech-start" });
    if (guess) this.#emit(guess);
  }

  #command(work: () => void): void {
    if (this.#closed) return;
    this.#commanded = true;
    try {
      work();
    } finally {
      this.#commanded = false;
    }
  }

  #emit(event: RealtimeEvent): void {
    if (!this.#closed) this.#events.emit("event", event);
  }
}
