import type { Cancel, Clock } from "@roomkit/core";
import type { SpeechChannel } from "./channel.ts";
import type { Pieces } from "./pieces.ts";

/** Half of the vendor's shortest patience. */
const KEEP_ALIVE_MS = 10_000;
/** Pieces that are sent without the reader having taken anything of what they sound like. */
const MAX_AHEAD = 4;

export interface TextFeedOptions {
  readonly clock: Clock;
  /** A piece was sent, or the end of the text. */
  readonly onSent: () => void;
}

/** Sends the pieces of an utterance as they come, no further ahead than the ear may need. */
export class TextFeed {
  readonly #channel: SpeechChannel;
  readonly #options: TextFeedOptions;
  #ahead = 0;
  #finished = false;
  #go: () => void = () => {};
  #cancelKeepAlive: Cancel = () => {};

  constructor(channel: SpeechChannel, options: TextFeedOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /** All text was sent. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Sends all pieces. Ends early, without a word, once `signal` aborts. @throws what the text throws. */
  async run(pieces: Pieces, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => {
      this.#cancelKeepAlive();
      this.#go();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#armKeepAlive();
    try {
      for (let index = 0; ; index++) {
        const piece = await pieces.at(index);
        while (this.#ahead >= MAX_AHEAD && !signal.aborted) await this.#taken();
        if (signal.aborted) return;
        if (piece === undefined) break;
        this.#ahead++;
        this.#channel.say(piece);
        pieces.used(index + 1);
        this.#options.onSent();
        this.#cancelKeepAlive();
        this.#armKeepAlive();
        await this.#channel.drain(signal);
      }
      this.#finished = true;
      this.#channel.finish();
      this.#options.onSent();
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#cancelKeepAlive();
    }
  }

  /** The reader has taken something. */
  heard(): void {
    this.#ahead = 0;
    this.#go();
  }

  #armKeepAlive(): void {
    this.#cancelKeepAlive = this.#options.clock.setTimeout(() => {
      this.#channel.keepAlive();
      this.#armKeepAlive();
    }, KEEP_ALIVE_MS);
  }

  #taken(): Promise<void> {
    return new Promise((resolve) => {
      this.#go = resolve;
    });
  }
}
