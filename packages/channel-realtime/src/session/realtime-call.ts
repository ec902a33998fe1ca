import {
  type Attendance,
  CallerLine,
  type CallRecording,
  type CallStatus,
  dtmfMs,
  dtmfToSend,
  type EndedUtterance,
  noteEnd,
  type SendDtmfOptions,
  tellEnd,
  UserTranscripts,
  watchPipeline,
} from "@roomkit/call";
import {
  type AudioFrame,
  type RealtimeEvent,
  type RealtimeSession,
  RoomKitError,
  randomId,
  type SendTextOptions,
  type StageControl,
  type Unsubscribe,
  type VoiceSession,
} from "@roomkit/core";
import { attend } from "./attend.ts";
import { Conversation, type Said } from "./conversation.ts";
import { OutboundAudio } from "./outbound.ts";
import type { RealtimeCallOptions } from "./realtime-call-options.ts";
import { RealtimeSpeakers } from "./speakers.ts";
import { ToolCalls } from "./tool-calls.ts";
import { RealtimeTurnMetrics } from "./turn-metrics.ts";

/** Queued at the connection at most when touch tones are added, ms: past its own bound it drops what is oldest. */
const MOST_TONES_MS = 15_000;

/** One caller and one provider session, joined: audio both ways, words to the room, tools, interruption. */
export class RealtimeCall {
  readonly session: VoiceSession;
  readonly provider: RealtimeSession;
  readonly attendance: Attendance;
  readonly #options: RealtimeCallOptions;
  readonly #line: CallerLine;
  readonly #outbound: OutboundAudio;
  readonly #conversation: Conversation;
  readonly #metrics: RealtimeTurnMetrics;
  readonly #tools: ToolCalls;
  readonly #subscriptions: Unsubscribe[];
  readonly #startedAt: number;
  #userSpeaking = false;
  /** Set while an answer is being cut off: what the client is shown then. */
  #cutting: "listening" | "thinking" | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: RealtimeCallOptions) {
    const { host, room, settings, session, connection, provider, channelId, audio } = options;
    this.#options = options;
    this.session = session;
    this.provider = provider;
    this.#startedAt = room.clock.now();
    this.#line = new CallerLine({
      ...{ room, session, connection },
      onText: (text) => (this.attendance.taken ? this.#written(text) : this.#onText(text)),
      onInterrupt: () => this.interrupt("client"),
    });
    const { attendance, stop } = attend({
      ...{ room, settings, session, connection, audio, provider },
      silence: () => this.interrupt("taken_over"),
      onTold: (text, respond) => this.sendText(text, { role: "system", respond }),
      onHeard: (text) => this.#written(text),
    });
    this.attendance = attendance;
    const { tools } = options;
    const changeable = settings.provider.capabilities.midSessionUpdate;
    this.#tools = new ToolCalls({ host, room, session, channelId, provider, changeable, tools });
    const { assistants } = this.#tools;
    const speakers = audio.pipeline && new RealtimeSpeakers(audio.pipeline, room.clock);
    this.#conversation = new Conversation({
      ...{ host, session, connection, channelId, speakers },
      transcripts: new UserTranscripts(room, session, connection),
      store: settings.emitTranscriptionEvents,
      assistantOf: (utterance) => assistants.speakerOf(utterance),
    });
    this.#metrics = new RealtimeTurnMetrics({
      ...{ room, session, connection },
      turn: () => this.#conversation.turn,
    });
    this.#outbound = new OutboundAudio({
      connection,
      clock: room.clock,
      newId: () => assistants.begins(room.ids("utt")),
      resampler: audio.outbound(provider),
      maxBufferedMs: settings.maxBufferedMs,
      onSound: () => this.#metrics.sound(),
      onAudible: (utterance) => {
        connection.send({ type: "utterance", id: utterance, phase: "start" });
        room.note?.({ type: "utterance-start", utterance });
        this.#metrics.audible(utterance);
        this.#show();
      },
      onProgress: (itemId, playedMs, done) => provider.playback?.(itemId, playedMs, done),
      reserve: () => this.#conversation.reserve(),
      onStopped: ({ id, playback: { utterance, reason, playedMs, audible } }) => {
        if (this.#cutting) this.#show(this.#cutting);
        if (audible) connection.send({ type: "utterance", id: utterance, phase: "end" });
        if (reason !== "" && settings.provider.capabilities.truncation) provider.truncate(id, Math.round(playedMs));
        if (reason === "") this.#show();
      },
      onPlayed: (ended, place) => this.#onPlayed(ended, place),
      onOverflow: () =>
        room.logger.warn({ session: session.id }, "the provider speaks faster than can be kept; speech was dropped"),
    });
    const { pipeline } = audio;
    this.#subscriptions = [provider.onEvent((event) => this.#onEvent(event)), () => speakers?.close(), stop];
    if (pipeline) this.#subscriptions.push(watchPipeline(pipeline, { room, session, connection, line: this.#line }));
    this.#show();
  }

  /** Queues touch tones, behind what is queued. @throws RoomKitError as {@link dtmfToSend}, `queue_full`. */
  sendDtmf(digits: string, options: Omit<SendDtmfOptions, "signal">): void {
    const { connection, room, settings } = this.#options;
    this.attendance.assertFree();
    const what = dtmfToSend(connection, digits, options, settings);
    if (connection.queuedMs + dtmfMs(what) > MOST_TONES_MS)
      throw new RoomKitError("queue_full", "too many touch tones are waiting to be sent", { retryable: true });
    const utterance = room.ids("utt");
    if ("tones" in what) connection.play(utterance, what.tones);
    else for (const press of what.presses) connection.playDtmf?.(utterance, press);
    connection.endUtterance(utterance);
  }

  /** A frame of the caller's microphone. */
  hear(frame: AudioFrame): void {
    const listening = !(this.#options.settings.muteOnToolCall && this.#tools.running);
    if (!listening || !this.#line.mayHear) return;
    this.#line.heard(frame);
    this.#options.audio.hear(frame);
  }

  /** Puts text into the conversation. @throws RoomKitError `taken_over` where it is to be answered. */
  sendText(text: string, options: SendTextOptions = {}): void {
    if (options.respond !== false) this.attendance.assertFree();
    this.provider.sendText(text, options);
    if (options.respond !== false) this.#show("thinking");
  }

  /** Stops the reply under way, for the listener first; also one that was asked for and has not begun. */
  interrupt(reason: string): void {
    this.#silence(reason);
  }

  #silence(reason: string, waiting: "listening" | "thinking" = "listening"): void {
    this.#cutting = waiting;
    this.#outbound.silence(reason);
    // The caller's speech does not take back what has only been asked for.
    if (reason !== "barge_in" || this.provider.responding) this.provider.interrupt();
    this.#cutting = undefined;
    this.#show(waiting);
  }

  status(): CallStatus {
    return this.#line.status(this.stages);
  }

  /** The stages of its audio path, and their switches; undefined where there is none. */
  get stages(): StageControl | undefined {
    return this.#options.audio.pipeline?.stages;
  }

  get pausing(): boolean {
    const { playing, responses } = this.#outbound;
    const busy = this.#userSpeaking || playing || responses.open !== undefined || this.#tools.running;
    return !busy && !this.attendance.taken;
  }

  /** What is recorded of it; undefined without a recorder. */
  get recording(): CallRecording | undefined {
    return this.#options.recording;
  }

  /** Ends it at once; resolves when what was said is in the room and its recording complete. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    this.#closed = true;
    for (const stop of this.#subscriptions) stop();
    this.attendance.close();
    this.#outbound.close();
    const told = this.#conversation.close();
    this.#tools.close();
    this.#line.close();
    const recorded = this.recording?.end(reason, told);
    this.#options.audio.close();
    this.#options.onClosed();
    void this.provider.close();
    await told;
    await recorded;
  }

  #onEvent(event: RealtimeEvent): void {
    const { room, session, connection, onEnded } = this.#options;
    const { roomId } = session;
    switch (event.type) {
      case "response-start":
        if (!this.#outbound.responses.begin(event.responseId)) return;
        this.#userSpeaking = false;
        // To what the caller said while a person speaks with them.
        if (this.attendance.taken) {
          this.#silence("taken_over");
          return;
        }
        this.#metrics.answer();
        this.#conversation.speechEnd();
        this.#show();
        return;
      case "audio":
        this.#outbound.play(event, !this.#line.mayListen || this.attendance.taken);
        return;
      case "transcript":
        this.#onTranscript(event);
        return;
      case "speech-start":
        this.#userSpeaking = true;
        this.#metrics.speechStart();
        // What is cut off was said before it.
        this.#silence("barge_in");
        this.#conversation.speechStart();
        room.notifyHooks("ON_SPEECH_START", { session, roomId, timestamp: this.#timestamp });
        return;
      case "speech-end": {
        this.#userSpeaking = false;
        this.#conversation.speechEnd();
        const durationMs = this.#metrics.speechEnd(event);
        room.notifyHooks("ON_SPEECH_END", { session, roomId, timestamp: this.#timestamp, durationMs });
        this.#show("thinking");
        return;
      }
      case "response-end":
        this.#outbound.end(event.responseId, event.status);
        this.#show();
        return;
      case "tool-call":
        this.#conversation.after(this.#tools.arrived(event));
        return;
      case "tool-call-cancelled":
        for (const id of event.ids) this.#tools.takeBack(id);
        return;
      case "reconnecting":
        this.#line.show("thinking");
        return;
      case "reconnected":
        if (!event.contextKept)
          room.logger.warn({ session: session.id }, "the provider lost the conversation and began anew");
        this.#show(undefined, true);
        return;
      case "error":
        room.notifyHooks("ON_ERROR", { roomId, where: "realtime", error: event.error });
        room.emit("ai_error", { roomId, channelId: this.#options.channelId, error: event.error });
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
      if (!event.final || event.text.trim() === "") return;
      this.#tools.assistants.heard();
      this.#metrics.words();
      return;
    }
    const utterance = this.#outbound.text(event);
    if (utterance === undefined) return;
    this.#metrics.token();
    this.#conversation.assistant(utterance, event.text, event.final);
  }

  /** What was heard of an item is known: client, hooks and room are told in this order, as of any utterance. */
  #onPlayed(ended: EndedUtterance, place: Said | undefined): void {
    const { room } = this.#options;
    const { utterance, heard, record, reason } = ended;
    const told = (): void => {
      if (this.#closed) noteEnd(room, ended);
      else tellEnd(this.#options, { ...ended, turnId: place?.turnId });
    };
    const stored = (): void => {
      if (reason !== "" && !this.#closed) this.#metrics.interrupted(utterance);
    };
    this.#conversation.heard(utterance, heard, record, place, { told, stored });
  }

  #onText(text: string): void {
    this.#tools.assistants.heard();
    this.#silence("text_input", "thinking");
    this.#metrics.typed(this.#conversation.typed(randomId("text"), text));
    this.sendText(text);
  }

  /** Words of the caller that nobody answers: they speak with a person. */
  #written(text: string): void {
    this.#conversation.typed(randomId("text"), text);
    this.provider.sendText(text, { respond: false });
  }

  /** Ms since the call began: providers do not say when exactly speech begins and ends. */
  get #timestamp(): number {
    return this.#options.room.clock.now() - this.#startedAt;
  }

  /** Tells the client who has the floor. */
  #show(waiting: "listening" | "thinking" = "listening", again = false): void {
    const thinking = this.#outbound.responses.open !== undefined || waiting === "thinking";
    this.#line.show(
      this.#outbound.playing ? "speaking" : this.#userSpeaking || !thinking ? "listening" : "thinking",
      again,
    );
  }
}
