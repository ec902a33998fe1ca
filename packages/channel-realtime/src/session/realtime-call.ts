import {
  type ChannelHost,
  type ConnectionInput,
  canWrite,
  type RealtimeEvent,
  type RealtimeSession,
  RoomKitError,
  randomId,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import { runTool, ToolLog, type ToolScope } from "@roomkit/tools";
import type { RealtimeSettings } from "../options.ts";
import { Conversation, type Said } from "./conversation.ts";
import type { InboundAudio } from "./inbound.ts";
import { OutboundAudio } from "./outbound.ts";

export interface RealtimeCallOptions {
  readonly host: ChannelHost;
  readonly settings: RealtimeSettings;
  readonly channelId: string;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly provider: RealtimeSession;
  readonly inbound: InboundAudio;
  readonly tools: Pick<ToolScope, "tools" | "toolLimits" | "lifetime">;
  /** The session is over from the provider's side. */
  readonly onEnded: (reason: string) => void;
}

type State = "listening" | "thinking" | "speaking";

/** One caller and one provider session, joined: audio both ways, words to the room, tools, interruption. */
export class RealtimeCall {
  readonly session: VoiceSession;
  readonly #options: RealtimeCallOptions;
  readonly #outbound: OutboundAudio<Said>;
  readonly #conversation: Conversation;
  readonly #scope: ToolScope;
  readonly #toolLog: ToolLog;
  readonly #lifetime = new AbortController();
  readonly #running = new Map<string, AbortController>();
  readonly #subscriptions: Unsubscribe[];
  #userSpeaking = false;
  #state: State | "" = "";
  #muted = false;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: RealtimeCallOptions) {
    const { host, settings, session, connection, provider, channelId } = options;
    this.#options = options;
    this.session = session;
    this.#conversation = new Conversation({
      host,
      session,
      connection,
      channelId,
      store: settings.emitTranscriptionEvents,
    });
    this.#scope = { host, channelId, roomId: session.roomId, session, ...options.tools };
    this.#toolLog = new ToolLog(this.#scope);
    const from = provider.outbound.sampleRate;
    const to = connection.outbound.sampleRate;
    this.#outbound = new OutboundAudio({
      connection,
      clock: host.clock,
      newId: () => host.ids("utt"),
      resampler: from === to ? undefined : settings.createResampler?.(from, to),
      maxBufferedMs: settings.maxBufferedMs,
      onAudible: (utterance) => {
        connection.send({ type: "utterance", id: utterance, phase: "start" });
        this.#show();
      },
      reserve: () => this.#conversation.reserve(),
      onStopped: ({ itemId, utterance, playedMs, brokenIn, audible }) => {
        if (audible) connection.send({ type: "utterance", id: utterance, phase: "end" });
        if (brokenIn) provider.truncate(itemId, playedMs);
        this.#show();
      },
      onPlayed: ({ itemId, utterance, heard, unheard, record, brokenIn, audible, place }) => {
        if (brokenIn && audible) {
          connection.send({ type: "interrupted", utterance, heard, unheard });
          const facts = { session, roomId: session.roomId, utterance, heard, record };
          host.notifyHooks("ON_TTS_CANCELLED", { ...facts, reason: "barge_in" });
          host.notifyHooks("ON_BARGE_IN", facts);
        }
        this.#conversation.heard(itemId, heard, record, place);
      },
      onOverflow: () =>
        host.logger.warn({ session: session.id }, "the provider speaks faster than can be kept; speech was dropped"),
    });
    this.#subscriptions = [
      provider.onEvent((event) => this.#onEvent(event)),
      connection.onInput((input) => this.#onInput(input)),
    ];
    this.#show();
  }

  /** Whether audio of the caller may reach the provider now. */
  get mayHear(): boolean {
    const { host, channelId, settings } = this.#options;
    const binding = host.binding(this.session.roomId, channelId);
    if (this.#closed || this.#muted || binding === undefined || !canWrite(binding) || binding.muted) return false;
    return !(settings.muteOnToolCall && this.#running.size > 0);
  }

  /** Puts text into the conversation. */
  sendText(text: string, options: { readonly role?: "user" | "system"; readonly respond?: boolean } = {}): void {
    this.#options.provider.sendText(text, options);
    if (options.respond !== false) this.#show("thinking");
  }

  /** Stops the reply under way, for the listener first; also one that was asked for and has not begun. */
  interrupt(): void {
    this.#silence(true);
  }

  /** @param asked whether what has only been asked for is meant, too: the caller's speech does not take that back */
  #silence(asked: boolean): void {
    this.#outbound.silence();
    if (asked || this.#options.provider.responding) this.#options.provider.interrupt();
    this.#show();
  }

  /** Ends it at once; resolves when what was said is in the room. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#subscriptions) stop();
    this.#outbound.close();
    const told = this.#conversation.close();
    this.#lifetime.abort(new RoomKitError("aborted", "the session is over"));
    this.#running.clear();
    this.#options.inbound.close();
    return told;
  }

  #onEvent(event: RealtimeEvent): void {
    const { host, session, connection, onEnded } = this.#options;
    const { roomId } = session;
    switch (event.type) {
      case "response-start":
        if (!this.#outbound.responses.begin(event.responseId)) return;
        this.#userSpeaking = false;
        this.#conversation.speechEnd();
        this.#show();
        return;
      case "audio":
        this.#outbound.play(event, this.#outputMuted());
        return;
      case "transcript":
        this.#onTranscript(event);
        return;
      case "speech-start":
        this.#userSpeaking = true;
        // What is cut off was said before it.
        this.#silence(false);
        this.#conversation.speechStart();
        host.notifyHooks("ON_SPEECH_START", { session, roomId, timestamp: 0 });
        return;
      case "speech-end":
        this.#userSpeaking = false;
        this.#conversation.speechEnd();
        host.notifyHooks("ON_SPEECH_END", { session, roomId, timestamp: 0, durationMs: 0 });
        this.#show("thinking");
        return;
      case "response-end":
        this.#outbound.end(event.responseId, event.status);
        this.#show();
        return;
      case "tool-call":
        this.#conversation.after(() => void this.#runTool(event));
        return;
      case "tool-call-cancelled":
        for (const id of event.ids) this.#takeBack(id);
        return;
      case "reconnecting":
        connection.send({ type: "state", state: "thinking" });
        return;
      case "reconnected":
        if (!event.contextKept)
          host.logger.warn({ session: session.id }, "the provider lost the conversation and began anew");
        this.#state = "";
        this.#show();
        return;
      case "error":
        host.notifyHooks("ON_ERROR", { roomId, where: "realtime", error: event.error });
        host.emit("ai_error", { roomId, channelId: this.#options.channelId, error: event.error });
        if (event.fatal)
          connection.send({
            type: "error",
            code: event.error.code,
            message: "The conversation was interrupted.",
            retryable: true,
          });
        return;
      case "closed":
        onEnded(`provider_${event.reason}`);
        return;
    }
  }

  #onTranscript(event: Extract<RealtimeEvent, { type: "transcript" }>): void {
    if (event.role === "user") {
      this.#conversation.user(event.id, event.text, event.final);
      return;
    }
    const itemId = this.#outbound.text(event);
    if (itemId !== undefined) this.#conversation.assistant(itemId, event.text);
  }

  #onInput(input: ConnectionInput): void {
    const { host, session } = this.#options;
    const { roomId } = session;
    if (input.type === "mute") this.#muted = input.muted;
    else if (input.type === "interrupt") this.interrupt();
    else if (input.type === "data")
      host.notifyHooks("ON_CLIENT_DATA", { session, roomId, name: input.name, payload: input.payload });
    else if (input.type === "dtmf" && isDigit(input.digit)) {
      host.notifyHooks("ON_DTMF", { session, roomId, digit: input.digit, durationMs: 0, timestamp: 0 });
    } else if (input.type === "text" && input.text.trim() !== "" && this.#mayWrite()) {
      this.interrupt();
      this.#conversation.typed(randomId("text"), input.text.trim());
      this.sendText(input.text.trim());
    }
  }

  async #runTool(event: Extract<RealtimeEvent, { type: "tool-call" }>): Promise<void> {
    const { provider, host, channelId } = this.#options;
    const { roomId } = this.session;
    if (this.#closed) return;
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#lifetime.signal]);
    const call = { id: event.id, name: event.name, arguments: event.arguments };
    this.#running.set(call.id, controller);
    this.#toolLog.call(call);
    // What really became of it, also when it is called off: a model that took it for undone would do it twice.
    const outcome = await runTool(call, this.#scope, signal);
    const { result, isError, ran = call } = outcome;
    this.#running.delete(call.id);
    this.#toolLog.result(call, outcome);
    host.notifyHooks("ON_TOOL_CALL", { roomId, channelId, call: ran, result, isError });
    // The provider is told something in any case, or it waits for ever; but not that what it has taken back was not done.
    if (this.#closed || outcome.undone) return;
    provider.submitToolResult(call.id, result, isError ? { isError } : {});
  }

  #takeBack(callId: string): void {
    const running = this.#running.get(callId);
    // The caller is heard again, whatever the tool makes of it.
    this.#running.delete(callId);
    running?.abort(new RoomKitError("aborted", "the model took the call back"));
  }

  #mayWrite(): boolean {
    const binding = this.#options.host.binding(this.session.roomId, this.#options.channelId);
    return binding !== undefined && canWrite(binding) && !binding.muted;
  }

  #outputMuted(): boolean {
    return this.#options.host.binding(this.session.roomId, this.#options.channelId)?.outputMuted ?? true;
  }

  /** Tells the client who has the floor, when that changed. */
  #show(hint?: State): void {
    if (this.#closed) return;
    const state = this.#outbound.playing
      ? "speaking"
      : this.#userSpeaking
        ? "listening"
        : this.#outbound.responses.open !== undefined
          ? "thinking"
          : (hint ?? "listening");
    if (state === this.#state) return;
    this.#state = state;
    this.#options.connection.send({ type: "state", state });
  }
}

const isDigit = (digit: string): digit is "0" => /^[0-9*#A-D]$/.test(digit);
