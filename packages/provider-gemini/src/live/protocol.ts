import type { LiveServerContent, LiveServerMessage, Part } from "@google/genai";
import {
  type AudioFormat,
  type AudioFrame,
  frameDurationMs,
  type RealtimeSessionConfig,
  RoomKitError,
} from "@roomkit/core";
import { bytesOfSamples, FormatCheck, type RealtimePort, type RealtimeProtocol } from "@roomkit/provider-utils";
import { NAME } from "../connection/name.ts";
import { clean } from "../text/clean.ts";
import { CallerSpeech } from "./caller-speech.ts";
import { parseMs } from "./duration.ts";
import { HeldTexts } from "./held-texts.ts";
import { MARGIN_MS, MAX_TEXTS, RESULT_HOLD_MS, SAY_AGAIN } from "./limits.ts";
import { ModelTurns } from "./model-turns.ts";
import type { LiveSettings } from "./options.ts";
import { buildHistory, buildSetup, takesHistory } from "./setup.ts";
import { noteOf, ToolTurn } from "./tool-turn.ts";
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
  /** Something was asked, and nothing has come. */
  #expecting = false;
  /** The caller's turn that is over was written to us: sent again should the connection be lost before an answer. */
  #asked: string | undefined;
  #askedAgain = false;
  #askAgain: string | undefined;
  /** What a new session is told in its handshake. */
  #carried: Words["turns"] = [];
  /** Its end will come, but it is not the end of what was asked since. */
  #interrupted = false;
  /** A call was made in a turn that had been interrupted: its result is answered by nobody. */
  #staleCalls = false;
  /** What was asked is not wanted any more: its answer is cut off when it begins. */
  #unwanted = false;
  /** What wants an answer, and would cut somebody off now. */
  readonly #held: HeldTexts;
  #stopHold: (() => void) | undefined;
  /** Texts for which nobody wants an answer, and those that came while tools ran. */
  #silent: string[] = [];
  #waitingTexts: string[] = [];
  /** Manual turns: one is being spoken. */
  #active = false;

  constructor(port: RealtimePort, settings: LiveSettings, config: RealtimeSessionConfig) {
    this.#port = port;
    this.#settings = settings;
    this.#config = config;
    this.#format = new FormatCheck(this.inbound, NAME, port);
    this.#held = new HeldTexts(port, () => this.#askHeld());
    this.#words = new Words((event) => port.emit(event), config.history);
    this.#caller = new CallerSpeech(port, this.#words);
    this.#turns = new ModelTurns(port, this.#words, this.outbound, () => this.#caller.finishLate(true));
  }

  get waiting(): boolean {
    return this.#calls.open === 0 && (this.#expecting || this.#turns.current !== undefined || this.#ignoring);
  }

  get idle(): boolean {
    return !this.waiting && this.#calls.open === 0 && !this.#caller.speaking && !this.#words.has("user");
  }

  begin(): void {
    this.#resuming = this.#handle !== undefined;
    this.#askAgain = this.#askedAgain ? undefined : this.#asked;
    this.#asked = undefined;
    // What is asked again is no history.
    const all = this.#words.turns;
    const turns = this.#askAgain !== undefined && all.at(-1)?.text === this.#askAgain ? all.slice(0, -1) : all;
    this.#carried = this.#resuming ? [] : turns;
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
    if (rest.voiceActivity?.voiceActivityType === "ACTIVITY_START") this.#onActivity(true);
    if (rest.voiceActivity?.voiceActivityType === "ACTIVITY_END") this.#onActivity(false);
    if (rest.usageMetadata && this.#turns.current) this.#turns.current.usage = usageOf(rest.usageMetadata);
    const answers = serverContent?.outputTranscription?.text || serverContent?.modelTurn?.parts?.length;
    if (this.#unwanted && (answers || toolCall)) {
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
    this.#stopHold?.();
    this.#stopHold = undefined;
    this.#unwanted = false;
    this.#ignoring = false;
    this.#interrupted = false;
    this.#staleCalls = false;
    // The handshake failed before it could be asked again.
    this.#asked ??= this.#askAgain;
    this.#askAgain = undefined;
    this.#active = false;
    this.#turns.lost();
    this.#caller.over();
    // Speech is asked about in words; if there are none, the caller must say it again.
    if (this.#expecting && this.#asked === undefined && this.#calls.open === 0) {
      const last = this.#words.turns.at(-1);
      this.#asked = last?.role === "user" ? last.text : SAY_AGAIN;
    }
    this.#expecting = false;
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
    if (!this.#format.takes(frame)) return;
    if (frameDurationMs(frame) === 0 || (this.#manual && !this.#active)) return;
    this.#realtimeInput({
      audio: { data: Buffer.from(bytesOfSamples(frame.samples)).toString("base64"), mimeType: "audio/pcm;rate=16000" },
    });
  }

  sendText(text: string, { role = "user", respond = true }: { role?: "user" | "system"; respond?: boolean }): void {
    const cleaned = clean(text).trim();
    if (cleaned === "") return;
    const said = role === "system" ? `(instruction) ${cleaned}` : cleaned;
    if (!respond) this.#tell(said);
    else if (this.#calls.open > 0) this.#waitingTexts = [...this.#waitingTexts, said].slice(-MAX_TEXTS);
    else if (this.#caller.speaking) this.#held.hold(said, true);
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
    this.#unwanted = false;
    this.#expecting = true;
    this.#realtimeInput({ activityEnd: {} });
  }

  /** The API has no word for it: the rest of the turn is not listened to. */
  interrupt(): void {
    this.#held.interrupt();
    this.#waitingTexts = [];
    if (!this.#turns.current) {
      this.#unwanted = this.#expecting;
      this.#expecting = false;
      this.#asked = undefined;
      this.#askAgain = undefined;
      return;
    }
    this.#ignoring = true;
    this.#turns.end("cancelled");
  }

  /** The vendor reckons with real-time playback by itself; this is for what a new session is told. */
  truncate(itemId: string, playedMs: number): void {
    this.#words.cut(itemId, playedMs);
  }

  submitToolResult(callId: string, result: string, { isError = false }: { isError?: boolean }): void {
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
    if (this.#askAgain !== undefined) this.#send(this.#askAgain, true);
    this.#askAgain = undefined;
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
    this.#unwanted = false;
    if (this.#manual || this.#asked !== undefined) return;
    this.#expecting = !begins && this.#turns.current === undefined;
  }

  #onInterrupted(): void {
    this.#interrupted = true;
    this.#unwanted = false;
    this.#ignoring = false;
    this.#caller.brokeIn();
    this.#turns.end("cancelled");
    // A text of ours interrupts as well.
    if (this.#asked === undefined && !this.#manual) this.#caller.begin();
  }

  #onTurnComplete(): void {
    const cut = this.#interrupted || this.#ignoring;
    if (!cut) {
      // Also of a turn in which the model had nothing to say.
      this.#expecting = false;
      this.#asked = undefined;
      if (this.#turns.none && !this.#active) this.#caller.over();
    }
    this.#interrupted = false;
    this.#unwanted = false;
    this.#ignoring = false;
    this.#caller.finishLate(false);
    this.#turns.complete();
  }

  /** The model answers: the caller's turn is over, and what was said in it comes first. */
  #answering(): void {
    const spoken = this.#asked === undefined;
    this.#unwanted = false;
    this.#expecting = false;
    this.#asked = undefined;
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
    this.#asked = text;
    this.#askedAgain = again;
    this.#unwanted = false;
    this.#expecting = true;
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
    if (this.#caller.speaking && !overdue) {
      this.#stopHold ??= this.#port.after(RESULT_HOLD_MS, () => this.#sendAnswers(true));
      return;
    }
    this.#stopHold?.();
    this.#stopHold = undefined;
    const functionResponses = this.#calls.take();
    if (functionResponses.length > 0) {
      this.#expecting ||= !this.#staleCalls;
      this.#staleCalls = false;
      // A session that is not taken up must know of them, or it does it again.
      for (const { name, response } of functionResponses)
        this.#words.keep("user", noteOf(name, String(response.output ?? response.error)));
      this.#port.send({ toolResponse: { functionResponses } });
    }
    if (this.#calls.open === 0) for (const text of this.#waitingTexts.splice(0)) this.#ask(text);
  }

  /** Asks what has waited for nobody to speak, when nobody does. */
  #proceed(): void {
    if (this.#stopHold && !this.#caller.speaking) this.#sendAnswers();
    for (const note of this.#calls.takeLate()) this.#held.hold(note, false);
    const { current, trailing } = this.#turns;
    const busy = current !== undefined || trailing || this.#expecting || this.#ignoring || this.#calls.open > 0;
    if (this.#ready && !busy && !this.#caller.speaking && !this.#active) this.#askHeld();
  }

  #askHeld(): void {
    if (!this.#ready) return;
    const text = this.#held.take();
    if (text !== undefined) this.#ask(text);
  }

  #realtimeInput(input: Readonly<Record<string, unknown>>): void {
    this.#realtime = true;
    this.#port.send({ realtimeInput: input });
  }
}
