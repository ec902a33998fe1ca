import type { Clock } from "@roomkit/core";

export interface TokenBucketOptions {
  readonly clock: Clock;
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Most tokens held: what may be taken at once. */
  readonly burst: number;
}

/** Lets `perSecond` through on average, `burst` at once. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #at: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#at = options.clock.now();
  }

  /** Takes `cost` tokens, or none when there are fewer. */
  take(cost = 1): boolean {
    const { clock, perSecond, burst } = this.#options;
    const now = clock.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}
