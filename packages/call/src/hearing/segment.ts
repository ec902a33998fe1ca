import {
  AbortScope,
  type AudioFrame,
  type Clock,
  joinTexts,
  RoomKitError,
  type SttOptions,
  type SttProvider,
  type TranscriptPart,
} from "@roomkit/core";
import type { HeardWords } from "../turns/state.ts";
import { SpeechFeed } from "./feed.ts";
import { StreamRestarts } from "./restarts.ts";
import { TranscriptText } from "./transcript-text.ts";

/** What a recogniser may be told of the speech it will hear, and whom it tells of its own troubles. */
export type SpeechHints = Pick<SttOptions, "language" | "keywords" | "onFallback">;

export interface SpeechSegmentOptions {
  readonly stt: SttProvider;
  readonly clock: Clock;
  /** What the recogniser is told of the speech. */
  readonly hints: SpeechHints;
  /** How long the recogniser may take for its last word after the speech has ended, in ms. */
  readonly finalTimeoutMs: number;
  /** Frames kept for the recogniser at most; the oldest is dropped beyond. */
  readonly maxFrames: number;
  /** All the segment says so far; called for each change. */
  readonly onPartial: (words: HeardWords) => void;
  /** The recogniser thinks that the turn is over, with this; undefined: that is taken back. It is not told of speech that has ended. */
  readonly onGuess?: ((text: string | undefined) => void) | undefined;
  /** Called exactly once unless the segment was dropped, after {@link SpeechSegment.finish}. */
  readonly onFinal: (words: HeardWords) => void;
  /** A stream failed; `stt_unavailable` when no other will be tried for this segment. */
  readonly onError: (error: RoomKitError) => void;
}

/** Waits between the streams of one segment, in ms; as many streams are tried after the first. */
const BACK_OFF_MS = [100, 500, 1_000, 2_000];

/**
 * The recognition of one stretch of speech: every frame of it, whatever becomes of a single recogniser stream. A stream that fails,
 * or that ends without a word, is followed by one that gets the same audio again; one that ends early, by one that gets the rest.
 */
export class SpeechSegment {
  readonly id: number;
  /** How much of it was heard as speech so far, in ms, where that is known. */
  speechMs: number | undefined;
  readonly #options: SpeechSegmentOptions;
  readonly #feed: SpeechFeed;
  readonly #scope = new AbortScope();
  /** What streams said that ended before the speech did. */
  readonly #before: string[] = [];
  /** What the newest stream says. */
  #text = new TranscriptText();
  /** What one that failed said of the same audio; counts when no other says more. */
  #guess = "";
  /** Of what was told last. */
  #confidence: number | undefined;
  #finished = false;
  /** No more streams will be tried. */
  #through = false;
  #settled = false;
  #stopTimer: () => void = () => {};

  constructor(id: number, options: SpeechSegmentOptions) {
    this.id = id;
    this.#options = options;
    this.#feed = new SpeechFeed({ maxFrames: options.maxFrames });
    void this.#run();
  }

  push(frame: AudioFrame): void {
    if (!this.#through && !this.#finished) this.#feed.push(frame);
  }

  /** The speech is over: the recogniser shall say what it has. */
  finish(): void {
    if (this.#settled || this.#finished) return;
    this.#finished = true;
    this.#feed.end();
    if (this.#through) {
      this.#settle();
      return;
    }
    const { clock, finalTimeoutMs, onError } = this.#options;
    this.#stopTimer = clock.setTimeout(() => {
      if (this.#settled) return;
      onError(
        new RoomKitError("timeout", `the recogniser gave no final transcript within ${finalTimeoutMs} ms`, {
          retryable: true,
        }),
      );
      this.#settle();
    }, finalTimeoutMs);
  }

  /** Forgets the segment; nothing of it is reported any more. */
  drop(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
  }

  async #run(): Promise<void> {
    const { clock, onError } = this.#options;
    const restarts = new StreamRestarts(BACK_OFF_MS);
    let told = false;
    while (!this.#settled) {
      const openedAt = clock.now();
      const failure = await this.#recognise();
      if (this.#settled) return;
      const spoke = failure === undefined && this.#text.text !== "";
      if (failure === undefined && (this.#feed.drained || (spoke && this.#over))) break;
      if (failure && (!told || !failure.retryable)) onError(failure);
      told ||= failure !== undefined;
      if (failure && !failure.retryable) break;
      const { readMs } = this.#feed;
      const waitMs = restarts.next({ spoke, readMs, lastedMs: clock.now() - openedAt });
      if (waitMs === undefined) {
        onError(restarts.gaveUp(failure));
        break;
      }
      if (spoke) {
        this.#keep();
        this.#feed.forget();
      } else this.#feed.rewind();
      await clock.sleep(waitMs, this.#scope.signal).catch(() => {});
      if (this.#over) break;
    }
    if (this.#settled) return;
    this.#through = true;
    this.#feed.clear();
    // The speech may go on, though nobody listens to it any more: what is known of it is told when it has ended.
    if (this.#finished) this.#settle();
  }

  /** The speech has ended and the recogniser has read all of it. */
  get #over(): boolean {
    return this.#finished && this.#feed.unread === 0;
  }

  /** One stream; what it failed with. A failure of nobody's making says nothing about a second attempt: it counts as retryable. */
  async #recognise(): Promise<RoomKitError | undefined> {
    const { stt, hints, onPartial } = this.#options;
    const scope = this.#scope.child();
    // A stream that fails half-way is followed by one that hears all of it again.
    if (this.#text.text !== "") this.#guess = this.#text.text;
    this.#text = new TranscriptText();
    try {
      const parts = stt.transcribe(this.#feed.open(), { ...hints, signal: scope.signal });
      for await (const part of parts) {
        if (this.#settled) return undefined;
        if (part.type !== "final" && part.type !== "partial") {
          this.#guessed(part);
          continue;
        }
        this.#text.add(part);
        this.#confidence = part.confidence;
        onPartial(this.#words());
      }
      this.#text.settle();
      return undefined;
    } catch (thrown) {
      if (RoomKitError.is(thrown)) return thrown;
      return new RoomKitError("stt_failed", "the recogniser failed", { cause: thrown, retryable: true });
    } finally {
      scope.abort();
    }
  }

  /** Somebody else says where the speech ends, and may be later: a turn that is over for the recogniser is a guess. */
  #guessed({ type }: Exclude<TranscriptPart, { type: "partial" | "final" }>): void {
    const text = this.#said();
    if (this.#finished || text === "") return;
    if (type === "turn-end") this.#options.onGuess?.(text);
    else if (type === "turn-resumed") this.#options.onGuess?.(undefined);
  }

  /** The words of the newest stream stay, whatever the next one says. */
  #keep(): void {
    this.#before.push(this.#text.text);
    this.#text = new TranscriptText();
    this.#guess = "";
  }

  #said(): string {
    return joinTexts([...this.#before, this.#text.text || this.#guess]);
  }

  #words(): HeardWords {
    return { text: this.#said(), confidence: this.#confidence, speechMs: this.speechMs };
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
    this.#text.settle();
    this.#options.onFinal(this.#words());
  }

  #release(): void {
    this.#stopTimer();
    this.#feed.end();
    this.#feed.close();
    this.#feed.clear();
    this.#scope.abort(new RoomKitError("aborted", "the speech segment is over"));
  }
}
