import type { LiveServerContent, LiveServerMessage, Part } from "@google/genai";
import {
  type AudioFormat,
  type AudioFrame,
  frameDurationMs,
  type RealtimeSessionConfig,
  RoomKitError,
  type SendTextOptions,
} from "@roomkit/core";
import { FormatCheck, type RealtimePort, type RealtimeProtocol } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";
import { clean } from "../text/clean.ts";
import { Asked } from "./asked.ts";
import { CallerSpeech } from "./caller-speech.ts";
import { parseMs } from "./duration.ts";
import { HeldTexts } from "./held-texts.ts";
import { MARGIN_MS, MAX_TEXTS, RESULT_HOLD_MS, SAY_AGAIN } from "./limits.ts";
import { ModelTurns } from "./model-turns.ts";
import type { LiveSettings } from "./options.ts";
import { buildAudio, buildHistory, buildSetup, takesHistory } from "./setup.ts";
import { Timer } from "./timer.ts";
import { noteOfResponse, ToolTurn } from "./tool-turn.ts";
import { usageOf } from "./turn.ts";
import { Words } from "./words.ts";

/** The Live protocol of Gemini (BidiGenerateContent), without I/O. */
export class GeminiLiveProtocol implements RealtimeProtocol {
  readonly inbound: AudioFormat = { sampleRate: 16_000, channels: 1 };
  readonly outbound: AudioFormat = { sampleRate: 24_000, channels: 1 };
  readonly #port: RealtimePort;
  readonly #settings: LiveSettings;
  readonly #config: RealtimeSessionConfig;
  readonly #words: Words;
  readonly #format: FormatCheck;
  readonly #calls = new ToolTurn();
  #handle: string | undefined;
  /** The connection being opened takes up a session. */
  #resuming = false;
  #ready = false;
  /** Content may not follow realtime input. */
  #realtime = false;
  readonly #turns: ModelTurns;
  readonly #caller: CallerSpeech;
  /** Nobody wants to hear the rest of the model's turn. */
  #ignoring = false;
  readonly #asked = new Asked();
  /** What a new session is told in its handshake. */
  #carried: Words["turns"] = [];
  /** Its end will come, but it is not the end of what was asked since. */
  #interrupted = false;
  /** A call was made in a turn that had been interrupted: its result is answered by nobody. */
  #staleCalls = false;
  /** What wants an answer, and would cut somebody off now. */
  readonly #held: HeldTexts;
  readonly #hold: Timer;
  /** Texts for which nobody wants an answer. */
  #silent: string[] = [];
  /** Manual turns: one is being spoken. */
  #active = false;

  constructor(port: RealtimePort, settings: LiveSettings, config: RealtimeSessionConfig) {
    this.#port = port;
    this.#settings = settings;
    this.#config = config;
    this.#format = new FormatCheck(this.inbound, NAME, port);
    this.#held = new HeldTexts(port, () => this.#askHeld());
    this.#hold = new Timer(port, RESULT_HOLD_MS, () => this.#sendAnswers(true));
    this.#words = new Words((event) => port.emit(event), config.history);
    this.#caller = new CallerSpeech(port, this.#words);
    this.#turns = new ModelTurns(port, this.#words, this.outbound, () => this.#caller.finishLate(true));
  }

  get waiting(): boolean {
    return this.#calls.open === 0 && (this.#asked.expecting || this.#turns.current !== undefined || this.#ignoring);
  }

  get idle(): boolean {
    return !this.waiting && this.#calls.open === 0 && !this.#caller.speaking && !this.#words.has("user");
  }

  begin(): void {
    this.#resuming = this.#handle !== undefined;
    const again = this.#asked.begin();
    this.#carried = this.#resuming ? [] : this.#words.turnsBefore(again);
    const history = this.#carried.length > 0;
    this.#port.send(buildSetup(this.#config, this.#settings, { handle: this.#handle, history }));
  }

  receive(message: unknown): void {
    const { setupComplete, sessionResumptionUpdate, goAway, serverContent, toolCall, toolCallCancellation, ...rest } =
      message as LiveServerMessage;
    if (setupComplete) this.#onSetup();
    if (sessionResumptionUpdate?.resumable && sessionResumptionUpdate.newHandle)
      this.#handle = sessionResumptionUpdate.newHandle;
    if (goAway) this.#port.rotate(Math.max(0, parseMs(goAway.timeLeft) - MARGIN_MS));
    const activity = rest.voiceActivity?.voiceActivityType;
    if (activity === "ACTIVITY_START" || activity === "ACTIVITY_END") this.#onActivity(activity === "ACTIVITY_START");
    if (rest.usageMetadata && this.#turns.current) this.#turns.current.usage = usageOf(rest.usageMetadata);
    const answers = serverContent?.outputTranscription?.text || serverContent?.modelTurn?.parts?.length;
    if (this.#asked.unwanted && (answers || toolCall)) {
      this.#answering();
      this.interrupt();
    }
    if (serverContent) this.#onContent(serverContent);
    for (const { id, name, args } of toolCall?.functionCalls ?? []) {
      if (!id || !name || !this.#calls.begin(id, name)) continue;
      // The words that caused it come first. What the caller says while they interrupt has caused nothing yet.
      if (this.#interrupted) this.#staleCalls = true;
      else if (this.#ignoring) this.#words.finish("user");
      else this.#answering();
      this.#port.emit({ type: "tool-call", id, name, arguments: args ?? {} });
    }
    const taken = this.#calls.cancel(toolCallCancellation?.ids ?? []);
    if (taken.length > 0) {
      this.#port.emit({ type: "tool-call-cancelled", ids: taken });
      this.#sendAnswers();
    }
    this.#proceed();
  }

  lost(): void {
    this.#ready = false;
    this.#held.rest();
    this.#hold.stop();
    this.#ignoring = false;
    this.#interrupted = false;
    this.#staleCalls = false;
    this.#active = false;
    this.#turns.lost();
    this.#caller.over();
    // Speech is asked about in words; if there are none, the caller must say it again.
    const last = this.#words.turns.at(-1);
    const inWords = last?.role === "user" ? last.text : SAY_AGAIN;
    this.#asked.lost(this.#calls.open > 0 ? undefined : inWords);
    const ids = this.#calls.clear();
    if (ids.length > 0) this.#port.emit({ type: "tool-call-cancelled", ids });
  }

  /** A handle that is refused is given up: a new session, told what was said, is better than none. */
  otherwise(): boolean {
    if (!this.#resuming) return false;
    this.#handle = undefined;
    return true;
  }

  sendAudio(frame: AudioFrame): void {
    if (!this.#format.takes(frame) || frameDurationMs(frame) === 0 || (this.#manual && !this.#active)) return;
    this.#realtimeInput(buildAudio(frame));
  }

  sendText(text: string, { role = "user", respond = true }: SendTextOptions): void {
    const cleaned = clean(text).trim();
    if (cleaned === "") return;
    const said = role === "system" ? `(instruction) ${cleaned}` : cleaned;
    if (!respond) this.#tell(said);
    else if (this.#calls.open > 0 || this.#caller.speaking) this.#held.hold(said, true);
    else this.#ask(said);
  }

  activityStart(): void {
    if (!this.#manual || this.#active) return;
    this.#active = true;
    this.interrupt();
    this.#caller.begin();
    this.#realtimeInput({ activityStart: {} });
  }

  activityEnd(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#caller.end();
    this.#asked.heard();
    this.#asked.expecting = true;
    this.#realtimeInput({ activityEnd: {} });
  }

  /** The API has no word for it: the rest of the turn is not listened to. */
  interrupt(): void {
    this.#held.interrupt();
    if (!this.#turns.current) {
      this.#asked.interrupt();
      return;
    }
    this.#ignoring = true;
    this.#turns.end("cancelled");
  }

  /** The vendor reckons with real-time playback by itself; this is for what a new session is told. */
  truncate(itemId: string, playedMs: number): void {
    this.#words.cut(itemId, playedMs);
  }

  submitToolResult(callId: string, result: string, { isError = false }: { isError?: boolean | undefined }): void {
    this.#calls.answer(callId, result, isError);
    this.#sendAnswers();
    this.#proceed();
  }

  update(): Promise<void> {
    return Promise.reject(new RoomKitError("unsupported", `${NAME} cannot change a running session`));
  }

  get #manual(): boolean {
    return this.#config.turnDetection === "manual";
  }

  #onSetup(): void {
    if (this.#ready) return;
    this.#ready = true;
    if (!this.#resuming) this.#realtime = false;
    const turns = this.#carried;
    if (turns.length > 0) this.#port.send(buildHistory(turns, this.#settings.model));
    const again = this.#asked.takeNext();
    if (again !== undefined) this.#send(again, true);
    this.#port.ready(this.#resuming || this.#settings.transcription === true);
    this.#held.wait();
  }

  #onContent(content: LiveServerContent): void {
    const { inputTranscription, outputTranscription, modelTurn, interrupted, generationComplete, turnComplete } =
      content;
    if (inputTranscription?.text) this.#onHeard(inputTranscription.text);
    if (inputTranscription?.finished) this.#words.finish("user");
    if (interrupted) this.#onInterrupted();
    for (const part of modelTurn?.parts ?? []) this.#onPart(part);
    if (outputTranscription?.text) this.#turns.say(outputTranscription.text);
    if (outputTranscription?.finished) this.#turns.finish();
    // Its words may still come, until the turn is complete.
    if (generationComplete && this.#calls.open === 0) this.#turns.end("completed");
    if (turnComplete) this.#onTurnComplete();
  }

  #onPart({ inlineData, thought }: Part): void {
    if (thought || !inlineData?.data || !inlineData.mimeType?.startsWith("audio/pcm")) return;
    if (this.#ignoring) this.#turns.withhold(inlineData.data);
    else {
      this.#answering();
      this.#turns.current?.audio(inlineData.data);
    }
  }

  #onHeard(text: string): void {
    const { current, trailing, none } = this.#turns;
    const answering = (current !== undefined || trailing) && !this.#interrupted;
    this.#caller.hear(text, { answering, after: !none && !this.#interrupted, announce: !this.#manual });
  }

  /** Where the vendor tells of the caller's activity, it owes an answer from its end on. */
  #onActivity(begins: boolean): void {
    if (begins) this.#caller.begin();
    else this.#caller.end();
    this.#asked.heard();
    if (this.#manual || this.#asked.inWords) return;
    this.#asked.expecting = !begins && this.#turns.current === undefined;
  }

  #onInterrupted(): void {
    this.#interrupted = true;
    this.#asked.heard();
    this.#ignoring = false;
    this.#caller.brokeIn();
    this.#turns.end("cancelled");
    // A text of ours interrupts as well.
    if (!this.#asked.inWords && !this.#manual) this.#caller.begin();
  }

  #onTurnComplete(): void {
    const cut = this.#interrupted || this.#ignoring;
    if (!cut) {
      // Also of a turn in which the model had nothing to say.
      this.#asked.answered();
      if (this.#turns.none && !this.#active) this.#caller.over();
    }
    this.#interrupted = false;
    this.#asked.heard();
    this.#ignoring = false;
    this.#caller.finishLate(false);
    this.#turns.complete();
  }

  /** The model answers: the caller's turn is over, and what was said in it comes first. */
  #answering(): void {
    const spoken = !this.#asked.inWords;
    this.#asked.answered();
    if (this.#turns.current) return;
    this.#interrupted = false;
    this.#turns.quiet();
    this.#caller.answered(spoken);
    this.#turns.begin();
  }

  /** Asks for an answer. */
  #ask(text: string): void {
    const whole = [...this.#silent, text].join("\n");
    this.#silent = [];
    this.#words.keep("user", whole);
    this.#send(whole, false);
  }

  #send(text: string, again: boolean): void {
    this.#asked.ask(text, again);
    this.#realtimeInput({ text });
  }

  /** Tells something that needs no answer: as content where that is allowed, else before the next text. */
  #tell(text: string): void {
    if (!this.#realtime && !takesHistory(this.#settings.model)) {
      this.#words.keep("user", text);
      this.#port.send({ clientContent: { turns: [{ role: "user", parts: [{ text }] }], turnComplete: false } });
      return;
    }
    this.#silent = [...this.#silent, text].slice(-MAX_TEXTS);
  }

  /** Gives the model the results of its calls, once they are complete: not over the caller's speech, if that ends soon. */
  #sendAnswers(overdue = false): void {
    const wait = this.#caller.speaking && !overdue;
    if (wait) this.#hold.start();
    else this.#hold.stop();
    const functionResponses = wait ? [] : this.#calls.take();
    if (functionResponses.length > 0) {
      this.#asked.expecting ||= !this.#staleCalls;
      this.#staleCalls = false;
      // What a session must know that is not taken up, or it does it again.
      for (const response of functionResponses) this.#words.keep("user", noteOfResponse(response));
      this.#port.send({ toolResponse: { functionResponses } });
    }
  }

  /** Asks what has waited for nobody to speak, when nobody does. */
  #proceed(): void {
    if (this.#hold.running && !this.#caller.speaking) this.#sendAnswers();
    for (const note of this.#calls.takeLate()) this.#held.hold(note, false);
    const { current, trailing } = this.#turns;
    const busy = current !== undefined || trailing || this.#asked.expecting || this.#ignoring || this.#calls.open > 0;
    if (this.#ready && !busy && !this.#caller.speaking && !this.#active) this.#askHeld();
  }

  #askHeld(): void {
    // Tools have a time of their own.
    if (this.#ready && this.#calls.open > 0) this.#held.wait();
    else if (this.#ready) this.#held.take((text) => this.#ask(text));
  }

  #realtimeInput(input: Readonly<Record<string, unknown>>): void {
    this.#realtime = true;
    this.#port.send({ realtimeInput: input });
  }
}
