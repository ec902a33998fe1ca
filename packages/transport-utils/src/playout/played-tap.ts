import { type AudioFormat, type AudioFrame, samplesFor, silence, type UtteranceId } from "@roomkit/core";

/** After a stall, at most this much silence is made up for, ms. */
const MOST_SILENCE_MS = 1_000;
const FRAME_MS = 20;

/** Hears of a frame, when on the clock its first sample was played, ms, and whose it is; nobody's for silence. */
export type PlayedListener = (frame: AudioFrame, startedAt: number, utterance?: UtteranceId) => void;

/**
 * Turns what plays into frames on one continuous clock (ms since the tap began), with silence where nothing plays if asked: what
 * an echo canceller takes as its reference.
 */
export class PlayedTap {
  readonly #format: AudioFormat;
  readonly #originMs: number;
  readonly #silence: boolean;
  readonly #listener: PlayedListener;
  #cursorMs: number;

  constructor(format: AudioFormat, now: number, silence: boolean, listener: PlayedListener) {
    this.#format = format;
    this.#originMs = now;
    this.#cursorMs = now;
    this.#silence = silence;
    this.#listener = listener;
  }

  /** Whether the tap must be turned even while nothing plays. */
  get continuous(): boolean {
    return this.#silence;
  }

  readonly audio = (samples: Int16Array, startMs: number, utterance: UtteranceId): void => {
    this.#fill(startMs, 0);
    const { sampleRate, channels } = this.#format;
    this.#listener({ samples, sampleRate, channels, timestamp: startMs - this.#originMs }, startMs, utterance);
    this.#cursorMs = Math.max(this.#cursorMs, startMs + (samples.length / channels / sampleRate) * 1000);
  };

  /** Called after everything that began by `now` went through {@link audio}. */
  idle(now: number): void {
    this.#fill(now, FRAME_MS);
  }

  /** Silence from the cursor to `untilMs`, leaving out pieces shorter than `shortestMs`. */
  #fill(untilMs: number, shortestMs: number): void {
    if (!this.#silence) return;
    this.#cursorMs = Math.max(this.#cursorMs, untilMs - MOST_SILENCE_MS);
    while (true) {
      const ms = Math.min(FRAME_MS, untilMs - this.#cursorMs);
      if (ms <= 0 || ms < shortestMs - 1e-6 || samplesFor(this.#format, ms) === 0) return;
      this.#listener(silence(this.#format, ms, this.#cursorMs - this.#originMs), this.#cursorMs);
      this.#cursorMs += ms;
    }
  }
}
