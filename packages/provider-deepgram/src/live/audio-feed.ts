import {
  type AudioFormat,
  type AudioFrame,
  type Clock,
  frameDurationMs,
  RoomKitError,
  sameFormat,
} from "@roomkit/core";
import { bytesOfSamples } from "@roomkit/provider-utils";

/** Where the audio goes. */
export interface AudioSink {
  send(bytes: Uint8Array): void;
  /** Follows the peer's pace. */
  drain(): Promise<void>;
  /** So long nothing was sent, though the audio has not ended. */
  keepAlive: (() => void) | undefined;
  /** All audio was sent. */
  end(): void;
}

/** Deepgram asks for a sign of life every 3 to 5 s. */
const KEEP_ALIVE_MS = 4_000;
/** Audio that is sent while the reader does not take parts, ms. */
const MAX_AHEAD_MS = 2_000;

/** Sends a stream's frames as they come, and no faster than the parts they give are taken. */
export class AudioFeed {
  readonly #sink: AudioSink;
  readonly #clock: Clock;
  #format: AudioFormat | undefined;
  /** Set while the reader is busy: how much was sent since, in ms. */
  #aheadMs: number | undefined;
  #go: () => void = () => {};
  #cancelKeepAlive: () => void = () => {};

  constructor(sink: AudioSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Sends all frames. Ends early, without a word, once `signal` aborts. @throws what the frames throw, `unsupported_format`. */
  async run(frames: AsyncIterator<AudioFrame>, first: AudioFrame, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#go();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (let frame: AudioFrame | undefined = first; frame && !signal.aborted; ) {
        this.#send(frame);
        await this.#sink.drain();
        while (this.#aheadMs !== undefined && this.#aheadMs >= MAX_AHEAD_MS && !signal.aborted) await this.#released();
        const next: IteratorResult<AudioFrame> = await frames.next();
        frame = next.done ? undefined : next.value;
      }
      if (!signal.aborted) this.#sink.end();
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#cancelKeepAlive();
    }
  }

  /** The reader is busy with a part. */
  hold(): void {
    this.#aheadMs = 0;
  }

  /** The reader waits for the next part. */
  release(): void {
    this.#aheadMs = undefined;
    this.#go();
  }

  #send(frame: AudioFrame): void {
    this.#format ??= { sampleRate: frame.sampleRate, channels: frame.channels };
    if (!sameFormat(this.#format, frame)) {
      throw new RoomKitError("unsupported_format", "all frames of a stream must have one format", {
        details: { before: this.#format, now: { sampleRate: frame.sampleRate, channels: frame.channels } },
      });
    }
    // An empty message would end the stream.
    if (frame.samples.length === 0) return;
    this.#sink.send(bytesOfSamples(frame.samples));
    if (this.#aheadMs !== undefined) this.#aheadMs += frameDurationMs(frame);
    this.#cancelKeepAlive();
    this.#armKeepAlive();
  }

  #armKeepAlive(): void {
    const { keepAlive } = this.#sink;
    if (!keepAlive) return;
    this.#cancelKeepAlive = this.#clock.setTimeout(() => {
      keepAlive();
      this.#armKeepAlive();
    }, KEEP_ALIVE_MS);
  }

  #released(): Promise<void> {
    return new Promise((resolve) => {
      this.#go = resolve;
    });
  }
}
