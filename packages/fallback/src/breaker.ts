import type { Clock } from "@roomkit/core";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open before one call is let through as a trial, ms. */
  readonly openMs: number;
  readonly clock: Clock;
}

/** Keeps calls away from a provider that fails again and again, and lets one through now and then to see. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openedAt: number | undefined;
  #trial = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Whether a call may be made now. Taking a trial is part of asking: who asks and gets `true` must report. */
  admit(): boolean {
    if (this.#openedAt === undefined) return true;
    if (this.#trial || this.#options.clock.now() - this.#openedAt < this.#options.openMs) return false;
    this.#trial = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
    this.#trial = false;
  }

  failed(): void {
    this.#failures++;
    if (!this.#trial && this.#failures < this.#options.failures) return;
    this.#openedAt = this.#options.clock.now();
    this.#trial = false;
  }

  /** The call ended without saying anything about the provider: the caller gave up. */
  released(): void {
    this.#trial = false;
  }
}
