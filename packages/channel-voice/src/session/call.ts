import {
  type ChannelHost,
  type ConnectionInput,
  canRead,
  canWrite,
  errorFields,
  type PipelineStream,
  type StreamDelivery,
  type TtsProvider,
  type Unsubscribe,
  type VoiceConnection,
  type VoiceSession,
} from "@roomkit/core";
import type { Ears } from "../listening/ears.ts";
import type { VoiceSettings } from "../options.ts";
import { turnStep } from "../turns/machine.ts";
import {
  floorIsFree,
  initialTurnState,
  phaseOf,
  type TurnEffect,
  type TurnInput,
  type TurnRules,
  type TurnState,
  type TurnTimer,
} from "../turns/state.ts";
import { CallFloor } from "./floor.ts";
import { openEars } from "./hearing.ts";
import { Levels } from "./levels.ts";
import { Mouth, type SpeakOptions } from "./mouth.ts";
import { UserTranscripts } from "./transcripts.ts";
import { TurnRunner } from "./turn-runner.ts";

export interface CallOptions {
  readonly channelId: string;
  readonly host: ChannelHost;
  readonly settings: VoiceSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
}

/** One caller: the shell around the turn machine. Everything in it belongs to this session and ends with it. */
export class VoiceCall {
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly #options: CallOptions;
  readonly #rules: TurnRules;
  readonly #pipeline: PipelineStream;
  readonly #ears: Ears;
  readonly #floor: CallFloor;
  readonly #mouth: Mouth;
  readonly #turns: TurnRunner;
  readonly #transcripts: UserTranscripts;
  readonly #subscriptions: Unsubscribe[];
  readonly #timers = new Map<TurnTimer, () => void>();
  readonly #inputs: TurnInput[] = [];
  #state: TurnState = initialTurnState;
  #stepping = false;
  #muted = false;
  #closed = false;
  #shown = "";
  /** Cancels what nobody needs any more once the caller has said something, while nothing of it has been heard. */
  #dispensable: AbortController | undefined;

  constructor(options: CallOptions) {
    const { host, settings, session, connection } = options;
    this.#options = options;
    this.session = session;
    this.connection = connection;
    this.#rules = { ...settings, maxHeldPieces: 8 };
    this.#pipeline = settings.pipeline.open({
      inbound: connection.inbound,
      outbound: connection.outbound,
      sessionId: session.id,
    });
    this.#transcripts = new UserTranscripts(host, session, connection);
    this.#turns = new TurnRunner({
      host,
      settings,
      session,
      connection,
      channelId: options.channelId,
      transcripts: this.#transcripts,
      dispatch: (input) => this.dispatch(input),
    });
    this.#floor = new CallFloor(host.clock, () => floorIsFree(this.#state), settings.maxSpeechMs);
    this.#mouth = new Mouth({
      host,
      settings,
      session,
      connection,
      pipeline: this.#pipeline,
      floor: this.#floor,
      onAudible: (utterance, correlationId) => {
        this.#dispensable = undefined;
        this.#turns.audible(correlationId);
        this.dispatch({ type: "utterance-start", utterance });
      },
      onSynthesized: (correlationId) => this.#turns.synthesized(correlationId),
      onEnd: (utterance, correlationId) => {
        const answers = this.#turns.numberOf(correlationId);
        this.dispatch({ type: "utterance-end", utterance, ...(answers === undefined ? {} : { answers }) });
      },
    });
    this.#ears = openEars({
      ...options,
      pipeline: this.#pipeline,
      turns: this.#turns,
      dispatch: (input) => this.dispatch(input),
    });
    const levels = new Levels(host, session);
    this.#subscriptions = [
      connection.onAudio((frame) => {
        if (!this.#maySpeak()) return;
        levels.inbound(frame);
        this.#pipeline.processInbound(frame);
      }),
      connection.onPlayed((frame) => {
        levels.outbound(frame);
        this.#pipeline.played(frame);
      }),
      connection.onInput((input) => this.#onInput(input)),
      this.#pipeline.on("dtmf", (event) => host.notifyHooks("ON_DTMF", { session, roomId: session.roomId, ...event })),
      this.#pipeline.on("speaker", (event) =>
        host.notifyHooks("ON_SPEAKER_CHANGE", { session, roomId: session.roomId, ...event }),
      ),
      this.#pipeline.on("stage-error", ({ stage, error }) => {
        host.logger.warn(
          { session: session.id, stage, code: error.code, error: error.message },
          "an audio stage was passed by",
        );
      }),
    ];
    this.#showPhase();
    if (settings.greeting !== undefined) void this.#sayUnlessAnswered(settings.greeting);
  }

  /** The name of who has the floor. */
  get phase(): ReturnType<typeof phaseOf> {
    return phaseOf(this.#state);
  }

  /** Whether anything may be spoken to this caller now. */
  get mayListen(): boolean {
    const binding = this.#binding();
    return !this.#closed && binding !== undefined && canRead(binding) && !binding.outputMuted;
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
        const { state, effects } = turnStep(this.#state, next, this.#rules);
        this.#state = state;
        for (const effect of effects) this.#carryOut(effect);
      }
    } finally {
      this.#stepping = false;
    }
    this.#showPhase();
    this.#floor.changed();
  }

  /** Speaks a reply as it is made; resolves with what was heard of it. */
  async reply(text: AsyncIterable<string>, options: SpeakOptions): Promise<StreamDelivery> {
    const spoken = await this.#mouth.speak(this.#turns.watchFirstToken(text, options.correlationId), options);
    return { text: spoken.heard, heard: spoken.record };
  }

  /** Speaks a text of the application and puts what was heard of it into the room, as the assistant's words. */
  async say(
    text: string,
    options: { readonly voice?: string; readonly tts?: TtsProvider; readonly signal?: AbortSignal } = {},
  ): Promise<StreamDelivery> {
    const { host, channelId } = this.#options;
    const { signal = new AbortController().signal } = options;
    const delivery = await this.reply(once(text), { ...options, signal });
    if (!this.#closed) {
      await host.processInbound({
        roomId: this.session.roomId,
        channelId,
        role: "assistant",
        content: { type: "text", text: delivery.text },
        metadata: { voiceSessionId: this.session.id, source: "voice" },
        ...(delivery.heard === undefined ? {} : { heard: delivery.heard }),
      });
    }
    return delivery;
  }

  interrupt(reason: string): void {
    this.dispatch({ type: "interrupt", reason });
    // What nobody hears yet: it waits for the caller to finish, or for its voice.
    if (this.#mouth.busy) this.#mouth.silence(reason);
  }

  /** Ends everything of the session. Idempotent. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#subscriptions) stop();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#ears.close();
    this.#mouth.close(reason);
    this.#turns.close();
    this.#pipeline.close();
  }

  #carryOut(effect: TurnEffect): void {
    switch (effect.type) {
      case "silence":
        this.#mouth.silence(effect.reason);
        this.#turns.interrupt();
        return;
      case "finish-segment":
        this.#ears.finish(effect.segment);
        return;
      case "drop-segment":
        this.#ears.drop(effect.segment);
        return;
      case "start-timer":
        this.#timers.get(effect.timer)?.();
        this.#timers.set(
          effect.timer,
          this.#options.host.clock.setTimeout(() => this.dispatch({ type: "timer", timer: effect.timer }), effect.ms),
        );
        return;
      case "stop-timer":
        this.#timers.get(effect.timer)?.();
        this.#timers.delete(effect.timer);
        return;
      case "judge":
        this.#turns.judge(effect, this.#state.turns + 1, this.#ears);
        return;
      case "resume":
        void this.#resume();
        return;
      case "submit":
        // The caller was faster than the greeting, or than what was to be taken up again: it would be an answer to nothing now.
        this.#dispensable?.abort();
        this.#turns.submit(effect.turn, effect.text);
        return;
    }
  }

  /** Nobody said anything after all: the assistant takes its turn again, with what it had not said. */
  async #resume(): Promise<void> {
    const text = (await this.#mouth.takeUnsaid()).trim();
    if (text !== "") await this.#sayUnlessAnswered(text);
  }

  /** Says something that a turn of the caller makes needless while nobody has heard it. Never rejects. */
  async #sayUnlessAnswered(text: string): Promise<void> {
    this.#dispensable = new AbortController();
    try {
      await this.say(text, { signal: this.#dispensable.signal });
    } catch (thrown) {
      this.#options.host.logger.warn({ session: this.session.id, ...errorFields(thrown) }, "speech was not recorded");
    }
  }

  #onInput(input: ConnectionInput): void {
    const { host } = this.#options;
    const { session } = this;
    const { roomId } = session;
    switch (input.type) {
      case "mute":
        this.#muted = input.muted;
        if (input.muted) this.#ears.pause();
        return;
      case "text":
        if (input.text.trim() !== "" && this.#maySpeak(false)) this.dispatch({ type: "text", text: input.text.trim() });
        return;
      case "interrupt":
        this.interrupt("client");
        return;
      case "dtmf":
        if (isDigit(input.digit))
          host.notifyHooks("ON_DTMF", { session, roomId, digit: input.digit, durationMs: 0, timestamp: 0 });
        return;
      case "data":
        host.notifyHooks("ON_CLIENT_DATA", { session, roomId, name: input.name, payload: input.payload });
        return;
    }
  }

  #binding(): ReturnType<ChannelHost["binding"]> {
    return this.#options.host.binding(this.session.roomId, this.#options.channelId);
  }

  /** Whether what the caller says may enter the room: asked for every frame, so that a change counts at once. */
  #maySpeak(byVoice = true): boolean {
    if (this.#closed || (byVoice && this.#muted)) return false;
    const binding = this.#binding();
    return binding !== undefined && canWrite(binding) && !binding.muted;
  }

  #showPhase(): void {
    if (this.#closed) return;
    const phase = phaseOf(this.#state);
    const pausing = phase === "endpointing" && this.#state.waiting !== undefined;
    const state =
      phase === "speaking"
        ? "speaking"
        : phase === "thinking" || (phase === "endpointing" && !pausing)
          ? "thinking"
          : "listening";
    if (state === this.#shown) return;
    this.#shown = state;
    this.connection.send({ type: "state", state });
  }
}

async function* once(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}

const isDigit = (digit: string): digit is "0" => /^[0-9*#A-D]$/.test(digit);
