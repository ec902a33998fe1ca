import { afterSilence } from "./after-silence.ts";
import type { Cancel, Clock } from "./clock.ts";

/**
 * Finds whoever owes something (a vendor, a model, a voice) and says nothing. The time runs from when it began to owe, and anew from each of its messages.
 * What is sent to it does not count, or a caller's audio would keep a dead vendor alive.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #onSilent: () => void;
  #stopTimer: Cancel | undefined;

  /** @param ms longest silence. */
  constructor(clock: Clock, ms: number, onSilent: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onSilent = onSilent;
  }

  /** Whether the vendor owes something, as of now; told as often as one likes. */
  owes(something: boolean): void {
    if (!something) this.heard();
    else
      this.#stopTimer ??= afterSilence(this.#clock, this.#ms, () => {
        this.#stopTimer = undefined;
        this.#onSilent();
      });
  }

  /** The vendor has said something, or is gone; what it owes now is told next. */
  heard(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
