import type { Cancel, Clock } from "@roomkit/core";

/** Finds out that the vendor has stopped answering: nothing came for so long although there was something to say. */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #onSilence: () => void;
  #open = false;
  #held = false;
  #cancel: Cancel | undefined;

  /** @param ms 0: never. */
  constructor(clock: Clock, ms: number, onSilence: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onSilence = onSilence;
  }

  /** Something was sent that wants an answer. */
  asked(): void {
    this.#open = true;
    if (this.#ms <= 0 || this.#held || this.#cancel) return;
    this.#cancel = this.#clock.setTimeout(() => {
      this.#cancel = undefined;
      this.#onSilence();
    }, this.#ms);
  }

  /** Something came, or nothing is waited for any more. */
  answered(): void {
    this.#open = false;
    this.#stop();
  }

  /** Nobody looks whether something came. */
  hold(): void {
    this.#held = true;
    this.#stop();
  }

  release(): void {
    this.#held = false;
    if (this.#open) this.asked();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
