import {
  AbortScope,
  type AudioFrame,
  abortedError,
  type Clock,
  type DtmfPress,
  frameDurationMs,
  type HeardReport,
  type PipelineStream,
  RoomKitError,
  type SpokenPiece,
  type TtsOptions,
  type TtsProvider,
  type UtteranceId,
  untilAborted,
  type VoiceConnection,
} from "@roomkit/core";
import type { Floor } from "../session/floor.ts";
import type { SpeechFilter } from "../speech/filter/speech-filter.ts";
import type { SentenceOptions } from "../speech/sentences.ts";
import { speechPieces } from "../speech/speech-pieces.ts";
import type { SayingRecord } from "../takeover/call-record.ts";
import { unheardAhead } from "../takeover/unheard-ahead.ts";
import { withPatience } from "./patience.ts";
import { piecesOf } from "./pieces.ts";
import { Playback } from "./playback.ts";
import type { EndedUtterance } from "./tell-end.ts";

/** A voice, or a recording, may come whole; the listener is given so much of it at once, ms. What is more than a queue holds it drops. */
const AT_ONCE_MS = 1_000;

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
  readonly beforeSpeaking: (piece: SpokenPiece) => Promise<SpokenPiece | undefined>;
  /** What it waits for before its first audio: it does not begin over the caller. */
  readonly floor: Floor;
  /** The first audio was handed to the connection. */
  readonly onAudible: (utterance: UtteranceId) => void;
  /** The first audio came from the voice. */
  readonly onSynthesized?: (() => void) | undefined;
  /** The listener has reached a later piece: `text` is what may be shown. */
  readonly onShown: (text: string, revision: number) => void;
}

export interface SpokenUtterance extends EndedUtterance {
  /** Heard and unheard together, as it was written. */
  readonly text: string;
  /** What ended it early, when a voice or text source failed. */
  readonly error: unknown;
}

/** One stretch of speech to one listener: text in, audio out, and the truth about what was heard. */
export class Utterance {
  readonly #context: UtteranceContext;
  readonly #playback: Playback;
  readonly #counted: Promise<void>;
  readonly #abort = new AbortController();
  #shown = "";
  #revision = 0;
  #taken = 0;
  /** The voice was given words. */
  #worded = false;
  /** More text is to come: the voice need not have anything to say. */
  #awaitingText = false;

  constructor(id: UtteranceId, context: UtteranceContext) {
    const { connection, clock, onAudible } = context;
    this.#context = context;
    let counted = (): void => {};
    this.#counted = new Promise((resolve) => {
      counted = resolve;
    });
    this.#playback = new Playback(id, {
      ...{ connection, clock },
      onAudible: () => {
        onAudible(id);
        this.#show(0);
      },
      onProgress: ({ playedMs }) => this.#show(playedMs),
      onCounted: counted,
    });
  }

  get id(): UtteranceId {
    return this.#playback.utterance;
  }

  /** Whether any of it has been handed to the connection. */
  get audible(): boolean {
    return this.#playback.audible;
  }

  /** How often its transcript was shown so far. */
  get revision(): number {
    return this.#revision;
  }

  /** How much of the text it was given stands in what it says, hears or leaves out, in characters; the rest it has not come to. */
  get taken(): number {
    return this.#taken;
  }

  /** How far it is, and what will have been heard of it soon. */
  get progress(): Pick<SayingRecord, "audible" | "text" | "playedMs" | "unheard"> {
    const { ledger, audible, playedMs } = this.#playback;
    return { audible, text: ledger.text.trim(), playedMs, unheard: unheardAhead(ledger, playedMs) };
  }

  /** Nothing more of it is to be said. */
  get silenced(): boolean {
    return this.#abort.signal.aborted;
  }

  /**
   * Stops it now: no later audio of it is played. Safe at any time and more than once. The caller has cleared the connection and
   * passes on what that reported.
   */
  silence(reason: string, report?: HeardReport): void {
    this.#playback.silence(reason, report);
    if (!this.silenced) this.#abort.abort(new RoomKitError("aborted", `speech was stopped: ${reason}`));
  }

  /**
   * Speaks until the text ends and its audio has been played, or it is silenced. Never throws: what went wrong stands in the
   * result, beside what was heard. A text that fails is spoken as far as it came; its failure is its owner's to report.
   */
  speak(text: AsyncIterable<string>): Promise<SpokenUtterance> {
    return this.#run(() => this.#produce(text));
  }

  /** Presses keys, as events beside the audio; otherwise as {@link speak}. */
  press(presses: readonly DtmfPress[]): Promise<SpokenUtterance> {
    return this.#run(() => this.#press(presses));
  }

  async #run(produce: () => Promise<void>): Promise<SpokenUtterance> {
    const { ledger } = this.#playback;
    let error: unknown;
    try {
      if (!this.silenced) await produce();
    } catch (thrown) {
      if (!this.silenced) error = thrown;
    }
    // A failed voice has played what it made; what was heard of that is known only then.
    if (ledger.audioMs > 0 && !this.silenced) this.#playback.play(this.#context.pipeline.flushOutbound());
    this.#playback.end();
    await this.#counted;
    const whole = error === undefined;
    // What there is nothing to say of has been delivered by being shown.
    const shown = whole && !this.silenced && !this.audible && ledger.silent;
    const split = shown ? ledger.all() : this.#playback.heard(whole);
    return { ...this.#playback.result(split), text: ledger.text.trim(), error };
  }

  async #produce(text: AsyncIterable<string>): Promise<void> {
    const { tts, voice, language, speed, onFallback, clock, ttsTimeoutMs: ms } = this.#context;
    const { ledger } = this.#playback;
    const signal = this.#abort.signal;
    const given = new AbortScope().child(signal);
    const parts = tts.synthesize(this.#pieces(text), { signal: given.signal, voice, language, speed, onFallback });
    const owes = (): boolean => !this.#awaitingText;
    try {
      for await (const part of withPatience(parts, { clock, ms, signal, what: "the voice", owes })) {
        if (part.type === "segment") ledger.beginSegment(part.text);
        else if (part.type === "words") ledger.addWords(part.words);
        else await this.#play(part.frame, signal);
      }
    } catch (error) {
      // One that is waited for no longer is told so: it may hold a connection.
      given.abort(error);
      throw error;
    } finally {
      given.release();
    }
    if (signal.aborted) throw abortedError(signal);
    if (this.#worded && ledger.audioMs === 0)
      throw new RoomKitError("tts_failed", "the voice made no sound of its text", { retryable: true });
    ledger.finish();
  }

  async #play(frame: AudioFrame, signal: AbortSignal): Promise<void> {
    const { pipeline } = this.#context;
    const { ledger } = this.#playback;
    if (ledger.audioMs === 0) this.#context.onSynthesized?.();
    ledger.addAudio(frameDurationMs(frame));
    for (const piece of piecesOf(frame, AT_ONCE_MS)) {
      await this.#room(signal);
      this.#playback.play(pipeline.processOutbound(piece));
    }
  }

  async #press(presses: readonly DtmfPress[]): Promise<void> {
    for (const press of presses) {
      await this.#room(this.#abort.signal);
      this.#playback.press(press);
    }
  }

  /** Waits until the listener may be given more. */
  async #room(signal: AbortSignal): Promise<void> {
    const { connection, maxQueuedMs, floor } = this.#context;
    if (connection.queuedMs > maxQueuedMs) await connection.writable(maxQueuedMs, signal);
    // Looked at again after each wait: the caller may have begun once more.
    while (!this.audible && !floor.free) if (!(await floor.wait(signal))) break;
    if (signal.aborted) throw abortedError(signal);
    if (connection.closed) throw new RoomKitError("connection_closed", "the listener has gone");
  }

  /** The pieces as the voice gets them: after filter and hooks. */
  async *#pieces(text: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
    const { filter, sentences } = this.#context;
    for await (const piece of speechPieces(this.#untilSilenced(text), { filter, sentences })) {
      const allowed = await this.#context.beforeSpeaking(piece);
      if (this.#abort.signal.aborted) return;
      this.#taken += piece.written.length;
      if (allowed === undefined) continue;
      this.#playback.ledger.addText(allowed);
      this.#worded ||= /[\p{L}\p{N}]/u.test(allowed.spoken);
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

  #show(playedMs: number): void {
    if (this.silenced) return;
    const text = this.#playback.ledger.begunText(playedMs);
    if (text.length <= this.#shown.length) return;
    this.#shown = text;
    this.#context.onShown(text, this.#revision++);
  }
}
