import type { AudioFrame } from "../audio/frame.ts";
import type { SttProvider } from "../contracts/stt.ts";
import { RoomKitError } from "../errors/error.ts";
import { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Clock } from "../time/clock.ts";

export interface SpeechSegmentOptions {
  readonly stt: SttProvider;
  readonly clock: Clock;
  readonly language?: string | undefined;
  /** How long the recogniser may take for its last word after the speech has ended, in ms. */
  readonly finalTimeoutMs: number;
  /** Frames kept for the recogniser at most; the oldest is dropped beyond. */
  readonly maxFrames: number;
  /** All the segment says so far; called for each change. */
  readonly onPartial: (text: string) => void;
  /** Called exactly once unless the segment was dropped. */
  readonly onFinal: (text: string) => void;
  readonly onError: (error: RoomKitError) => void;
}

/** A recogniser that fails is given the whole segment again, so many times. */
const RETRIES = 1;

/** The recognition of one stretch of speech: every frame of it, whatever becomes of a single recogniser stream. */
export class SpeechSegment {
  readonly id: number;
  readonly #options: SpeechSegmentOptions;
  readonly #frames: AudioFrame[] = [];
  #queue: BoundedQueue<AudioFrame>;
  #abort = new AbortController();
  #finals: string[] = [];
  #partial = "";
  #finished = false;
  #settled = false;
  #stopTimer: () => void = () => {};

  constructor(id: number, options: SpeechSegmentOptions) {
    this.id = id;
    this.#options = options;
    this.#queue = new BoundedQueue({ capacity: options.maxFrames });
    void this.#run();
  }

  push(frame: AudioFrame): void {
    if (this.#settled || this.#finished) return;
    this.#frames.push(frame);
    if (this.#frames.length > this.#options.maxFrames) this.#frames.shift();
    this.#queue.push(frame);
  }

  /** The speech is over: the recogniser shall say what it has. */
  finish(): void {
    if (this.#settled || this.#finished) return;
    this.#finished = true;
    this.#queue.end();
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
    for (let failures = 0; !this.#settled; ) {
      try {
        await this.#recognise();
        if (this.#finished || this.#settled) break;
        // The recogniser closed its stream while the caller still speaks: go on with a new one.
        this.#frames.length = 0;
        this.#restart([]);
      } catch (thrown) {
        if (this.#settled) return;
        const error = RoomKitError.from(thrown, "stt_failed");
        this.#options.onError(error);
        if (!error.retryable || failures++ >= RETRIES) break;
        this.#finals = [];
        this.#partial = "";
        this.#restart(this.#frames);
      }
    }
    this.#settle();
  }

  async #recognise(): Promise<void> {
    const { stt, language, onPartial } = this.#options;
    const parts = stt.transcribe(this.#queue, {
      signal: this.#abort.signal,
      ...(language === undefined ? {} : { language }),
    });
    for await (const part of parts) {
      if (this.#settled) return;
      if (part.type === "final") {
        if (part.text.trim() !== "") this.#finals.push(part.text.trim());
        this.#partial = "";
      } else if (part.type === "partial") this.#partial = part.text.trim();
      else continue;
      onPartial(this.#text());
    }
    // What was guessed after the last final counts: nothing said is lost.
    if (this.#partial !== "") this.#finals.push(this.#partial);
    this.#partial = "";
  }

  #restart(frames: readonly AudioFrame[]): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#queue = new BoundedQueue({ capacity: this.#options.maxFrames });
    for (const frame of frames) this.#queue.push(frame);
    if (this.#finished) this.#queue.end();
  }

  #text(): string {
    return [...this.#finals, this.#partial].filter((piece) => piece !== "").join(" ");
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
    this.#options.onFinal(this.#text());
  }

  #release(): void {
    this.#stopTimer();
    this.#frames.length = 0;
    this.#queue.end();
    this.#queue.clear();
    this.#abort.abort(new RoomKitError("aborted", "the speech segment is over"));
  }
}
