import {
  type AudioFrame,
  errorFields,
  joinTexts,
  RoomKitError,
  type TtsProvider,
  type VoiceConnection,
  type VoiceSession,
  withTimeout,
} from "@roomkit/core";
import type { Hearing } from "../hearing/hearing.ts";
import type { CallSettings } from "../options.ts";
import type { CallRoom } from "../room.ts";
import type { UserTranscripts } from "../session/transcripts.ts";
import type { SpeechStretch, TurnSpeakers } from "../speakers/turn-speakers.ts";
import type { TurnRecord } from "../takeover/call-record.ts";
import { Endpointing } from "./endpointing.ts";
import { TurnWaterfall } from "./metrics.ts";
import { Preparing, type PreparingOptions } from "./preparing.ts";
import type { TurnEffect, TurnInput, TurnState } from "./state.ts";

/** How long a new turn waits for the answer before it to reach the log. */
const ORDER_TIMEOUT_MS = 3_000;

export interface TurnRunnerOptions extends Pick<PreparingOptions, "voiceOf"> {
  readonly room: CallRoom;
  readonly settings: CallSettings;
  readonly session: VoiceSession;
  readonly connection: VoiceConnection;
  readonly transcripts: UserTranscripts;
  readonly speakers: TurnSpeakers;
  readonly dispatch: (input: TurnInput) => void;
}

/** A turn whose hooks and detector have been asked. */
interface JudgedTurn {
  readonly id: string;
  readonly waterfall: TurnWaterfall;
  /** The speech that it was made of. */
  readonly speech: readonly SpeechStretch[];
  /** When it ended, on the clock. */
  readonly endedAt: number | undefined;
  /** A detector was asked, or more was waited for. */
  waited: boolean;
  /** Who said it, as its hooks left it. */
  speaker: string | undefined;
}

interface RunningTurn {
  readonly turn: number;
  readonly id: string;
  readonly record: TurnRecord;
  readonly abort: AbortController;
  readonly waterfall: TurnWaterfall;
  audible: boolean;
  interrupted: boolean;
}

/** Carries a caller's turns through hooks, detector and room, and measures where their time goes. */
export class TurnRunner {
  readonly #options: TurnRunnerOptions;
  readonly #lifetime = new AbortController();
  #running: RunningTurn | undefined;
  #judged: JudgedTurn | undefined;
  /** The turn before has reached the log, with what was heard of its answer. */
  #previous: Promise<unknown> = Promise.resolve();
  #endpointAt: number | undefined;
  readonly #endpointing: Endpointing;
  readonly #preparing: Preparing;

  constructor(options: TurnRunnerOptions) {
    this.#options = options;
    this.#endpointing = new Endpointing({ ...options, signal: this.#lifetime.signal });
    this.#preparing = new Preparing({
      ...options,
      turn: (text, { turns }) => {
        const turnId = this.#turnId(turns + 1);
        return { text, turnId, speaker: this.#judged?.id === turnId ? this.#judged.speaker : undefined };
      },
      told: () => this.#told(this.#previous),
      onUsed: (turnId, earlierMs) => {
        if (this.#running?.id === turnId) this.#running.waterfall.prepared(earlierMs);
      },
      onSpoken: (turnId, earlierMs) => {
        if (this.#running?.id === turnId) this.#running.waterfall.preparedSpeech(earlierMs);
      },
    });
  }

  /** Resolves when the newest turn is through: what was heard of its answer is in the room. */
  get done(): Promise<void> {
    return this.#previous.then(() => {});
  }

  /** Speech has begun, at `timestamp` of the capture clock. */
  began(timestamp: number): void {
    this.#endpointing.began(timestamp);
  }

  /** The next turn waits for this as for the turn before. Never rejects. */
  after(told: Promise<void>): void {
    this.#previous = Promise.all([this.#previous, told]);
  }

  /** Runs when the turn before is in the log, or has taken too long to get there, and before the next one. */
  inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#told(this.#previous).then(work);
    this.after(done.catch(() => {}));
    return done;
  }

  /** The machine has taken a step: the answer to a turn may be prepared, or not be wanted any more. */
  follow(input: TurnInput, state: TurnState, effects: readonly TurnEffect[]): void {
    this.#preparing.follow(input, state, effects);
  }

  /** The recogniser thinks that the turn is over, with these words of the speech under way; undefined: it is not. */
  guess(words: string | undefined): void {
    this.#preparing.guess(words);
  }

  /** The VAD was sure just now that speech has ended, at `timestamp` of the capture clock. */
  endpointed(timestamp: number): void {
    this.#endpointAt = this.#options.room.clock.now();
    this.#endpointing.ended(timestamp);
  }

  /** The newest audio, for the turn detector. */
  hear(frame: AudioFrame): void {
    this.#endpointing.hear(frame);
  }

  /** Shows the turn as it is guessed so far. */
  partial(state: TurnState, text: string): void {
    if (state.speaking === undefined && state.awaited.length === 0) return;
    const id = this.#turnId(state.turns + 1);
    this.#options.transcripts.partial({ id, turnId: id, text: joinTexts([...state.pieces, text]) });
  }

  /** Runs hooks and detector on the turn so far. */
  judge(effect: Extract<TurnEffect, { type: "judge" }>, turn: number, hearing: Hearing): void {
    const id = this.#turnId(turn);
    const { room, dispatch } = this.#options;
    const spoken = !effect.typed && hearing.speechEndedAt !== undefined;
    const speech = spoken ? { endedAt: hearing.speechEndedAt as number, speechMs: hearing.speechMs } : undefined;
    const waterfall = new TurnWaterfall(room.clock, speech);
    if (spoken && this.#endpointAt !== undefined) waterfall.mark("endpointMs", this.#endpointAt);
    waterfall.mark("transcriptMs");
    const { said } = this.#options.speakers;
    const judged: JudgedTurn = {
      id,
      waterfall,
      speech: said,
      endedAt: speech?.endedAt,
      waited: false,
      speaker: undefined,
    };
    this.#judged = judged;
    void this.#judge(effect, judged).then(
      (input) => dispatch(input),
      (error: unknown) => {
        room.logger.error({ session: this.#options.session.id, ...errorFields(error) }, "a turn was dropped");
        dispatch({ type: "turn-blocked", revision: effect.revision });
      },
    );
  }

  /** Says the turn into the room; its answer comes back as a reply to speak. */
  submit(turn: number, text: string): void {
    const { room, transcripts, speakers } = this.#options;
    const id = this.#turnId(turn);
    const judged = this.#judged?.id === id ? this.#judged : undefined;
    const { waterfall = new TurnWaterfall(room.clock), speaker } = judged ?? {};
    speakers.taken(judged?.speech ?? []);
    if (judged?.waited) waterfall.mark("decidedMs");
    this.#endpointing.taken();
    transcripts.final({ id, turnId: id, text, speaker });
    this.#run({ number: turn, id, text, speaker }, waterfall, (signal) =>
      room.submit({ text, turnId: id, speaker }, signal),
    );
  }

  /** Goes on with a turn of another process; `answer` resolves when everything it causes is through. */
  again(turn: TurnRecord, answer: (signal: AbortSignal) => Promise<void>): void {
    this.#run(turn, new TurnWaterfall(this.#options.room.clock), answer);
  }

  /** The turn being answered, for another process to go on with it. */
  get record(): TurnRecord | undefined {
    return this.#running?.interrupted === false ? this.#running.record : undefined;
  }

  #run(record: TurnRecord, waterfall: TurnWaterfall, answer: (signal: AbortSignal) => Promise<void>): void {
    const { connection, dispatch } = this.#options;
    const { number: turn, id } = record;
    const abort = new AbortController();
    const running: RunningTurn = { turn, id, record, abort, waterfall, audible: false, interrupted: false };
    this.#running = running;
    const previous = this.#previous;
    const run = async (): Promise<void> => {
      // The log tells the conversation in the order in which it was heard.
      await this.#told(previous);
      await answer(abort.signal);
    };
    this.#previous = run()
      .catch((error: unknown) => this.#onFailure(error, connection))
      .finally(() => {
        if (running.audible && running.interrupted) this.#report(running);
        if (this.#running === running) this.#running = undefined;
        this.#preparing.through(turn);
        dispatch({ type: "turn-done", turn });
      });
  }

  /** Somebody interrupted: stops the answer under way, its model and its voice. */
  interrupt(): void {
    if (!this.#running) return;
    this.#running.interrupted = true;
    this.#running.abort.abort(new RoomKitError("aborted", "the answer was interrupted"));
  }

  /** The turn that an id names; undefined for anything else. */
  numberOf(correlationId: string | undefined): number | undefined {
    return correlationId !== undefined && this.#running?.id === correlationId ? this.#running.turn : undefined;
  }

  /** Passes a reply's text through and notes when its first word came. */
  async *watchFirstToken(
    text: AsyncIterable<string>,
    correlationId: string | undefined,
  ): AsyncGenerator<string, void, undefined> {
    const running = this.#running?.id === correlationId ? this.#running : undefined;
    for await (const delta of text) {
      running?.waterfall.mark("firstTokenMs");
      yield delta;
    }
  }

  /** The voice that has the beginning of an answer already; undefined where none has. */
  voiceFor(correlationId: string | undefined): TtsProvider | undefined {
    const turn = this.numberOf(correlationId);
    return turn === undefined ? undefined : this.#preparing.voice(turn);
  }

  /** The voice gave its first audio for an answer. */
  synthesized(correlationId: string | undefined): void {
    if (this.#running?.id === correlationId) this.#running?.waterfall.mark("firstAudioMs");
  }

  /** The first audio of an answer was handed to the listener. */
  audible(correlationId: string | undefined): void {
    const running = this.#running;
    if (!running || running.id !== correlationId || running.audible) return;
    running.audible = true;
    this.#endpointing.answered();
    running.waterfall.mark("replyMs");
    this.#report(running);
  }

  close(): void {
    const over = new RoomKitError("aborted", "the session is over");
    this.#lifetime.abort(over);
    this.#preparing.close();
    // A caller who hangs up has not interrupted.
    this.#running?.abort.abort(over);
    this.#endpointing.taken();
  }

  async #judge(effect: Extract<TurnEffect, { type: "judge" }>, judged: JudgedTurn): Promise<TurnInput> {
    const { room, session, settings, transcripts, speakers } = this.#options;
    const { roomId } = session;
    const { revision, typed } = effect;
    const { signal } = this.#lifetime;
    const turnId = judged.id;
    const who = typed ? undefined : await speakers.of(judged.speech, signal);
    const { text, speaker } = await transcripts.ask({ id: turnId, turnId, text: effect.text, speaker: who }, signal);
    judged.speaker = speaker;
    if (room.hasHooks("ON_TRANSCRIPTION", roomId)) judged.waterfall.mark("hooksMs");
    if (text === "") return { type: "turn-blocked", revision };
    if (typed) return { type: "decision", revision, text, waitMs: 0, typed };
    const { complete, waitMs, reason } = await this.#endpointing.judge(text, judged.endedAt);
    judged.waterfall.decidedBy(reason);
    judged.waited = waitMs > 0 || settings.turnDetector !== undefined;
    if (!complete) {
      transcripts.hooked({ id: turnId, turnId, text });
      room.notifyHooks("ON_TURN_INCOMPLETE", { session, roomId, text, turnId, speaker });
    }
    return { type: "decision", revision, text, waitMs, typed };
  }

  /** Waits until the turn before is in the log, and no longer than that may take. Never rejects. */
  async #told(previous: Promise<unknown>): Promise<void> {
    const patience = { clock: this.#options.room.clock, signal: this.#lifetime.signal };
    await withTimeout(previous, ORDER_TIMEOUT_MS, patience).catch(() => {});
  }

  #onFailure(thrown: unknown, connection: VoiceConnection): void {
    if (this.#lifetime.signal.aborted) return;
    const error = RoomKitError.from(thrown);
    this.#options.room.logger.error({ session: this.#options.session.id, ...errorFields(thrown) }, "a turn failed");
    connection.send({ type: "error", code: error.code, message: "The answer failed.", retryable: error.retryable });
  }

  #report(running: RunningTurn): void {
    const { room, session, connection } = this.#options;
    const metrics = running.waterfall.report(running.id, running.interrupted);
    connection.send({ type: "metrics", turn: metrics });
    room.notifyHooks("ON_TURN_METRICS", { session, roomId: session.roomId, metrics });
  }

  #turnId(turn: number): string {
    return `${this.#options.session.id}:${turn}`;
  }
}
