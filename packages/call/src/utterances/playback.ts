import {
  type AudioFrame,
  afterSilence,
  type Clock,
  type DtmfPress,
  frameDurationMs,
  HeardLedger,
  type HeardReport,
  type HeardSplit,
  type PlaybackProgress,
  type Unsubscribe,
  type UtteranceId,
  type VoiceConnection,
} from "@roomkit/core";
import type { EndedUtterance } from "./tell-end.ts";

export interface PlaybackOptions {
  readonly connection: VoiceConnection;
  readonly clock: Clock;
  /** The first audio was handed to the connection. */
  readonly onAudible: () => void;
  /** How far the listener is: a few times a second, and once with `done`. */
  readonly onProgress: (progress: PlaybackProgress) => void;
  /** Nothing more of it will be played. Called once, before `onCounted`. */
  readonly onOver?: (() => void) | undefined;
  /** How much of it was played is known: exactly, or as well as it will ever be. Called once. */
  readonly onCounted: () => void;
}

/** How long after its last audio should have been played the client may take to say so. */
const PLAYED_GRACE_MS = 5_000;
/** How long a silenced client may take for its exact count. */
const CLEAR_REPORT_MS = 500;
/** A last count may fall short of what was given by so much. Beyond that, the rest was dropped on its way. */
const SHORT_MS = 200;

/**
 * One utterance at the listener's ear, wherever its audio and words come from: what was given of it, how much of that was played,
 * and which words were heard. The end of an utterance is settled here for whoever speaks. What happens to it, in any order, means:
 *
 * | event                       | nothing given yet | being given            | all given                | cut off, to be counted | counted |
 * | --------------------------- | ----------------- | ---------------------- | ------------------------ | ---------------------- | ------- |
 * | audio                       | audible           | is played              | nothing                  | nothing                | nothing |
 * | end of the audio            | over, counted     | all given, grace       | nothing                  | nothing                | nothing |
 * | reported, estimated         |                   | position               | position                 | position               | nothing |
 * | reported, estimated: done   |                   | over, counted          | over, counted            | counted                | nothing |
 * | cut off, count is final     | over, counted     | over, counted          | over, counted            | nothing                | nothing |
 * | cut off, count will follow  | over, counted     | over, 500 ms for it    | over, 500 ms for it      | nothing                | nothing |
 * | its time is up              |                   |                        | counted; again if queued | counted                |         |
 * | closed                      | cut off, counted  | cut off, counted       | cut off, counted         | counted                | nothing |
 *
 * Words may come at any time, also late: they go into the ledger, and are split at what is known by then. What is said to
 * be done before all of it was played counts as cut off when it is silenced after that.
 */
export class Playback {
  readonly utterance: UtteranceId;
  readonly ledger: HeardLedger = new HeardLedger();
  readonly #options: PlaybackOptions;
  #subscriptions: readonly Unsubscribe[] = [];
  #stopTimer = (): void => {};
  #progress: PlaybackProgress | undefined;
  #givenMs = 0;
  #ended = false;
  #over = false;
  #counted = false;
  #cut = false;
  #reason = "";

  constructor(utterance: UtteranceId, options: PlaybackOptions) {
    this.utterance = utterance;
    this.#options = options;
  }

  /** The listener was given some of its audio. */
  get audible(): boolean {
    return this.#givenMs > 0;
  }

  /** All of its audio was given. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Nothing more of it will be played. */
  get over(): boolean {
    return this.#over;
  }

  /** How much of it was played is known for good. */
  get counted(): boolean {
    return this.#counted;
  }

  /** It was cut off: by the caller or the application, for {@link reason}, or by the end of the call. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Why it was silenced; empty when it was not. */
  get reason(): string {
    return this.#reason;
  }

  /** Audio of it that left the listener's speaker, ms. A client that never said anything has played it all once it must have. */
  get playedMs(): number {
    return this.#progress?.playedMs ?? (this.#counted && !this.#cut ? this.#givenMs : 0);
  }

  /** Audio in the listener's format. */
  play(frame: AudioFrame): void {
    const { connection } = this.#options;
    if (frame.samples.length > 0) this.#give(frameDurationMs(frame), () => connection.play(this.utterance, frame));
  }

  /** A key that is pressed, as an event beside the audio. */
  press(press: DtmfPress): void {
    const { connection } = this.#options;
    this.#give(press.toneMs + press.pauseMs, () => connection.playDtmf?.(this.utterance, press));
  }

  #give(ms: number, put: () => void): void {
    const { connection, onAudible } = this.#options;
    if (this.#over || this.#ended || connection.closed) return;
    const first = !this.audible;
    this.#givenMs += ms;
    if (first) {
      this.#subscriptions = [
        connection.onPlayback((progress) => this.#onPlayback(progress)),
        connection.onClose(() => this.close()),
      ];
    }
    put();
    if (first) onAudible();
  }

  /** All of its audio has been given. */
  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    if (this.audible) {
      this.#awaitPlayed();
      this.#options.connection.endUtterance(this.utterance);
    } else this.#finish(true);
  }

  /** Nothing more of it is played: the connection was cleared, and reported that. The first reason counts. Idempotent. */
  silence(reason: string, report?: HeardReport): void {
    // A listener may have left, or have said how much it played, before it is known why nothing more is to be played.
    if (!this.#over || !this.#whole) {
      this.#cut = true;
      this.#reason ||= reason;
    }
    if (this.#over) return;
    this.#progress = report?.utterances.find(({ utterance }) => utterance === this.utterance) ?? this.#progress;
    // A client that counts rendered samples sends its exact count within moments; an estimate does not get better.
    const exact = this.#progress?.done || this.#progress?.confidence === "estimated";
    this.#finish(!this.audible || exact || this.#options.connection.closed);
  }

  /** The call is over: nothing more will be known. Idempotent. */
  close(): void {
    this.silence("");
    this.#finish(true);
  }

  /** Splits the words known by now at what was heard; `whole`: all of them are in the audio that was given. */
  heard(whole: boolean): HeardSplit {
    const { ledger, audible } = this;
    if (!audible) return { heard: "", unheard: ledger.text.trim() };
    return whole && this.#whole ? ledger.all() : ledger.heardAt(this.playedMs);
  }

  /** How it ended, with what was heard of it. */
  result({ heard, unheard }: HeardSplit): EndedUtterance {
    const { utterance, reason, audible, cut: interrupted } = this;
    const confidence = this.#progress?.confidence ?? this.#options.connection.playback;
    const record = { interrupted, unheard, playedMs: Math.round(this.playedMs), confidence };
    return { utterance, heard, unheard, record, reason, audible };
  }

  /** All of its audio was given, and played as far as anybody says. */
  get #whole(): boolean {
    const played = this.#progress?.done !== false && this.playedMs + SHORT_MS >= this.#givenMs;
    return this.#ended && !this.#cut && played;
  }

  #onPlayback(progress: PlaybackProgress): void {
    if (progress.utterance !== this.utterance || this.#counted) return;
    this.#progress = progress;
    this.#options.onProgress(progress);
    if (progress.done) this.#finish(true);
  }

  /** Waits until the connection says it was played, within reason: as long as there is audio to be played, also of others. */
  #awaitPlayed(): void {
    const { connection } = this.#options;
    this.#after(connection.queuedMs + PLAYED_GRACE_MS, () => {
      if (connection.queuedMs > 0) this.#awaitPlayed();
      else this.#finish(true);
    });
  }

  #after(ms: number, then: () => void): void {
    this.#stopTimer();
    this.#stopTimer = afterSilence(this.#options.clock, ms, then);
  }

  #finish(counted: boolean): void {
    if (this.#counted) return;
    const first = !this.#over;
    this.#over = true;
    if (first) this.#options.onOver?.();
    if (!counted) {
      this.#after(CLEAR_REPORT_MS, () => this.#finish(true));
      return;
    }
    this.#counted = true;
    this.#stopTimer();
    for (const stop of this.#subscriptions) stop();
    this.#options.onCounted();
  }
}
