import {
  type AudioFrame,
  abortedError,
  type Clock,
  frameDurationMs,
  HeardLedger,
  type HeardRecord,
  type HeardReport,
  type HeardSplit,
  type PipelineStream,
  type PlaybackProgress,
  RoomKitError,
  type SpokenPiece,
  type TtsOptions,
  type TtsProvider,
  type Unsubscribe,
  type UtteranceId,
  untilAborted,
  type VoiceConnection,
} from "@roomkit/core";
import type { Floor } from "../session/floor.ts";
import type { SpeechFilter } from "../speech/filter/speech-filter.ts";
import type { SentenceOptions } from "../speech/sentences.ts";
import { speechPieces } from "../speech/speech-pieces.ts";
import { withPatience } from "./patience.ts";

/** What an utterance needs of the session it is spoken in. */
export interface UtteranceContext {
  readonly connection: VoiceConnection;
  readonly pipeline: PipelineStream;
  readonly clock: Clock;
  readonly tts: TtsProvider;
  readonly voice?: string | undefined;
  readonly language?: string | undefined;
  readonly speed?: number | undefined;
  readonly onFallback: TtsOptions["onFallback"];
  readonly sentences?: SentenceOptions | undefined;
  /** Longest silence of the voice while it has text to speak, in ms. */
  readonly ttsTimeoutMs: number;
  /** Audio queued ahead of the listener at most, in ms; synthesis is held back beyond it. */
  readonly maxQueuedMs: number;
  /** What is said of the text. */
  readonly filter: SpeechFilter;
  /** The hook every piece passes; `undefined` means it is neither spoken nor shown. */
  readonly beforeSpeaking: (piece: SpokenPiece, utterance: UtteranceId) => Promise<SpokenPiece | undefined>;
  /** What it waits for before its first audio: it does not begin over the caller. */
  readonly floor: Floor;
  /** The first audio was handed to the connection. */
  readonly onAudible: (utterance: UtteranceId) => void;
  /** The first audio came from the voice. */
  readonly onSynthesized?: () => void;
  /** The listener has reached a later piece: `text` is what may be shown. */
  readonly onShown: (text: string, revision: number) => void;
}

/** How an utterance went. */
export interface SpokenUtterance extends HeardSplit {
  /** Heard and unheard together, as it was written. */
  readonly text: string;
  readonly record: HeardRecord;
  /** Whether any audio was played. */
  readonly audible: boolean;
  /** What ended it early, when a voice or text source failed. */
  readonly error?: unknown;
}

/** How long after its last audio should have been played the client may take to say so. */
const PLAYBACK_GRACE_MS = 5_000;
/** How long to wait for a client's exact count after it was silenced. */
const CLEAR_REPORT_MS = 500;

/** One stretch of speech to one listener: text in, audio out, and the truth about what was heard. */
export class Utterance {
  readonly id: UtteranceId;
  readonly #context: UtteranceContext;
  readonly #ledger = new HeardLedger();
  readonly #abort = new AbortController();
  #progress: PlaybackProgress | undefined;
  #wake: () => void = () => {};
  #audible = false;
  #shown = "";
  #revision = 0;
  #reason = "";
  /** More text is to come: the voice need not have anything to say. */
  #awaitingText = false;

  constructor(id: UtteranceId, context: UtteranceContext) {
    this.id = id;
    this.#context = context;
  }

  /** Whether any of it has been handed to the connection. */
  get audible(): boolean {
    return this.#audible;
  }

  /** How often its transcript was shown so far. */
  get revision(): number {
    return this.#revision;
  }

  /** Why it was silenced; empty when it was not. */
  get silencedBecause(): string {
    return this.#reason;
  }

  /**
   * Stops it now: no later audio of it is played. Safe at any time and more than once. The caller has cleared the connection and
   * passes on what that reported.
   */
  silence(reason: string, report?: HeardReport): void {
    if (this.#reason !== "") return;
    this.#reason = reason;
    const heard = report?.utterances.find((progress) => progress.utterance === this.id);
    // A client that counts rendered samples sends its exact count within moments; an estimate does not get better.
    if (heard && !this.#progress?.done)
      this.#progress = { ...heard, done: heard.done || heard.confidence === "estimated" };
    this.#abort.abort(new RoomKitError("aborted", `speech was stopped: ${reason}`));
    this.#wake();
  }

  /**
   * Speaks until the text ends and its audio has been played, or it is silenced. Never throws: what went wrong stands in the
   * result, beside what was heard. A text that fails is spoken as far as it came; its failure is its owner's to report.
   */
  async speak(text: AsyncIterable<string>): Promise<SpokenUtterance> {
    const stopListening = this.#listen();
    let error: unknown;
    try {
      if (this.#reason === "") await this.#produce(text);
    } catch (thrown) {
      if (this.#reason === "") error = thrown;
    }
    try {
      // A failed voice has played what it made; what was heard of that is known only then.
      if (this.#audible) await this.#played();
    } finally {
      stopListening();
    }
    const split = this.#split(error !== undefined);
    const record: HeardRecord = {
      interrupted: this.#reason !== "",
      unheard: split.unheard,
      playedMs: Math.round(this.#progress?.playedMs ?? 0),
      confidence: this.#progress?.confidence ?? this.#context.connection.playback,
    };
    return {
      ...split,
      text: this.#ledger.text.trim(),
      record,
      audible: this.#audible,
      ...(error === undefined ? {} : { error }),
    };
  }

  async #produce(text: AsyncIterable<string>): Promise<void> {
    const { tts, connection, pipeline, voice, language, speed, onFallback, clock, ttsTimeoutMs: ms } = this.#context;
    const signal = this.#abort.signal;
    const parts = tts.synthesize(this.#pieces(text), { signal, voice, language, speed, onFallback });
    const owes = (): boolean => !this.#awaitingText;
    for await (const part of withPatience(parts, { clock, ms, signal, what: "the voice", owes })) {
      if (part.type === "segment") this.#ledger.beginSegment(part.text);
      else if (part.type === "words") this.#ledger.addWords(part.words);
      else await this.#play(part.frame, signal);
    }
    if (signal.aborted) throw abortedError(signal);
    this.#ledger.finish();
    if (!this.#audible) return;
    const tail = pipeline.flushOutbound();
    if (tail.samples.length > 0) connection.play(this.id, tail);
    connection.endUtterance(this.id);
  }

  async #play(frame: AudioFrame, signal: AbortSignal): Promise<void> {
    const { connection, pipeline, maxQueuedMs, floor } = this.#context;
    if (this.#ledger.audioMs === 0) this.#context.onSynthesized?.();
    this.#ledger.addAudio(frameDurationMs(frame));
    if (connection.queuedMs > maxQueuedMs) await connection.writable(maxQueuedMs, signal);
    // Looked at again after each wait: the caller may have begun once more.
    while (!this.#audible && !floor.free) if (!(await floor.wait(signal))) break;
    if (signal.aborted) throw abortedError(signal);
    if (connection.closed) throw new RoomKitError("connection_closed", "the listener has gone");
    connection.play(this.id, pipeline.processOutbound(frame));
    if (this.#audible) return;
    this.#audible = true;
    this.#context.onAudible(this.id);
    this.#show(0);
  }

  /** The pieces as the voice gets them: after filter and hooks. */
  async *#pieces(text: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
    const { filter, sentences } = this.#context;
    for await (const piece of speechPieces(this.#untilSilenced(text), { filter, sentences })) {
      const allowed = await this.#context.beforeSpeaking(piece, this.id);
      if (this.#abort.signal.aborted) return;
      if (allowed === undefined) continue;
      this.#ledger.addText(allowed);
      if (allowed.spoken !== "") yield allowed.spoken;
    }
  }

  /** Ends the text source when the utterance is silenced, even while it is making the reader wait. */
  async *#untilSilenced(text: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
    const signal = this.#abort.signal;
    const source = text[Symbol.asyncIterator]();
    try {
      while (!signal.aborted) {
        this.#awaitingText = true;
        const next = await untilAborted(source.next(), signal);
        this.#awaitingText = false;
        if (next.done) return;
        yield next.value;
      }
    } catch {
      // Silenced, or the model failed half-way: the channel it belongs to reports that. What it said so far is spoken.
    } finally {
      // Not awaited: a source that is stuck must not hold the caller's turn.
      source.return?.().catch(() => {});
    }
  }

  #listen(): Unsubscribe {
    const { connection } = this.#context;
    const stopPlayback = connection.onPlayback((progress) => {
      if (progress.utterance !== this.id || this.#progress?.done) return;
      this.#progress = progress;
      if (this.#reason === "") this.#show(progress.playedMs);
      if (progress.done) this.#wake();
    });
    const stopClose = connection.onClose(() => this.#wake());
    return () => {
      stopPlayback();
      stopClose();
    };
  }

  #show(playedMs: number): void {
    const text = this.#ledger.begunText(playedMs);
    if (text.length <= this.#shown.length) return;
    this.#shown = text;
    this.#context.onShown(text, this.#revision++);
  }

  /** Waits until the connection says the utterance is over, within reason. */
  async #played(): Promise<void> {
    const { clock, connection } = this.#context;
    let silenced = this.#reason !== "";
    let deadline = clock.now() + (silenced ? CLEAR_REPORT_MS : connection.queuedMs + PLAYBACK_GRACE_MS);
    while (!this.#progress?.done && !connection.closed) {
      if (this.#reason !== "" && !silenced) {
        silenced = true;
        deadline = clock.now() + CLEAR_REPORT_MS;
      }
      const left = deadline - clock.now();
      if (left > 0) await this.#pause(left);
      else if (silenced || connection.queuedMs <= 0) return;
      // Queued behind other speech: wait as long as there is audio to be played.
      else deadline = clock.now() + connection.queuedMs + PLAYBACK_GRACE_MS;
    }
  }

  /** Until something happens, at most `ms`. */
  async #pause(ms: number): Promise<void> {
    let cancel = (): void => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#context.clock.setTimeout(resolve, ms);
    });
    cancel();
  }

  #split(failed: boolean): HeardSplit {
    const whole = this.#reason === "" && !failed && !this.#context.connection.closed;
    // What there is nothing to say of has been delivered by being shown.
    if (!this.#audible && !(whole && this.#ledger.silent)) return { heard: "", unheard: this.#ledger.text.trim() };
    return whole ? this.#ledger.all() : this.#ledger.heardAt(this.#progress?.playedMs ?? 0);
  }
}
