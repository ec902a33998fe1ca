import { abortedError, RoomKitError } from "../../errors/error.ts";
import { type Clock, withTimeout } from "../../time/clock.ts";

export interface StreamFanoutOptions {
  readonly clock: Clock;
  /** Ends the stream for all readers with `aborted`. */
  readonly signal: AbortSignal;
  /** Longest wait for the next piece, ms. */
  readonly idleTimeoutMs: number;
  /** Longest text, in UTF-16 code units. */
  readonly maxChars: number;
  /** The source was closed before its end: nobody reads on. */
  readonly onClosed?: (() => void) | undefined;
}

/**
 * One stream of text for any number of readers, each at its own speed and each from the beginning. The source is asked for a piece
 * only when the foremost reader wants one. What came is kept until the end, so its length is bounded.
 */
export class StreamFanout {
  readonly #options: StreamFanoutOptions;
  readonly #source: AsyncIterator<string>;
  readonly #pieces: string[] = [];
  #chars = 0;
  #pulling: Promise<void> | undefined;
  #ended = false;
  #error: unknown;

  constructor(source: AsyncIterable<string>, options: StreamFanoutOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  /** Everything that has come. */
  get text(): string {
    return this.#pieces.join("");
  }

  /** What the source ended with, unless it was told to end. */
  get error(): unknown {
    return this.#error;
  }

  /** What one channel is given; it may read it as often as it likes. */
  share(): SharedText {
    return new SharedText((position) => this.#piece(position));
  }

  /** Reads on to the end. Never throws: see `error`. */
  async drain(): Promise<void> {
    while (!this.#ended) await this.#pull();
  }

  /** Closes the source when it has not ended. What came stays readable. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    // A source that waits for something closes when that comes; nobody waits for it here.
    void Promise.resolve(this.#source.return?.()).catch(() => {});
    this.#options.onClosed?.();
  }

  /** @throws what ended the source, after its last piece. */
  async #piece(position: number): Promise<string | undefined> {
    while (position >= this.#pieces.length && !this.#ended) await this.#pull();
    if (position < this.#pieces.length) return this.#pieces[position];
    if (this.#error !== undefined) throw this.#error;
    if (this.#options.signal.aborted) throw abortedError(this.#options.signal);
    return undefined;
  }

  /** One read at a time, shared by those who wait for it. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#pullOnce().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  async #pullOnce(): Promise<void> {
    const { clock, signal, idleTimeoutMs, maxChars } = this.#options;
    try {
      if (signal.aborted) throw abortedError(signal);
      const next = await withTimeout(this.#source.next(), idleTimeoutMs, {
        clock,
        signal,
        what: "the next piece of a reply",
      });
      if (this.#ended) return;
      if (next.done) {
        this.#ended = true;
        return;
      }
      if (typeof next.value !== "string")
        throw new RoomKitError("invalid_reply", "a streamed reply is made of strings");
      this.#chars += next.value.length;
      if (this.#chars > maxChars) throw new RoomKitError("reply_too_long", `a reply is at most ${maxChars} characters`);
      if (next.value !== "") this.#pieces.push(next.value);
    } catch (error) {
      if (this.#ended) return;
      if (!signal.aborted) this.#error = error ?? new RoomKitError("stream_failed", "a streamed reply failed");
      this.close();
    }
  }
}

/** The text as one channel reads it. */
export class SharedText implements AsyncIterable<string> {
  readonly #piece: (position: number) => Promise<string | undefined>;
  #taken = "";
  #pieces = 0;

  constructor(piece: (position: number) => Promise<string | undefined>) {
    this.#piece = piece;
  }

  /** As much of the text as its foremost reader has been given. */
  get taken(): string {
    return this.#taken;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (let position = 0; ; position++) {
      const piece = await this.#piece(position);
      if (piece === undefined) return;
      if (position === this.#pieces) {
        this.#pieces++;
        this.#taken += piece;
      }
      yield piece;
    }
  }
}
