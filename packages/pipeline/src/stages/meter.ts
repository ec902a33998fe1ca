import { type AudioFrame, frameDurationMs, type StageCounters } from "@roomkit/core";

/** Counts what one stage does. */
export class StageMeter {
  #frames = 0;
  #failures = 0;
  #audioMs = 0;
  #busyMs = 0;
  #longestMs = 0;

  get counters(): StageCounters {
    return {
      frames: this.#frames,
      failures: this.#failures,
      audioMs: this.#audioMs,
      busyMs: this.#busyMs,
      longestMs: this.#longestMs,
    };
  }

  /** Work on a frame begins; what it gives is called when it is over. */
  begin(frame: AudioFrame): (failed: boolean) => void {
    const from = performance.now();
    return (failed) => {
      const ms = performance.now() - from;
      this.#frames++;
      if (failed) this.#failures++;
      this.#audioMs += frameDurationMs(frame);
      this.#busyMs += ms;
      this.#longestMs = Math.max(this.#longestMs, ms);
    };
  }
}
