import { type AudioFrame, frameDurationMs } from "@roomkit/core";

export interface SpeechFeedOptions {
  /** Frames kept at most, read or not; the oldest is dropped beyond. */
  readonly maxFrames: number;
  /** Frames kept at most after they were read, for {@link SpeechFeed.rewind}. Default `maxFrames`. */
  readonly maxReplay?: number | undefined;
}

/**
 * Audio for one recogniser stream after another: what a stream has not read when it ends is there for the next one, and what it has
 * read without a word can be given again.
 */
export class SpeechFeed {
  readonly #maxFrames: number;
  readonly #maxReplay: number;
  /** Read ones first. */
  readonly #frames: AudioFrame[] = [];
  #read = 0;
  #readMs = 0;
  #ended = false;
  #drained = false;
  /** The one reader that counts. */
  #reader: object | undefined;
  #wake: () => void = () => {};

  constructor({ maxFrames, maxReplay = maxFrames }: SpeechFeedOptions) {
    this.#maxFrames = Math.max(1, maxFrames);
    this.#maxReplay = maxReplay;
  }

  /** Frames that wait to be read. */
  get unread(): number {
    return this.#frames.length - this.#read;
  }

  /** Audio read since the newest stream was opened, in ms. */
  get readMs(): number {
    return this.#readMs;
  }

  /** The newest stream was told that there is no more audio: it has heard all. */
  get drained(): boolean {
    return this.#drained;
  }

  push(frame: AudioFrame): void {
    if (this.#ended) return;
    this.#frames.push(frame);
    if (this.#frames.length > this.#maxFrames) this.#dropOldest();
    this.#wake();
  }

  /** No more audio will come: readers end after what there is. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The audio of the next stream, from the oldest unread frame on; the stream before gets no more. */
  open(): AsyncIterable<AudioFrame> {
    const reader = {};
    this.#reader = reader;
    this.#readMs = 0;
    this.#drained = false;
    this.#wake();
    const next = async (): Promise<IteratorResult<AudioFrame>> => {
      for (;;) {
        if (this.#reader !== reader) return { value: undefined, done: true };
        if (this.unread > 0) return { value: this.#take(), done: false };
        if (this.#ended) {
          this.#drained = true;
          return { value: undefined, done: true };
        }
        await new Promise<void>((resolve) => {
          const before = this.#wake;
          this.#wake = () => {
            before();
            this.#wake = () => {};
            resolve();
          };
        });
      }
    };
    const stop = async (): Promise<IteratorResult<AudioFrame>> => {
      if (this.#reader === reader) this.close();
      return { value: undefined, done: true };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
  }

  /** The stream gets no more; what it has not read waits for the next. */
  close(): void {
    this.#reader = undefined;
    this.#wake();
  }

  /** What was read and is still kept is unread again. */
  rewind(): void {
    this.#read = 0;
  }

  /** What was read is not needed again. */
  forget(): void {
    this.#frames.splice(0, this.#read);
    this.#read = 0;
  }

  clear(): void {
    this.#frames.length = 0;
    this.#read = 0;
  }

  #take(): AudioFrame {
    const frame = this.#frames[this.#read++] as AudioFrame;
    this.#readMs += frameDurationMs(frame);
    if (this.#read > this.#maxReplay) this.#dropOldest();
    return frame;
  }

  #dropOldest(): void {
    this.#frames.shift();
    if (this.#read > 0) this.#read--;
  }
}
