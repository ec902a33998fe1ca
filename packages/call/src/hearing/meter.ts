import { type AudioFrame, frameDurationMs } from "@roomkit/core";

/**
 * How much of the speech under way was speech: what decides whether somebody has really begun to talk. Fed with a pipeline's
 * `frame` events, told of each `speech-start`. Time during which a detector has merely not given up does not count.
 */
export class SpeechMeter {
  #counted = 0;
  #exact: number | undefined;

  /** Speech heard since it began, in ms. */
  get speechMs(): number {
    return this.#exact ?? this.#counted;
  }

  /** Takes a `frame` event of the pipeline. */
  frame(event: { readonly frame: AudioFrame; readonly speech: boolean; readonly speechMs?: number | undefined }): void {
    this.#exact = event.speechMs;
    if (event.speech) this.#counted += frameDurationMs(event.frame);
  }

  /** Speech began; by the pipeline's clock it has lasted `elapsedMs`, which counts where nothing better is known. */
  start(elapsedMs: number): void {
    this.#counted = Math.max(0, elapsedMs);
  }
}
