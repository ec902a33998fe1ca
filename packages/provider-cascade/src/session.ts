import {
  type AudioFormat,
  type AudioFrame,
  Emitter,
  type PipelineStream,
  type RealtimeEvent,
  type RealtimeSession,
  type RealtimeSessionConfig,
  RoomKitError,
  type ToolCall,
  type Unsubscribe,
  withTimeout,
} from "@roomkit/core";
import { Hearing } from "./hearing.ts";
import { ConversationMemory } from "./memory.ts";
import type { CascadeOptions } from "./options.ts";
import { said, speakRound } from "./response.ts";
import { SpokenItems } from "./spoken-items.ts";

export interface CascadeSessionOptions {
  readonly id: string;
  readonly settings: Required<Omit<CascadeOptions, "sentences">> & Pick<CascadeOptions, "sentences">;
  readonly config: RealtimeSessionConfig;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
}

interface Response {
  readonly responseId: string;
  readonly abort: AbortController;
  /** Some of it has been spoken. */
  audible: boolean;
}

/** Longest wait for speech to end before something else is answered, ms. */
const MAX_HOLD_MS = 60_000;
/** A tool's time is up. */
const TOOK_TOO_LONG =
  "The tool took too long. Its outcome is not known: it may have been done. Do not make the call again without asking.";

/** A speech-to-speech session made of a recogniser, a model and a voice. */
export class CascadeSession implements RealtimeSession {
  readonly id: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly #settings: CascadeSessionOptions["settings"];
  readonly #pipeline: PipelineStream;
  readonly #hearing: Hearing;
  readonly #memory: ConversationMemory;
  readonly #events: Emitter<{ event: RealtimeEvent }>;
  readonly #items = new SpokenItems();
  /** Goes on when a call's result is there, by call. */
  readonly #toolWaits = new Map<string, () => void>();
  #config: RealtimeSessionConfig;
  #current: Response | undefined;
  /** The caller cut off what was audible, and what they said is not known yet. */
  #broken = false;
  #responses = 0;
  /** Something waits for an answer until it is known whether the caller has said anything. */
  #owed = false;
  #stopHold: () => void = () => {};
  #closed = false;

  constructor(options: CascadeSessionOptions) {
    const { id, settings, config, inbound, outbound } = options;
    this.id = id;
    this.inbound = inbound;
    this.outbound = outbound;
    this.#settings = settings;
    this.#config = config;
    this.#events = new Emitter((error) => {
      throw error;
    });
    this.#memory = new ConversationMemory(settings.maxMessages);
    for (const { role, text } of config.history ?? []) {
      if (role === "user") this.#memory.user(text);
      else this.#memory.assistant("", text, [], undefined);
    }
    this.#pipeline = settings.pipeline.open({ inbound, outbound, sessionId: id });
    this.#hearing = new Hearing({
      pipeline: this.#pipeline,
      stt: settings.stt,
      clock: settings.clock,
      language: config.language,
      manual: config.turnDetection === "manual",
      interruptAfterMs: settings.interruptAfterMs,
      finalTimeoutMs: settings.sttTimeoutMs,
      maxFrames: Math.ceil(settings.maxSpeechMs / 10),
      onSpeech: () => {
        this.#breakIn();
        this.#emit({ type: "speech-start" });
      },
      onPartial: (transcript, text) =>
        this.#emit({ type: "transcript", id: transcript, role: "user", text, final: false }),
      onFinal: (transcript, text) => this.#onHeard(transcript, text),
      onError: (error) => this.#emit({ type: "error", error, fatal: false }),
    });
  }

  get responding(): boolean {
    return this.#current !== undefined;
  }

  onEvent(listener: (event: RealtimeEvent) => void): Unsubscribe {
    return this.#events.on("event", listener);
  }

  sendAudio(frame: AudioFrame): void {
    if (!this.#closed) this.#pipeline.processInbound(frame);
  }

  sendText(text: string, options: { readonly role?: "user" | "system"; readonly respond?: boolean } = {}): void {
    if (this.#closed || text.trim() === "") return;
    this.#cut();
    // A model has one place for instructions; in the middle of a conversation they come as words.
    this.#memory.user(options.role === "system" ? `(instruction) ${text}` : text);
    if (options.respond === false) return;
    // Not over the caller's speech; the answer to that is the answer to both.
    if (this.#hearing.busy) this.#owe();
    else void this.#respond();
  }

  activityStart(): void {
    if (this.#closed || this.#config.turnDetection !== "manual") return;
    this.#breakIn();
    this.#hearing.begin();
    this.#emit({ type: "speech-start" });
  }

  activityEnd(): void {
    if (!this.#closed && this.#config.turnDetection === "manual") this.#hearing.end();
  }

  interrupt(): void {
    this.#settle();
    this.#cut();
  }

  /** The caller speaks. Should it be noise, an answer nobody has heard yet is still owed. */
  #breakIn(): void {
    if (this.#current && !this.#current.audible) this.#owe();
    else if (this.#current) this.#broken = true;
    this.#cut();
  }

  #cut(): void {
    const current = this.#current;
    if (!current) return;
    current.abort.abort(new RoomKitError("aborted", "the caller interrupted"));
    this.#pipeline.clearOutbound();
    // Now, not when everything has wound up: the next response may begin before that.
    this.#end(current, "cancelled");
  }

  truncate(itemId: string, playedMs: number): void {
    // Made long ago, and yet the caller was still listening to it when they were heard.
    if (this.#hearing.busy) this.#broken = true;
    const item = this.#items.get(itemId);
    if (!item) return;
    item.playedMs = playedMs;
    this.#memory.correct(itemId, item.heard);
  }

  submitToolResult(callId: string, result: string, options: { readonly isError?: boolean } = {}): void {
    const known = this.#memory.answered(callId, result, options.isError ?? false);
    const goOn = this.#toolWaits.get(callId);
    this.#toolWaits.delete(callId);
    if (goOn) goOn();
    // Taken back, or given up: what became of it is known all the same.
    else if (known && this.#hearing.busy) this.#owe();
  }

  async update(config: Partial<RealtimeSessionConfig>): Promise<void> {
    this.#config = { ...this.#config, ...config };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.interrupt();
    // A listener may have closed it upon that.
    if (this.#closed) return;
    this.#closed = true;
    this.#hearing.close();
    this.#pipeline.close();
    this.#toolWaits.clear();
    this.#items.clear();
    this.#events.emit("event", { type: "closed", reason: "client" });
    this.#events.clear();
  }

  #onHeard(transcript: string, text: string): void {
    if (this.#closed) return;
    // The caller may be speaking again.
    if (!this.#hearing.busy) this.#emit({ type: "speech-end" });
    this.#emit({ type: "transcript", id: transcript, role: "user", text, final: true });
    if (text === "") {
      this.#goOn();
      this.#answerOwed();
      return;
    }
    this.#broken = false;
    // Short of the interruption threshold but understood: it is a turn all the same.
    this.#cut();
    this.#memory.user(text);
    if (this.#hearing.busy) this.#owe();
    else void this.#respond();
  }

  /** It was noise that cut the assistant off: it takes its turn again, so that nobody is left in silence. */
  #goOn(): void {
    if (!this.#broken || this.#hearing.busy) return;
    this.#broken = false;
    this.#memory.cutOffByNoise();
    this.#owed = true;
  }

  #owe(): void {
    this.#owed = true;
    this.#stopHold();
    this.#stopHold = this.#settings.clock.setTimeout(() => {
      if (!this.#current) void this.#respond();
    }, MAX_HOLD_MS);
  }

  /** Answers what has waited, unless the caller speaks, or an answer is under way: then at its end. */
  #answerOwed(): void {
    if (this.#owed && !this.#current && !this.#hearing.busy) void this.#respond();
  }

  #settle(): void {
    this.#owed = false;
    this.#broken = false;
    this.#stopHold();
  }

  async #respond(): Promise<void> {
    this.#settle();
    const abort = new AbortController();
    const responseId = `${this.id}_r${++this.#responses}`;
    const response: Response = { responseId, abort, audible: false };
    this.#current = response;
    this.#emit({ type: "response-start", responseId });
    let status: "completed" | "cancelled" | "failed" = "completed";
    try {
      await this.#rounds(responseId, abort.signal);
    } catch (thrown) {
      status = abort.signal.aborted ? "cancelled" : "failed";
      if (status === "failed")
        this.#emit({ type: "error", error: RoomKitError.from(thrown, "ai_failed"), fatal: false });
    }
    this.#end(response, status);
  }

  #end(response: Response, status: "completed" | "cancelled" | "failed"): void {
    if (this.#current !== response) return;
    this.#current = undefined;
    this.#emit({ type: "response-end", responseId: response.responseId, status });
    if (status !== "cancelled") this.#answerOwed();
  }

  async #rounds(responseId: string, signal: AbortSignal): Promise<void> {
    const { maxToolRounds } = this.#settings;
    for (let round = 0; ; round++) {
      const calls = await this.#round(responseId, round, round >= maxToolRounds, signal);
      if (calls.length === 0) return;
      for (const call of calls) this.#memory.called(call);
      await Promise.all(calls.map((call) => this.#callTool(call, signal)));
    }
  }

  /** One answer of the model, spoken; gives the tools it wants. */
  async #round(responseId: string, round: number, last: boolean, signal: AbortSignal): Promise<readonly ToolCall[]> {
    const { ai, tts, speechFilter: filter, sentences, apology, clock, responseTimeoutMs: silenceMs } = this.#settings;
    const { instructions, tools, temperature, voice, language } = this.#config;
    const itemId = `${responseId}_${round}`;
    const item = this.#items.begin(itemId);
    const { ledger } = item;
    const onAudio = (frame: AudioFrame): void =>
      this.#sendSpeech(responseId, itemId, this.#pipeline.processOutbound(frame));
    const onText = (text: string): void =>
      this.#emit({ type: "transcript", id: itemId, itemId, responseId, role: "assistant", text, final: false });
    const speaking = { tts, voice, language, filter, sentences, signal, ledger, onAudio, onText, clock, silenceMs };
    const request = {
      messages: this.#memory.messages(),
      ...(instructions === undefined ? {} : { system: instructions }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(tools === undefined || tools.length === 0 ? {} : { tools, ...(last ? { toolChoice: "none" as const } : {}) }),
    };
    try {
      const spoken = await speakRound((inner) => ai.generate(request, { signal: inner }), speaking);
      this.#memory.assistant(itemId, spoken.text, spoken.toolCalls, spoken.providerData);
      if (item.playedMs !== undefined) this.#memory.correct(itemId, item.heard);
      return last ? [] : spoken.toolCalls;
    } catch (error) {
      if (signal.aborted || ledger.text !== "" || apology === "") {
        // Whoever breaks in tells how much was heard, before this or after it; of what was not even sent, nothing was.
        if (ledger.audioMs > 0) this.#memory.assistant(itemId, item.heard, [], undefined);
        throw error;
      }
      this.#emit({ type: "error", error: RoomKitError.from(error, "ai_failed"), fatal: false });
      await speakRound(() => said(apology), speaking);
      return [];
    } finally {
      if (!signal.aborted) this.#sendSpeech(responseId, itemId, this.#pipeline.flushOutbound());
      if (ledger.text !== "")
        this.#emit({
          type: "transcript",
          id: itemId,
          itemId,
          responseId,
          role: "assistant",
          text: ledger.text,
          final: true,
        });
    }
  }

  /** Has the result of a call in the memory when it resolves. @throws RoomKitError `aborted`: it may still come. */
  async #callTool(call: ToolCall, signal: AbortSignal): Promise<void> {
    const { clock, toolTimeoutMs } = this.#settings;
    const answered = new Promise<void>((resolve) => {
      this.#toolWaits.set(call.id, resolve);
    });
    this.#emit({ type: "tool-call", ...call });
    try {
      await withTimeout(answered, toolTimeoutMs, { clock, signal, what: `the result of ${call.name}` });
    } catch (error) {
      if (signal.aborted) {
        if (this.#toolWaits.has(call.id)) this.#emit({ type: "tool-call-cancelled", ids: [call.id] });
        throw error;
      }
      this.#memory.answered(call.id, TOOK_TOO_LONG, true, false);
    } finally {
      this.#toolWaits.delete(call.id);
    }
  }

  #sendSpeech(responseId: string, itemId: string, frame: AudioFrame): void {
    if (frame.samples.length === 0) return;
    if (this.#current?.responseId === responseId) this.#current.audible = true;
    this.#emit({ type: "audio", responseId, itemId, frame });
  }

  #emit(event: RealtimeEvent): void {
    if (!this.#closed) this.#events.emit("event", event);
  }
}
