import type { Cancel, Clock } from "@roomkit/core";
import type { TurnTimer } from "./state.ts";

/** The timers that the turn machine asks for, one of each kind. */
export class TurnTimers {
  readonly #clock: Clock;
  readonly #fired: (timer: TurnTimer) => void;
  readonly #running = new Map<TurnTimer, Cancel>();

  constructor(clock: Clock, fired: (timer: TurnTimer) => void) {
    this.#clock = clock;
    this.#fired = fired;
  }

  start(timer: TurnTimer, ms: number): void {
    this.stop(timer);
    this.#running.set(
      timer,
      this.#clock.setTimeout(() => this.#fired(timer), ms),
    );
  }

  stop(timer: TurnTimer): void {
    this.#running.get(timer)?.();
    this.#running.delete(timer);
  }

  close(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
