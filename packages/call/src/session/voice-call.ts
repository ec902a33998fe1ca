import {
  type AudioFrame,
  type DismissCause,
  errorFields,
  type PipelineStream,
  type StageControl,
  type StreamDelivery,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { Hearing } from "../hearing/hearing.ts";
import type { CallSettings } from "../options.ts";
import { TurnSpeakers } from "../speakers/turn-speakers.ts";
import { OwnWords } from "../speech/own-words.ts";
import { CallKeeping } from "../takeover/call-keeping.ts";
import type { CallRecord } from "../takeover/call-record.ts";
import { goOn } from "../takeover/go-on.ts";
import { turnStep } from "../turns/machine.ts";
import { rulesOf } from "../turns/rules.ts";
import {
  floorIsFree,
  initialTurnState,
  isContested,
  phaseOf,
  shownPhase,
  type TurnEffect,
  type TurnInput,
  type TurnRules,
  type TurnState,
} from "../turns/state.ts";
import { TurnRunner } from "../turns/turn-runner.ts";
import { TurnTimers } from "../turns/turn-timers.ts";
import type { SpeakOptions } from "../utterances/speak-options.ts";
import { Speaking } from "../utterances/speaking.ts";
import { Attendance } from "./attendance.ts";
import { CallerLine, type CallStatus } from "./caller-line.ts";
import { type DtmfSending, dtmfToSend, type SendDtmfOptions, speakDtmf } from "./dtmf-sending.ts";
import { CallFloor } from "./floor.ts";
import { hearCaller } from "./hear-caller.ts";
import { CallRecording, noting } from "./recording.ts";
import { Sayings } from "./sayings.ts";
import { UserTranscripts } from "./transcripts.ts";
import type { VoiceCallOptions } from "./voice-call-options.ts";
import { watchPipeline } from "./watch-pipeline.ts";

/** One caller: the shell around the turn machine. Everything in it belongs to this session and ends with it. */
export class VoiceCall {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly attendance: Attendance;
  readonly #options: VoiceCallOptions;
  /** The call's own: some of it may change while it lasts. */
  readonly #settings: { -readonly [K in keyof CallSettings]: CallSettings[K] };
  readonly #line: CallerLine;
  readonly #rules: TurnRules;
  readonly #pipeline: PipelineStream;
  readonly #recording: CallRecording | undefined;
  readonly #hearing: Hearing;
  readonly #floor: CallFloor;
  readonly #speaking: Speaking;
  readonly #turns: TurnRunner;
  readonly #sayings: Sayings;
  readonly #speakers: TurnSpeakers;
  readonly #subscriptions: Unsubscribe[];
  readonly #timers: TurnTimers;
  readonly #inputs: TurnInput[] = [];
  readonly #lifetime = new AbortController();
  #state: TurnState;
  readonly #keeping: CallKeeping;
  #stepping = false;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: VoiceCallOptions) {
    const { session, connection, native, restored } = options;
    const settings = { ...options.settings };
    this.#settings = settings;
    this.session = session;
    this.connection = connection;
    const ownWords = new OwnWords();
    this.#rules = rulesOf(settings, ownWords, (error) =>
      options.room.logger.warn({ session: session.id, ...errorFields(error) }, "isBackchannel failed"),
    );
    const { inbound, outbound } = connection;
    const { clock } = options.room;
    const pipeline = settings.pipeline.open({ inbound, outbound, sessionId: session.id, native, clock });
    this.#pipeline = pipeline;
    this.#recording = CallRecording.begin(pipeline.recording, options);
    this.attendance = new Attendance({
      ...{ room: options.room, session, connection, recognises: true },
      onCaller: (listener) => pipeline.on("frame", ({ frame }) => listener(frame)),
      silence: () => this.interrupt("taken_over"),
      onTaken: () => this.#sayings.held(this.attendance.taken),
      order: () => this.#turns,
      speakUpon: (instruction, signal) => this.#sayings.upon(instruction, signal),
    });
    const room = noting(this.attendance.over(options.room), this.#recording, { speech: !pipeline.hasVad });
    this.#options = { ...options, room };
    this.#keeping = new CallKeeping(options.onChange);
    this.#timers = new TurnTimers(clock, (timer) => this.dispatch({ type: "timer", timer }));
    this.#state = { ...initialTurnState, turns: restored?.turns ?? 0, answering: restored?.turn?.number };
    this.#line = new CallerLine({
      ...{ room, session, connection },
      onText: (text) => this.type(text),
      onInterrupt: () => this.interrupt("client"),
      onMute: (muted) => {
        if (muted) this.#hearing.pause();
      },
    });
    this.#speakers = new TurnSpeakers({ clock, settle: () => pipeline.settleSpeaker?.() });
    this.#turns = new TurnRunner({
      ...{ room, settings, session, connection, voiceOf: options.voiceOf },
      transcripts: new UserTranscripts(room, session, connection),
      speakers: this.#speakers,
      dispatch: (input) => this.dispatch(input),
    });
    this.#floor = new CallFloor(room.clock, () => floorIsFree(this.#state), settings.maxSpeechMs);
    this.#speaking = new Speaking({
      ...{ room, settings, session, connection, pipeline },
      floor: this.#floor,
      onAudible: (utterance, { correlationId, interruption: strategy }) => {
        this.#sayings.audible();
        this.#turns.audible(correlationId);
        this.dispatch({ type: "utterance-start", utterance, strategy });
      },
      onSpoken: (text) => ownWords.said(text),
      onSynthesized: (correlationId) => this.#turns.synthesized(correlationId),
      onEnd: (utterance, correlationId) =>
        this.dispatch({ type: "utterance-end", utterance, answers: this.#turns.numberOf(correlationId) }),
    });
    this.#sayings = new Sayings({ room, settings, session, speaking: this.#speaking, turns: this.#turns });
    this.#hearing = hearCaller({
      ...{ room, settings, session, connection, pipeline },
      ...{ speakers: this.#speakers, turns: this.#turns, dispatch: (input) => this.dispatch(input) },
    });
    this.#subscriptions = [
      connection.onAudio((frame) => this.#hear(frame)),
      pipeline.on("speaker", (event) => this.#speakers.heard(event)),
      pipeline.on("echo-suspected", () => ownWords.suspect()),
      connection.onPlayback(() => this.#keeping.heard()),
      watchPipeline(pipeline, { room, session, connection, line: this.#line }),
    ];
    this.#showPhase();
    if (restored) {
      const { signal } = this.#lifetime;
      const parts = { room, session, connection, speaking: this.#speaking, turns: this.#turns, signal };
      goOn(restored, { ...parts, keeping: this.#keeping, dispatch: (input) => this.dispatch(input) });
    } else this.#sayings.greet();
    this.#sayings.quiet(phaseOf(this.#state) === "idle");
  }

  /** For another process to go on with it. @param last nothing changes any more */
  record(last: boolean): CallRecord {
    return this.#keeping.record(this.#state, this.#turns, this.#speaking, last);
  }

  /** The name of who has the floor. */
  get phase(): ReturnType<typeof phaseOf> {
    return phaseOf(this.#state);
  }

  get pausing(): boolean {
    return this.phase === "idle" && !this.#speaking.busy && !this.attendance.taken;
  }

  /** When the caller last stopped speaking, on the clock; undefined before. */
  get speechEndedAt(): number | undefined {
    return this.#hearing.speechEndedAt;
  }

  /** What is recorded of it; undefined without a recorder. */
  get recording(): CallRecording | undefined {
    return this.#recording;
  }

  /** The stages of its audio path, and their switches; undefined where the pipeline has none. */
  get stages(): StageControl | undefined {
    return this.#pipeline.stages;
  }

  status(): CallStatus {
    return this.#line.status(this.stages);
  }

  /** Whether anything may be spoken to this caller now. */
  get mayListen(): boolean {
    return this.#line.mayListen;
  }

  /** Feeds the turn machine; inputs that arise while one is carried out wait for their turn. */
  dispatch(input: TurnInput): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        if (next.type === "partial") this.#turns.partial(this.#state, next.text);
        this.#speakers.follow(next, this.#state);
        const { state, effects } = turnStep(this.#state, next, this.#rules);
        const heldUntilNow = this.#state.resumable !== undefined && state.resumable === undefined;
        this.#keeping.stepped(next, this.#state, state);
        this.#state = state;
        this.#turns.follow(next, state, effects);
        if (heldUntilNow && !effects.some(({ type }) => type === "resume")) {
          // What cut the assistant off were words: what it had not said is not said, and its model stops.
          this.#sayings.letGo();
          this.#turns.interrupt();
        }
        for (const effect of effects) this.#carryOut(effect);
      }
    } finally {
      this.#stepping = false;
    }
    this.#showPhase();
    this.#speaking.duck(isContested(this.#state));
    this.#sayings.quiet(phaseOf(this.#state) === "idle");
    this.#floor.changed();
    this.#keeping.settled();
  }

  /** Speaks a reply as it is made; resolves with what was heard of it. */
  reply(text: AsyncIterable<string>, options: SpeakOptions): Promise<StreamDelivery> {
    return this.#sayings.reply(text, options);
  }

  /** Speaks a text of the application and puts what was heard of it into the room, as the assistant's words. @throws RoomKitError `taken_over`. */
  async say(text: string, options: Partial<Omit<SpeakOptions, "correlationId">> = {}): Promise<StreamDelivery> {
    this.attendance.assertFree();
    return this.#sayings.say(text, options);
  }

  /**
   * Sends touch tones, after what is being said; resolves when they were played, with whether all of them were.
   * @throws RoomKitError as {@link dtmfToSend}, `queue_full`, `taken_over`, `aborted`.
   */
  async sendDtmf(digits: string, options: SendDtmfOptions, sending: DtmfSending): Promise<boolean> {
    this.attendance.assertFree();
    return speakDtmf(this.#speaking, dtmfToSend(this.connection, digits, options, sending), options.signal);
  }

  /** The caller typed instead of speaking, or somebody for them. */
  type(text: string): void {
    this.dispatch({ type: "text", text });
  }

  /** With `turnDetection: "manual"`: the caller begins to speak. */
  activityStart(): void {
    if (!this.#closed) this.#hearing.begin?.();
  }

  /** With `turnDetection: "manual"`: the caller has finished. */
  activityEnd(): void {
    if (!this.#closed) this.#hearing.end?.();
  }

  /** From the next utterance and the next speech on. */
  reconfigure(changes: Partial<Pick<CallSettings, "voice" | "language" | "speed" | "keywords">>): void {
    Object.assign(this.#settings, changes);
  }

  interrupt(reason: string): void {
    this.dispatch({ type: "interrupt", reason });
    // What nobody hears yet: it waits for the caller to finish, or for its voice.
    if (this.#speaking.busy) this.#speaking.silence(reason);
  }

  /** Ends everything of the session at once; resolves when what was said last is in the room and its recording complete. Idempotent. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    this.#closed = true;
    for (const stop of this.#subscriptions) stop();
    this.#lifetime.abort();
    this.#timers.close();
    this.attendance.close();
    this.#line.close();
    this.#hearing.close();
    this.#sayings.close();
    this.#speaking.close(reason);
    this.#turns.close();
    const told = this.#turns.done;
    const recorded = this.#recording?.end(reason, Promise.all([told, this.#speaking.done]));
    this.#pipeline.close();
    await told;
    await recorded;
  }

  #hear(frame: AudioFrame): void {
    if (!this.#line.mayHear) return;
    this.#line.heard(frame);
    this.#pipeline.processInbound(frame);
  }

  #carryOut(effect: TurnEffect): void {
    switch (effect.type) {
      case "silence":
        if (!this.attendance.taken) this.#sayings.silence(effect.reason, effect.hold);
        if (!effect.hold) this.#turns.interrupt();
        return;
      case "dismiss":
        this.#dismissed(effect.cause, false);
        return;
      case "finish-segment":
        this.#hearing.finish(effect.segment);
        return;
      case "drop-segment":
        this.#speakers.drop(effect.segment);
        this.#hearing.drop(effect.segment);
        return;
      case "start-timer":
        this.#timers.start(effect.timer, effect.ms);
        return;
      case "stop-timer":
        this.#timers.stop(effect.timer);
        return;
      case "judge":
        this.#turns.judge(effect, this.#state.turns + 1, this.#hearing);
        return;
      case "resume":
        void this.#resume(effect.words, effect.cause);
        return;
      case "submit":
        this.#sayings.taken();
        this.#turns.submit(effect.turn, effect.text);
        return;
    }
  }

  /** Nobody said anything after all: the assistant goes on with what it had not said. */
  async #resume(words: string, cause: DismissCause): Promise<void> {
    if (await this.#speaking.resume()) this.#dismissed(cause, true);
    else this.dispatch({ type: "unresumed", text: words });
  }

  /** Tells that sound over the assistant's speech did not count, and whether the assistant goes on after it. */
  #dismissed(cause: DismissCause, resumed: boolean): void {
    const { room, session, connection } = this.#options;
    room.emit("interruption_dismissed", { session, cause, resumed });
    connection.send({ type: "dismissed", cause, resumed });
  }

  #showPhase(): void {
    this.#line.show(shownPhase(this.#state));
  }
}
